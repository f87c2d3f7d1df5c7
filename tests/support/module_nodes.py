"""What nodes know of modules, several of them in this interpreter, without connections: who is asked answers at once.

Each node has a folder of its own that it offers, and nothing else; what is imported here comes by who was told of it.
"""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from textwrap import dedent
from typing import Any

from beamlike.code.decoding import DECODING
from beamlike.code.modules.finder import FINDER
from beamlike.code.modules.modules import Ledger, Modules
from beamlike.code.modules.offered import Offered
from beamlike.code.modules.own import OwnModules
from beamlike.code.modules.roots import Root
from beamlike.distribution.heartbeat.lane_frames import LONGEST_QUESTION
from beamlike.kernel.errors import NotConnected


class ModuleNodes:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.questions: list[tuple[str, str]] = []
        """Who asked whom."""
        self.silent: set[str] = set()
        self.on_answer: Callable[[], None] | None = None
        """Called while an answer is on its way."""
        self._nodes: dict[str, Modules] = {}
        self._ledgers: dict[tuple[str, str], Ledger] = {}

    def __getitem__(self, name: str) -> Modules:
        return self._nodes[name]

    def start(self, name: str, *, accepts: bool = True) -> Modules:
        (self.path / name).mkdir()
        offered = Offered()
        offered.add(Root(str(self.path / name)))

        def ask(peer: str, question: bytes, timeout: float) -> bytes:
            self.questions.append((name, peer))
            return self._answer(name, peer, question, timeout)

        self._nodes[name] = Modules(name, ask, accepts, OwnModules(offered, list))
        return self._nodes[name]

    def write(self, node: str, **files: str) -> None:
        """Files of a node's folder; "pkg__sub" is pkg/sub.py, and "pkg__" its `__init__`. Others by their paths."""
        for name, text in files.items():
            *folders, stem = name.split("__")
            file = name if "." in name else "/".join([*folders, f"{stem or '__init__'}.py"])
            path = self.path / node / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))

    def tell(self, one: str, other: str) -> None:
        """What goes ahead of a term from one to the other."""
        news = self[one].news(self.ledger(one, other), other)
        if news is not None:
            self[other].hear(one, news)

    def ledger(self, one: str, other: str) -> Ledger:
        return self._ledgers.setdefault((one, other), self[one].given())

    def part(self, one: str, other: str) -> None:
        for node, peer in ((one, other), (other, one)):
            self._ledgers.pop((node, peer), None)
            self[node].forget(peer)

    def only(self, name: str) -> None:
        """The others, which are in this interpreter too, are not imported by: they only pass on what they hear."""
        for it in self._nodes:
            FINDER.serve(self._nodes[it]._receiver, it == name)

    def close(self) -> None:
        for node in self._nodes.values():
            node.close()

    def _answer(self, name: str, peer: str, question: bytes, timeout: float) -> bytes:
        if len(question) > LONGEST_QUESTION:
            raise ValueError("expected a question that fits")
        if (peer, name) not in self._ledgers:
            raise NotConnected(f"expected {peer} to be connected")
        if peer in self.silent:
            raise TimeoutError(f"expected an answer of {peer} within {timeout:g} s, got none")
        answers: SimpleQueue[bytes] = SimpleQueue()
        self[peer].answer(name, question, answers.put)
        try:
            found = answers.get(timeout=timeout)
        except Empty:
            raise TimeoutError(f"{peer} did not answer") from None
        if self.on_answer is not None:
            self.on_answer()
        return found


class _Codec:
    def __init__(self, there: str) -> None:
        self.there = there

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the codec was to say whose term it decodes, and no more; it was asked for {name}")


@contextmanager
def decoding(peer: str) -> Iterator[None]:
    """While a term of `peer` is decoded."""
    DECODING.codec = _Codec(peer)  # type: ignore[assignment]
    try:
        yield
    finally:
        DECODING.codec = None


@contextmanager
def module_nodes(path: Path, *names: str) -> Iterator[ModuleNodes]:
    """Nodes of these names. At the end nothing of theirs is in this interpreter."""
    before = traces()
    nodes = ModuleNodes(path)
    for name in names:
        nodes.start(name)
    try:
        yield nodes
    finally:
        nodes.close()
    after = traces()
    assert after.pop("threads") <= before.pop("threads")  # type: ignore[operator]  # those of others may end meanwhile
    assert after == before


def traces() -> dict[str, object]:
    """Whatever modules of other nodes may leave in an interpreter."""
    return {
        "modules": {name for name, module in sys.modules.items() if _is_pretended(getattr(module, "__file__", None))},
        "meta path": list(map(repr, sys.meta_path)),
        "path hooks": list(map(repr, sys.path_hooks)),
        "importers": {entry for entry in sys.path_importer_cache if _is_pretended(entry)},
        "lines": {name for name in linecache.cache if " of " in name and _is_pretended(name)},
        "threads": {thread.name for thread in threading.enumerate()},
    }


def _is_pretended(path: object) -> bool:
    return isinstance(path, str) and path.startswith("<")
