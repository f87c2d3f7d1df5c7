"""Figures of pyplot are shown in the notebook: by `plt.show()`, and those that are open when a cell ends.

Nothing here imports matplotlib. When a cell does, `show` is put in place of its own, which would look for a window.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from notebook_tui.runtime.display import display

_PYPLOT = "matplotlib.pyplot"


def show_figures_here() -> None:
    """From now on, in this interpreter; a second call does nothing."""
    os.environ.setdefault("MPLBACKEND", "agg")
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def show_open_figures(apart_from: object = None) -> None:
    """Displays what stands open, and closes it. `apart_from` is shown anyway."""
    pyplot: Any = sys.modules.get(_PYPLOT)
    numbers = pyplot.get_fignums() if hasattr(pyplot, "get_fignums") else ()
    for number in numbers:
        figure = pyplot.figure(number)
        pyplot.close(figure)
        if figure is not apart_from:
            display(figure)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _PYPLOT:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _ShowsHere(spec.loader)
        return spec


class _ShowsHere(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        setattr(module, "show", _show)  # noqa: B010

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def _show(*_args: object, **_named: object) -> None:
    """Displays the open figures in the cell, and closes them."""
    show_open_figures()


_show.__name__ = _show.__qualname__ = "show"
