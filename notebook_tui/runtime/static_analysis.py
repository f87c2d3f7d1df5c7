"""What the text of a cell tells, by jedi: of what was typed and has not run yet.

jedi as it comes imports compiled modules to look at them, and swaps `sys.path` while it searches, both in this very
interpreter, where a cell may be running. `_Lookup` takes both from it: it sees the text, what lies on the path as
source or stub, and modules that are loaded already.

jedi is not thread-safe and may take seconds. So it answers one question at a time, in a thread of its own, within a
budget or not at all. The first question also pays for importing it and for reading its stubs of the builtins: `warm`
asks that one.
"""

from __future__ import annotations

import builtins
import logging
import os
import re
import sys
from collections.abc import Callable
from inspect import Parameter
from pickle import UnpicklingError
from shutil import rmtree
from threading import Lock, Thread
from typing import Any, TypeAlias, TypeVar

from notebook_tui.runtime.answers import Description, Location, SignatureHelp
from notebook_tui.runtime.budget import WithinBudget
from notebook_tui.runtime.caret import call_at
from notebook_tui.runtime.live import Kind
from notebook_tui.runtime.loaded_trees import collect_bit_by_bit
from notebook_tui.runtime.signature import help_for

T = TypeVar("T")

StaticNames: TypeAlias = Callable[[str, int], dict[str, Kind]]
"""From a source and an offset in it to the names that could stand there."""

MOST_DOCS = 50_000
"""Characters of a documentation that are shown."""

StaticDescription: TypeAlias = Callable[[str, int], Description | None]
StaticLocation: TypeAlias = Callable[[str, int], Location | None]

logger = logging.getLogger(__name__)

_KINDS: dict[str, Kind] = {
    "module": "module",
    "class": "class",
    "function": "function",
    "property": "attribute",
    "keyword": "keyword",
}


def static_names(source: str, offset: int) -> dict[str, Kind]:
    """The names that could stand there, however long that takes; nothing where jedi is not installed."""

    def names(script: Any, line: int, column: int) -> dict[str, Kind]:
        found = script.complete(line, column)
        if not re.search(r"\.\s*\w*\Z", source[:offset]):
            found = [name for name in found if not _only_in_stubs(name)]
        return {name.name_with_symbols: _KINDS.get(name.type, "variable") for name in found}

    return _asked(source, offset, names, {})


def static_description(source: str, offset: int) -> Description | None:
    """What the name under the caret stands for."""

    def describe(script: Any, line: int, column: int) -> Description | None:
        for name in script.help(line, column):
            if name.type not in ("keyword", "statement", "param"):
                signatures = name.get_signatures()
                text = _parameters(signatures[0].to_string()) if signatures and name.type in _CALLED else ""
                docs = name.docstring(raw=True)[:MOST_DOCS]
                return Description(name.name, _KINDS.get(name.type, "variable"), text, docs)
        return None

    return _asked(source, offset, describe, None)


def static_signatures(source: str, offset: int) -> tuple[SignatureHelp, ...]:
    """The call around the caret, as often as it is defined in other ways; those that the argument fits."""

    def signatures(script: Any, line: int, column: int) -> tuple[SignatureHelp, ...]:
        call = call_at(source, offset)
        if call is None:
            return ()
        found = []
        for it in script.get_signatures(line, column):
            parameters = [Parameter(parameter.name, parameter.kind) for parameter in it.params]
            texts = [parameter.to_string().removeprefix("param ") for parameter in it.params]
            found.append(help_for(call, parameters, texts))
        return tuple(it for it in found if it is not None)

    return _asked(source, offset, signatures, ())


def static_location(source: str, offset: int) -> Location | None:
    """Where the name under the caret is defined: in this text, or in a file."""

    def locate(script: Any, line: int, column: int) -> Location | None:
        for name in script.goto(line, column, follow_imports=True):
            if name.line is not None:
                path = str(name.module_path) if name.module_path is not None else ""
                return Location("file" if path else "here", name.line, path)
        return None

    return _asked(source, offset, locate, None)


_CALLED = ("function", "class")


def _parameters(signature: str) -> str:
    """Without the name in front, and without what is returned."""
    return signature[signature.find("(") :].partition(" -> ")[0]


def _asked(source: str, offset: int, question: Callable[[Any, int, int], T], nothing: T) -> T:
    try:
        import jedi
    except ImportError:
        return nothing
    collect_bit_by_bit()
    line = source.count("\n", 0, offset) + 1
    column = offset - (source.rfind("\n", 0, offset) + 1)
    try:
        try:
            return question(_script(jedi, source), line, column)
        except (EOFError, UnpicklingError):
            # An interpreter that was killed while jedi wrote to its cache has left half a file there.
            rmtree(jedi.settings.cache_directory, ignore_errors=True)
            return question(_script(jedi, source), line, column)
    except Exception:  # it fails inside on some texts; the rest of the answer goes without it
        logger.debug("jedi could not say what is at offset %s", offset, exc_info=True)
        return nothing


def _script(jedi: Any, source: str) -> Any:
    # It is to find its way from no directory: there is no project, only this text.
    project = jedi.Project(os.devnull, smart_sys_path=False)
    return jedi.Script(source, environment=_environment(), project=project)


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


_BUSY = Lock()

within_budget: WithinBudget[dict[str, Kind]] = WithinBudget(static_names, {}, busy=_BUSY)
description_within_budget: WithinBudget[Description | None] = WithinBudget(static_description, None, busy=_BUSY)
signatures_within_budget: WithinBudget[tuple[SignatureHelp, ...]] = WithinBudget(static_signatures, (), busy=_BUSY)
location_within_budget: WithinBudget[Location | None] = WithinBudget(static_location, None, busy=_BUSY)


def warm() -> None:
    """Has jedi read, in the background, what every question needs."""

    def ask() -> None:
        with _BUSY:
            static_names("import os\nos.pa", 15)

    Thread(target=ask, name="static analysis", daemon=True).start()
