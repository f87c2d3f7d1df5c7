"""Names that the text of a cell defines, by jedi: what was typed and has not run yet.

jedi as it comes imports compiled modules to look at them, and swaps `sys.path` while it searches, both in this very
interpreter, where a cell may be running. `_Lookup` takes both from it: it sees the text, what lies on the path as
source or stub, and modules that are loaded already.

jedi is not thread-safe and may take seconds. So it answers one question at a time, in a thread of its own, within a
budget or not at all. The first question also pays for importing it and for reading its stubs of the builtins.
"""

from __future__ import annotations

import builtins
import logging
import os
import re
import sys
from collections.abc import Callable
from pickle import UnpicklingError
from shutil import rmtree
from threading import Event, Lock, Thread
from typing import Any, TypeAlias

from notebook_tui.runtime.live import Kind

StaticNames: TypeAlias = Callable[[str, int], dict[str, Kind]]
"""From a source and an offset in it to the names that could stand there."""

BUDGET_SECONDS = 0.15

logger = logging.getLogger(__name__)

_KINDS: dict[str, Kind] = {
    "module": "module",
    "class": "class",
    "function": "function",
    "property": "attribute",
    "keyword": "keyword",
}


def static_names(source: str, offset: int) -> dict[str, Kind]:
    """What jedi finds, however long it takes; nothing where jedi is not installed."""
    try:
        import jedi
    except ImportError:
        return {}
    try:
        try:
            return _names_by(jedi, source, offset)
        except (EOFError, UnpicklingError):
            # An interpreter that was killed while jedi wrote to its cache has left half a file there.
            rmtree(jedi.settings.cache_directory, ignore_errors=True)
            return _names_by(jedi, source, offset)
    except Exception:  # it fails inside on some texts; completion goes on without it
        logger.debug("jedi could not complete at offset %s", offset, exc_info=True)
        return {}


def _names_by(jedi: Any, source: str, offset: int) -> dict[str, Kind]:
    line = source.count("\n", 0, offset) + 1
    column = offset - (source.rfind("\n", 0, offset) + 1)
    # It is to find its way from no directory: there is no project, only this text.
    project = jedi.Project(os.devnull, smart_sys_path=False)
    script = jedi.Script(source, environment=_environment(), project=project)
    found = script.complete(line, column)
    if not re.search(r"\.\s*\w*\Z", source[:offset]):
        found = [name for name in found if not _only_in_stubs(name)]
    return {name.name_with_symbols: _KINDS.get(name.type, "variable") for name in found}


def _only_in_stubs(name: Any) -> bool:
    """Whether the stubs of the builtins have this name and the builtins have not."""
    return name.module_name == "builtins" and not hasattr(builtins, name.name)


def _environment() -> Any:
    from jedi.api.environment import InterpreterEnvironment
    from jedi.inference.compiled.access import create_access_path
    from jedi.inference.compiled.subprocess import InferenceStateSameProcess, functions

    class Lookup(InferenceStateSameProcess):  # type: ignore[misc]
        def load_module(self, dotted_name: str, sys_path: list[str]) -> Any:
            loaded = sys.modules.get(dotted_name)
            return None if loaded is None else create_access_path(self._inference_state_weakref(), loaded)

        def get_module_info(self, sys_path: list[str] | None = None, **asked: Any) -> Any:
            return functions.get_module_info(self._inference_state_weakref(), **asked)

    class Environment(InterpreterEnvironment):  # type: ignore[misc]
        def get_inference_state_subprocess(self, inference_state: Any) -> Lookup:
            return Lookup(inference_state)

    return Environment()


class WithinBudget:
    """Asks `analyse` in a thread and waits `seconds` for the answer; one that comes later, or raises, is none.

    While a question is still being answered, no other is asked.

    >>> WithinBudget(lambda source, offset: {source: "variable"}, seconds=60)("x", 0)
    {'x': 'variable'}
    """

    def __init__(self, analyse: StaticNames, seconds: float = BUDGET_SECONDS) -> None:
        self._analyse = analyse
        self._seconds = seconds
        self._busy = Lock()

    def __call__(self, source: str, offset: int) -> dict[str, Kind]:
        if not self._busy.acquire(blocking=False):
            return {}
        answer: list[dict[str, Kind]] = []
        answered = Event()

        def work() -> None:
            try:
                answer.append(self._analyse(source, offset))
            finally:
                self._busy.release()
                answered.set()

        Thread(target=work, name="completion", daemon=True).start()
        answered.wait(self._seconds)
        return answer[0] if answer else {}


within_budget = WithinBudget(static_names)
