"""The kinds of places where cells can run, each with a form to describe one: a registry.

A place is written as a *spec*: the name of a profile (`local`), or `KIND:…`, such as `attach:app@127.0.0.1`. A kind
whose `runtime` is None is described and checked, but this version cannot start one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from beamlike.kernel.record import frozen
from notebook_tui.session.profiles import ProfileError, runtime_named
from notebook_tui.session.runtime import Runtime


@frozen
class Field:
    """One line of a form."""

    name: str
    label: str
    words: str = ""
    """What is expected."""
    required: bool = False
    default: Callable[[], str] = field(default=str)
    """Out of the environment, when the form is opened."""
    fits: re.Pattern[str] | None = None


@frozen
class Kind:
    name: str
    title: str
    fields: tuple[Field, ...]
    """The first is what stands behind the colon; the others are options."""
    runtime: Callable[[str], Runtime] | None = None
    """What starts one, given the spec without its kind."""
    needs: Callable[[], str] = field(default=str)
    """What is missing on this machine, in words; empty if nothing is."""

    def spec(self, values: Mapping[str, str]) -> str:
        """
        >>> KINDS["k8s"].spec({"namespace": "demo", "memory": "2Gi", "image": ""})
        'k8s:demo?memory=2Gi'
        """
        first, *others = self.fields
        options = {each.name: value for each in others if (value := values.get(each.name, "").strip())}
        asked = f"?{urlencode(options, safe='/:@,', quote_via=quote)}" if options else ""
        return f"{self.name}:{values.get(first.name, '').strip()}{asked}"

    def troubles(self, values: Mapping[str, str]) -> dict[str, str]:
        """What is wrong with the form, by the names of its fields.

        >>> KINDS["attach"].troubles({"node": "app"})
        {'node': 'expected NAME@HOST or NAME@HOST:PORT, such as app@10.0.0.7; got app'}
        """
        found = {}
        for each in self.fields:
            value = values.get(each.name, "").strip()
            if not value and each.required:
                found[each.name] = f"expected {each.words}; it is empty"
            elif value and each.fits is not None and not each.fits.fullmatch(value):
                found[each.name] = f"expected {each.words}; got {value}"
        return found


def values_of(spec: str) -> tuple[Kind, dict[str, str]]:
    """The kind of a spec, and its form filled in. `ProfileError` if it makes no sense.

    >>> kind, values = values_of("fly:my-app?region=fra")
    >>> kind.name, values
    ('fly', {'app': 'my-app', 'region': 'fra'})
    """
    name, _, rest = spec.partition(":")
    if name not in KINDS:
        raise ProfileError(
            f"expected a runtime of the kind {', '.join(KINDS)}, such as attach:app@10.0.0.7; got {spec}"
        )
    kind = KINDS[name]
    first, _, asked = rest.partition("?")
    values = {kind.fields[0].name: first, **dict(parse_qsl(asked))}
    unknown = sorted(values.keys() - {each.name for each in kind.fields})
    if unknown:
        known = ", ".join(each.name for each in kind.fields[1:]) or "none"
        raise ProfileError(f"{spec}: expected the options {known}; found {', '.join(unknown)}")
    if troubles := kind.troubles(values):
        raise ProfileError(f"{spec}: {next(iter(troubles.values()))}")
    return kind, values


def runtime_of(spec: str) -> Runtime:
    """Where cells run, by a spec. `ProfileError` says what is wrong with it."""
    if ":" not in spec:
        return runtime_named(spec)
    kind, _ = values_of(spec)
    if kind.runtime is None:
        raise ProfileError(f"this version cannot start a runtime {kind.title} yet ({spec}): cells go on where they ran")
    return kind.runtime(spec.partition(":")[2])


def _attached(spec: str) -> Runtime:
    from notebook_tui.session.attached import Attached

    return Attached(spec)


def _fly_app() -> str:
    return os.environ.get("FLY_APP_NAME", "")


def _fly_needs() -> str:
    if os.environ.get("FLY_API_TOKEN") or (Path.home() / ".fly" / "config.yml").exists():
        return ""
    return "no token for Fly is known here: set FLY_API_TOKEN, or sign in with `fly auth login`"


def _kubeconfig() -> Path:
    return Path((os.environ.get("KUBECONFIG") or "~/.kube/config").split(os.pathsep)[0]).expanduser()


def _kubernetes_needs() -> str:
    if os.environ.get("KUBERNETES_SERVICE_HOST") or _kubeconfig().exists():
        return ""
    return f"no cluster is known here: {_kubeconfig()} is missing; set KUBECONFIG to where it is"


def _namespace() -> str:
    try:
        return Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace").read_text(encoding="utf-8").strip()
    except OSError:
        return os.environ.get("POD_NAMESPACE", "default")


_DNS: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NODE: Final = re.compile(r"[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+(:\d{1,5})?")
_IMAGE: Final = re.compile(r"[\w.\-/:@]+")
_ALL: Final = (
    Kind(
        "attach",
        "in a node that runs already",
        (Field("node", "Node", "NAME@HOST or NAME@HOST:PORT, such as app@10.0.0.7", required=True, fits=_NODE),),
        runtime=_attached,
    ),
    Kind(
        "fly",
        "on a Fly Machine",
        (
            Field("app", "App", "the name of your app on Fly", required=True, default=_fly_app, fits=_DNS),
            Field(
                "region",
                "Region",
                "a region of three letters, such as fra; empty: the nearest",
                default=lambda: os.environ.get("FLY_REGION", ""),
                fits=re.compile(r"[a-z]{3}"),
            ),
            Field("size", "Size", "a size such as shared-cpu-1x or performance-2x", fits=re.compile(r"[a-z0-9-]+")),
            Field("memory", "Memory", "megabytes, such as 1024", fits=re.compile(r"\d{3,6}")),
            Field("image", "Image", "an image with Python and beamlike", fits=_IMAGE),
        ),
        needs=_fly_needs,
    ),
    Kind(
        "k8s",
        "in a pod of Kubernetes",
        (
            Field("namespace", "Namespace", "a namespace that you may make pods in", True, _namespace, _DNS),
            Field("context", "Context", "a context of your kubeconfig; empty: its current one", fits=_IMAGE),
            Field("cpu", "CPU", "cores, such as 1 or 500m", fits=re.compile(r"\d+(\.\d+)?m?")),
            Field("memory", "Memory", "such as 1Gi or 512Mi", fits=re.compile(r"\d+(\.\d+)?(Ki|Mi|Gi|Ti)?")),
            Field("image", "Image", "an image with Python and beamlike", fits=_IMAGE),
        ),
        needs=_kubernetes_needs,
    ),
)
KINDS: Final = {kind.name: kind for kind in _ALL}
