"""What a set of requirements comes to among the distributions that are there, and what of it is not: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from beamlike.code.requirements.credentials import without_credentials, without_user
from beamlike.kernel.record import frozen

OWN = "beamlike"
"""Every node has it in the version that it runs; nobody's requirements change that."""


@frozen
class Installed:
    """A distribution that can be imported."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    url: str | None = None
    """Where it was installed from, if it was by its URL: of a repository, the commit."""
    asked_for: frozenset[str] = frozenset()
    """URLs that came to that one: of a repository, with a branch or a tag."""
    hashes: tuple[str, ...] = ()
    """Of the files that it may have been made of, if that is known."""


Find: TypeAlias = Callable[[str], Installed | None]
"""From a name in its one spelling to the distribution that an import would take."""


@frozen
class Closure:
    present: tuple[Installed, ...]
    missing: tuple[str, ...]
    """Requirements that nothing here meets; what they need themselves is not known."""


def closure(dependencies: Iterable[str], find: Find) -> Closure:
    """Follows the requirements to all that they need.

    >>> there = {"a": Installed("a", "1.0", ("b>=2", "c; extra == 'more'")), "b": Installed("b", "1.0")}
    >>> closure(["a"], there.get).missing
    ('b>=2',)
    """
    present: dict[str, Installed] = {}
    missing: dict[str, None] = {}
    waiting = [Requirement(text) for text in dependencies]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name == OWN or not applies(wanted):
            continue
        found = find(name)
        if found is None or not meets(found, wanted):
            missing[str(wanted)] = None
            continue
        present[name] = found
        if (name, frozenset(wanted.extras)) not in seen:
            seen.add((name, frozenset(wanted.extras)))
            waiting.extend(_needs(found, wanted.extras))
    return Closure(tuple(present[name] for name in sorted(present)), tuple(sorted(missing)))


def meets(found: Installed, wanted: Requirement) -> bool:
    """Whether it is the version, or from the URL, that is asked for."""
    if wanted.url is not None:
        return is_same_place(wanted.url, found.url) or any(is_same_place(wanted.url, url) for url in found.asked_for)
    return wanted.specifier.contains(found.version, prereleases=True)


def is_same_place(one: str, other: str | None) -> bool:
    """Whoever asks there (installers note it without), and whatever hash is expected."""
    return other is not None and without_user(one).partition("#")[0] == without_user(other).partition("#")[0]


def applies(wanted: Requirement) -> bool:
    return wanted.marker is None or wanted.marker.evaluate({"extra": ""})


def _needs(found: Installed, extras: Iterable[str]) -> Iterable[Requirement]:
    for text in found.requires:
        try:
            needed = Requirement(text)
        except InvalidRequirement:  # of a package made before this was checked; installers leave it out, too
            continue
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            needed.marker = None
            needed.url = needed.url and without_credentials(needed.url)
            yield needed
