"""The module that a notebook is: its cells run in one namespace, and what they define travels by value.

It stands in `sys.modules`, because classes, dataclasses and pickle look their module up there.
"""

from __future__ import annotations
import __future__ as future

import ast
import re
import sys
from types import CodeType, ModuleType

import cloudpickle

from beamlike.code.sources import SOURCES

_FUTURE_FLAGS = sum(getattr(future, name).compiler_flag for name in future.all_feature_names)


class NotebookModule:
    """A module for the notebook `name`, until `close`.

    >>> notebook = NotebookModule("tour")
    >>> exec(notebook.compile_cell("def double(n): return 2 * n", "cell 1"), notebook.namespace)
    >>> notebook.namespace["double"](21), notebook.namespace["double"].__module__
    (42, 'notebook_tour')
    >>> notebook.close()
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.module = ModuleType(_free_module_name(name))
        self._future = 0
        self._sources: set[str] = set()
        sys.modules[self.module.__name__] = self.module
        cloudpickle.register_pickle_by_value(self.module)

    @property
    def namespace(self) -> dict[str, object]:
        return self.module.__dict__

    def source_name(self, cell_name: str) -> str:
        """What each version of that cell is called."""
        return f"notebook {self.name}, {cell_name}"

    def compile_cell(self, source: str, cell_name: str, future: int | None = None) -> CodeType:
        """The cell's code; a top-level await makes it a coroutine's. SyntaxError shows the cell's own line.

        Code of the cell that is compiled in pieces is to be told to `SOURCES.adopt`.
        A `from __future__ import` holds for the cells after it too, as at the interactive prompt, unless `future` says
        which flags of it hold for this one.
        """
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | (self._future if future is None else future)
        name = self.source_name(cell_name)
        self._sources.add(name)
        code = SOURCES.compile(name, source, flags)
        self._future |= code.co_flags & _FUTURE_FLAGS
        return code

    def close(self) -> None:
        """Takes the module out of `sys.modules`; what was defined in it lives on while somebody uses it."""
        cloudpickle.unregister_pickle_by_value(self.module)
        del sys.modules[self.module.__name__]
        self.withdraw_all()

    def withdraw_all(self) -> None:
        """All its cells are gone."""
        SOURCES.withdraw(self._sources)
        self._sources.clear()

    def withdraw(self, cell_name: str) -> None:
        """That cell is gone, or failed: other nodes are told that its code is not to be run from anew."""
        name = self.source_name(cell_name)
        self._sources.discard(name)
        SOURCES.withdraw([name])


def _free_module_name(notebook: str) -> str:
    base = "notebook_" + re.sub(r"\W+", "_", notebook)
    name, n = base, 1
    while name in sys.modules:
        n += 1
        name = f"{base}_{n}"
    return name
