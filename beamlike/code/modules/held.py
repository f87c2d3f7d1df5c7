"""The modules that a node has got of others, loaded or not yet: by origin and name, each in its newest version."""

from __future__ import annotations

import linecache
import weakref
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import decode_source

from beamlike.code.modules.dependents import imports_of
from beamlike.code.modules.messages import Kind, ModuleFile
from beamlike.code.modules.offers import Route
from beamlike.code.modules.stamps import Stamp
from beamlike.kernel.record import frozen


@frozen
class LoadedModule:
    """A module of another node, of `origin`, that is loaded here: the hash of its source, and when that came."""

    module: str
    hash: str
    origin: str
    since: datetime


@dataclass(eq=False)
class Held:
    """One version of a module, and who gave it."""

    file: ModuleFile
    route: Route
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    looked_for: bool = False
    path: str = ""
    """Where this node has seen it lie, when it has looked for it; "" if nowhere."""
    stamp: Stamp | None = None
    """What the file bore when it was found to be this version."""

    @cached_property
    def filename(self) -> str:
        """What tracebacks call it: Python finds lines by this name alone, so another version has another one.

        >>> Held(ModuleFile("helper", Kind.MODULE, "helper.py", b"hash", b"x = 1"), Route("a@h", "a@h")).filename
        '<helper.py of a@h #68617368>'
        """
        return f"<{self.file.label} of {self.route.origin} #{self.file.hash.hex()[:8]}>"

    @property
    def search_path(self) -> str | None:
        """What stands for the folder of a package in its `__path__`; None for a module that is none."""
        return None if self.file.kind is Kind.MODULE else f"<{self.file.name} of {self.route.origin}>"

    @cached_property
    def imports(self) -> frozenset[str]:
        return imports_of(self.file.source, self.file.name, self.file.kind is not Kind.MODULE)

    def show_in_tracebacks(self) -> None:
        """As long as this version lives, which what was defined in it keeps alive."""
        text = decode_source(self.file.source)
        # No modification time: such an entry is never checked against the disk.
        linecache.cache[self.filename] = (len(text), None, text.splitlines(keepends=True), self.filename)
        _shown[self.filename] += 1
        weakref.finalize(self, _hide, self.filename).atexit = False


_shown: Counter[str] = Counter()


def _hide(filename: str) -> None:
    _shown[filename] -= 1
    if not _shown[filename]:
        del _shown[filename]
        linecache.cache.pop(filename, None)


class HeldModules:
    """Those of one node. Not for two threads at once."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Held] = {}

    def get(self, origin: str, name: str) -> Held | None:
        return self._held.get((origin, name))

    def add(self, route: Route, files: Iterable[ModuleFile]) -> None:
        for file in files:
            known = self.get(route.origin, file.name)
            if known is None or known.file != file or known.route != route:
                self._held[route.origin, file.name] = Held(file, route)

    def drop(self, origin: str, name: str) -> None:
        self._held.pop((origin, name), None)

    def forget(self, is_gone: Callable[[Route], bool]) -> None:
        """Drops all that came by such routes."""
        self._held = {key: held for key, held in self._held.items() if not is_gone(held.route)}

    def of(self, origin: str, top: str) -> list[Held]:
        """What is held of a top-level module and all within it."""
        mine = (held for (whose, _), held in self._held.items() if whose == origin)
        return [held for held in mine if held.file.name.partition(".")[0] == top]
