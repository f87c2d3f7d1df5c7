"""What installers made of URLs: of a branch, say, the commit that it was then.

A pin has the commit, and so has what is installed by it. That this is what the branch was asked for, only who planned
it knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from beamlike.code.requirements.closure import Closure, Installed, closure
from beamlike.code.requirements.here import find_installed
from beamlike.code.requirements.lock import Pin


class ResolvedUrls:
    """Those of one interpreter."""

    def __init__(self) -> None:
        self._asked_for: dict[str, frozenset[str]] = {}

    def closure(self, dependencies: Iterable[str], planned: Iterable[Pin] = ()) -> Closure:
        """What these requirements come to of what is here; `planned` is what an installer said they come to."""
        urls = {pin.name: pin.url for pin in planned if pin.url}
        dependencies = tuple(dependencies)
        while self._note(found := closure(dependencies, self._find), urls):
            pass
        return found

    def _find(self, name: str) -> Installed | None:
        found = find_installed(name)
        if found is None or found.url is None:
            return found
        return replace(found, asked_for=found.asked_for | self._asked_for.get(found.url, frozenset()))

    def _note(self, found: Closure, urls: dict[str, str]) -> bool:
        """Whether something that was missing came of its URL; then what it needs comes to light."""
        noted = False
        for wanted in map(Requirement, found.missing):
            made = urls.pop(canonicalize_name(wanted.name), None) if wanted.url else None
            if wanted.url and made:
                self._asked_for[made] = self._asked_for.get(made, frozenset()) | {wanted.url}
                noted = True
        return noted
