"""The platforms that a spec may name, each with its options and what makes a backend of them.

Options with one name mean one thing on each. What a platform has no need of, or has not, is said in words.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from beamlike.kernel.record import frozen
from nodes.spec_text import Option, SpecError, names_in, pairs_in

if TYPE_CHECKING:
    from nodes.backend import Backend
    from nodes.census import Platform

HOME: Final = "/data"
"""Where a volume is mounted that is to be home, on every platform."""

Values = Mapping[str, str]


@frozen
class Place:
    """A kind of platform. The first of its options stands behind the colon."""

    name: str
    title: str
    options: tuple[Option, ...]
    backend: Callable[[Values], Backend]
    census: Callable[[Values], Platform]
    needs: Callable[[], str]
    """What is missing on this machine to boot there, in words; empty if nothing is."""
    absent: Mapping[str, str]
    """Options of other platforms, and what is to be done here instead."""


_DNS: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_IMAGE: Final = re.compile(r"[\w.\-/:@]+")
_SECRET: Final = r"([A-Za-z_]\w*=[a-z0-9][a-z0-9.-]*/[\w.-]+|[a-z0-9][a-z0-9.-]*)"
_SECRETS: Final = re.compile(rf"{_SECRET}(\s*,\s*{_SECRET})*")
_PAIRS: Final = re.compile(r"[A-Za-z_]\w*=[^,]*(,\s*[A-Za-z_]\w*=[^,]*)*")
_ENV: Final = Option(
    "env",
    "Environment",
    "what is no secret, as NAME=VALUE,NAME=VALUE",
    fits=_PAIRS,
)


# Fly.


def _fly(values: Values) -> Backend:
    _installed("httpx", "fly", "a Fly Machine")
    import nodes

    return nodes.Fly(
        values["app"],
        **_given(
            image=values.get("image"),
            region=values.get("region"),
            size=values.get("size"),
            memory=_whole(values.get("memory")),
            volume=values.get("home"),
            volume_path=HOME if values.get("home") else None,
            env=_environment(values),
        ),
    )


def _fly_census(values: Values) -> Platform:
    _installed("httpx", "fly", "to look at Fly")
    from nodes.fly.census import FlyCensus
    from nodes.fly.options import default_base_url, find_token

    app, environ = values["app"], os.environ
    base_url = environ.get("FLY_FLAPS_BASE_URL") or default_base_url(environ)
    return FlyCensus(app, "", find_token(None, app, environ), base_url)


def _fly_app() -> str:
    return os.environ.get("FLY_APP_NAME", "")


def _fly_needs() -> str:
    if os.environ.get("FLY_API_TOKEN") or (Path.home() / ".fly" / "config.yml").exists():
        return ""
    return "no token for Fly is known here: set FLY_API_TOKEN, or sign in with `fly auth login`"


_FLY: Final = Place(
    "fly",
    "on a Fly Machine",
    (
        Option("app", "App", "the name of your app on Fly", required=True, default=_fly_app, fits=_DNS),
        Option("image", "Image", "an image with Python and beamlike", fits=_IMAGE),
        Option(
            "region",
            "Region",
            "a region of three letters, such as fra; empty: the nearest",
            default=lambda: os.environ.get("FLY_REGION", ""),
            fits=re.compile(r"[a-z]{3}(,[a-z]{2,})*"),
        ),
        Option("size", "Size", "a size such as shared-cpu-1x or performance-2x", fits=re.compile(r"[a-z0-9,-]+")),
        Option("memory", "Memory", "megabytes, such as 1024", fits=re.compile(r"\d{3,6}")),
        Option("home", "Home", f"a volume of the app, mounted at {HOME}", fits=re.compile(r"[a-z0-9_]+")),
        _ENV,
    ),
    _fly,
    _fly_census,
    _fly_needs,
    {
        "gpu": "Fly withdrew its machines with GPUs in August 2026",
        "secrets": "all secrets of the app are in the environment of its machines: fly secrets set NAME=VALUE",
        "cpu": "say size=, such as performance-2x",
        "template": "what a machine is made of are these options",
    },
)


# Kubernetes.


def _kubernetes(values: Values) -> Backend:
    _installed("kubernetes", "kubernetes", "a pod of Kubernetes")
    import nodes

    home, secrets = values.get("home"), names_in(values.get("secrets", ""))
    return nodes.Kubernetes(
        namespace=values["namespace"],
        **_given(
            image=values.get("image"),
            context=values.get("context"),
            template=_template(values),
            cpu=values.get("cpu"),
            memory=values.get("memory"),
            gpu=_whole(values.get("gpu")),
            env=_environment(values),
            env_from=[name for name in secrets if "=" not in name],
            secrets=pairs_in(",".join(name for name in secrets if "=" in name)),
            volumes={home: HOME} if home else None,
            service_account=values.get("service_account"),
            run_as_user=_whole(values.get("user")),
        ),
    )


def _kubernetes_census(values: Values) -> Platform:
    _installed("kubernetes", "kubernetes", "to look at a cluster")
    from nodes.kubernetes.census import KubernetesCensus

    return KubernetesCensus(values["namespace"], context=values.get("context"))


def _template(values: Values) -> Any:
    """Whoever names a service account wants its rights in there: its token is mounted."""
    path = values.get("template")
    if not values.get("service_account"):
        return path
    from nodes.kubernetes.template import read

    template = read(path or None)
    return {**template, "spec": {**template.get("spec", {}), "automountServiceAccountToken": True}}


def kubeconfig() -> Path:
    return Path((os.environ.get("KUBECONFIG") or "~/.kube/config").split(os.pathsep)[0]).expanduser()


def _kubernetes_needs() -> str:
    if os.environ.get("KUBERNETES_SERVICE_HOST") or kubeconfig().exists():
        return ""
    return f"no cluster is known here: {kubeconfig()} is missing; set KUBECONFIG to where it is"


def _namespace() -> str:
    try:
        return Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace").read_text(encoding="utf-8").strip()
    except OSError:
        return os.environ.get("POD_NAMESPACE", "default")


_KUBERNETES: Final = Place(
    "k8s",
    "in a pod of Kubernetes",
    (
        Option("namespace", "Namespace", "a namespace that you may make pods in", True, _namespace, _DNS),
        Option("image", "Image", "an image with Python and beamlike", fits=_IMAGE),
        Option("context", "Context", "a context of your kubeconfig; empty: its current one", fits=_IMAGE),
        Option("cpu", "CPU", "cores, such as 1 or 500m", fits=re.compile(r"\d+(\.\d+)?m?")),
        Option("memory", "Memory", "such as 1Gi or 512Mi", fits=re.compile(r"\d+(\.\d+)?(Ki|Mi|Gi|Ti)?")),
        Option("gpu", "GPUs", "how many; empty: none", fits=re.compile(r"\d{1,2}")),
        Option("home", "Home", f"a PersistentVolumeClaim, mounted at {HOME}", fits=_DNS),
        _ENV,
        Option("secrets", "Secrets", "Secrets whose keys become variables, or NAME=SECRET/KEY", fits=_SECRETS),
        Option(
            "service_account", "Account", "a service account; pools in the pod need one that may make pods", fits=_DNS
        ),
        Option("user", "User", "the number of the user in the image, who gets the home", fits=re.compile(r"\d{1,10}")),
        Option("template", "Template", "a file with a pod's manifest, for all else"),
    ),
    _kubernetes,
    _kubernetes_census,
    _kubernetes_needs,
    {"region": "name a node selector in a template", "size": "say cpu= and memory="},
)

PLACES: Final = {place.name: place for place in (_FLY, _KUBERNETES)}


def _installed(module: str, extra: str, what: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise SpecError(f"{what} needs a package that is not installed: pip install 'beamlike[{extra}]'")


def _given(**values: Any) -> dict[str, Any]:
    """Those that say something: what is not said is the backend's own default."""
    return {name: value for name, value in values.items() if value not in (None, "", {}, [])}


def _environment(values: Values) -> dict[str, str]:
    home = {"HOME": HOME} if values.get("home") else {}
    return {**home, **pairs_in(values.get("env", ""))}


def _whole(text: str | None) -> int | None:
    return int(text) if text else None
