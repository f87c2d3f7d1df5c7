"""The child nodes that are there, wherever they run, and the end of those that nobody looks after any more.

Each platform counts its own. What cannot be seen is told in words, and is no reason not to show the rest.
"""

from __future__ import annotations

import os
from typing import Protocol

from beamlike.kernel.record import frozen
from nodes.found import Found
from nodes.local_census import LocalCensus


@frozen
class Reaped:
    """What became of one that was alone: `gone` says whether it is."""

    found: Found
    gone: bool
    words: str


class Platform(Protocol):
    def children(self) -> tuple[list[Found], list[str]]:
        """All that are there, and in words what could not be seen."""
        ...

    def reap(self, found: Found) -> tuple[bool, str]:
        """Ends one that has no living parent, and returns when it is gone: whether it is, and what was done. Looks
        again first: what is not alone any more, or not the same, is left as it is."""
        ...

    def tidy(self) -> list[str]:
        """Removes what is left of those that have ended; in words what that was."""
        ...


def platforms(on: str = "") -> dict[str, Platform]:
    """Those that are configured, by name: this host always, the others by what the environment says. With `on`, a spec
    such as "k8s:ml" or "fly:my-app", only what that names; SpecError says what is wrong with it."""
    if on:
        from nodes.specs import census_of

        return census_of(on)
    return {"local": LocalCensus(), **_fly(), **_kubernetes()}


def _fly() -> dict[str, Platform]:
    if not any(os.environ.get(name) for name in ("BEAMLIKE_FLY_APP", "BEAMLIKE_FLY_ORG", "FLY_APP_NAME")):
        return {}
    from nodes.fly.census import FlyCensus

    census = FlyCensus.configured()
    return {} if census is None else {"fly": census}


def _kubernetes() -> dict[str, Platform]:
    from nodes.kubernetes.configuration import is_configured

    if not is_configured():
        return {}
    from nodes.kubernetes.census import KubernetesCensus

    return {"k8s": KubernetesCensus()}


def census(on: str = "") -> tuple[list[Found], list[str]]:
    """All child nodes, oldest first, and in words what could not be seen.

    >>> found, troubles = census()
    >>> all(one.platform in platforms() for one in found)
    True
    """
    seen = [platform.children() for platform in platforms(on).values()]
    found = [one for children, _ in seen for one in children]
    return sorted(found, key=lambda one: one.booted_at), [words for _, troubles in seen for words in troubles]


def alone(found: list[Found]) -> list[Found]:
    """Those of them that have no living parent."""
    return [one for one in found if one.state == "no parent"]


def reap(found: list[Found], on: str = "") -> list[Reaped]:
    """Ends those of them that have no living parent."""
    known = platforms(on)
    return [Reaped(one, *known[one.platform].reap(one)) for one in alone(found)]


def tidy(on: str = "") -> list[str]:
    """Removes what is left of children that have ended; in words what that was."""
    return [words for platform in platforms(on).values() for words in platform.tidy()]
