"""The kinds of places where cells can run, each with a form to describe one: a registry.

A place is written as a *spec*: the name of a profile (`local`), or `KIND:…`, such as `attach:app@127.0.0.1`. Those of
platforms have the options of `nodes.places`, and limits besides. A kind whose `runtime` is None is described and
checked, but this version cannot start one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final

from beamlike.kernel.record import frozen
from nodes.places import HOME, PLACES, Place
from nodes.spec_text import Option, SpecError, read, written
from notebook_tui.session.booted import Booted
from notebook_tui.session.durations import seconds_of
from notebook_tui.session.profiles import ProfileError, runtime_named
from notebook_tui.session.runtime import Runtime


@frozen
class Kind:
    name: str
    title: str
    fields: tuple[Option, ...]
    """The first is what stands behind the colon; the others are options."""
    runtime: Callable[[str], Runtime] | None = None
    """What starts one, given the spec without its kind."""
    needs: Callable[[], str] = field(default=str)
    """What is missing on this machine, in words; empty if nothing is."""

    absent: Mapping[str, str] = field(default_factory=dict)
    """Options of other kinds, and what is done here instead."""

    def spec(self, values: Mapping[str, str]) -> str:
        """
        >>> KINDS["k8s"].spec({"namespace": "demo", "memory": "2Gi", "image": ""})
        'k8s:demo?memory=2Gi'
        """
        return written(self.name, self.fields, values)

    def troubles(self, values: Mapping[str, str]) -> dict[str, str]:
        """What is wrong with the form, by the names of its fields.

        >>> KINDS["attach"].troubles({"node": "app"})
        {'node': 'expected NAME@HOST or NAME@HOST:PORT, such as app@10.0.0.7; got app'}
        """
        troubles = {each.name: each.trouble(values.get(each.name, "").strip()) for each in self.fields}
        return {name: trouble for name, trouble in troubles.items() if trouble}


def values_of(spec: str) -> tuple[Kind, dict[str, str]]:
    """The kind of a spec, and its form filled in. `ProfileError` if it makes no sense.

    >>> kind, values = values_of("fly:my-app?region=fra")
    >>> kind.name, values
    ('fly', {'app': 'my-app', 'region': 'fra'})
    """
    name = spec.partition(":")[0]
    if name not in KINDS:
        raise ProfileError(
            f"expected a runtime of the kind {', '.join(KINDS)}, such as attach:app@10.0.0.7; got {spec}"
        )
    kind = KINDS[name]
    try:
        return kind, read(spec, kind.fields, kind.absent)
    except SpecError as error:
        raise ProfileError(str(error)) from error


def runtime_of(spec: str) -> Runtime:
    """Where cells run, by a spec. `ProfileError` says what is wrong with it."""
    if ":" not in spec:
        return runtime_named(spec)
    kind, _ = values_of(spec)
    if kind.runtime is None:
        raise ProfileError(f"this version cannot start a runtime {kind.title} yet ({spec}): cells go on where they ran")
    return kind.runtime(spec.partition(":")[2])


def _on(place: Place) -> Kind:
    """Runtimes on machines of that platform."""

    def runtime(rest: str) -> Runtime:
        spec = f"{place.name}:{rest}"
        values = read(spec, kind.fields)
        try:
            backend = place.backend(values)
        except ValueError as error:
            raise ProfileError(f"{spec}: {error}") from error
        home = values.get("home")
        return Booted(
            spec,
            backend,
            directory=HOME if home else None,
            idle_limit=_limit(values.get("idle") or IDLE),
            lifetime=_limit(values.get("lifetime") or NONE),
            alone=bool(home),
        )

    kind = Kind(place.name, place.title, (*place.options, *_LIMITS), runtime, place.needs, place.absent)
    return kind


def _attached(spec: str) -> Runtime:
    from notebook_tui.session.attached import Attached

    return Attached(spec)


def _limit(text: str) -> float | None:
    return None if text == NONE else seconds_of(text)


IDLE: Final = "30m"
NONE: Final = "none"
_TIME: Final = re.compile(rf"{NONE}|(\d+(\.\d+)?(d|h|m|s))+")
_LIMITS: Final = (
    Option(
        "idle", "Idle limit", f"how long nobody may need it, such as 30m or 2h, or {NONE}", False, lambda: IDLE, _TIME
    ),
    Option(
        "lifetime", "Lifetime", "how long it may be there at most, such as 8h; empty: as long as may be", fits=_TIME
    ),
)
_NODE: Final = re.compile(r"[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+(:\d{1,5})?")
_ALL: Final = (
    Kind(
        "attach",
        "in a node that runs already",
        (Option("node", "Node", "NAME@HOST or NAME@HOST:PORT, such as app@10.0.0.7", required=True, fits=_NODE),),
        runtime=_attached,
    ),
    *map(_on, PLACES.values()),
)
KINDS: Final = {kind.name: kind for kind in _ALL}
