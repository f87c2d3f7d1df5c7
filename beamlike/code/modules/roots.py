"""Where a node's own modules lie: what it can import that is neither of Python nor installed.

That is what stays of `sys.path` without the standard library, the places where distributions are installed, also those
of a node's requirements, and the folder of the interpreter: the script's folder, the working directory, PYTHONPATH, the
sources of editable installs. A root may be for one name `only`: what was offered by its name, or was imported from a
place that is on no path.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from beamlike.code.requirements.store import environments_path
from beamlike.kernel.record import frozen

OWN_PACKAGES: Final = frozenset({"beamlike", "nodes", "flame"})
"""Every node has these, for they make it a node."""
_HOME: Final = {str(Path(__file__).parents[3]), str(Path(__file__).resolve().parents[3])}


@frozen
class Root:
    """A folder on which modules are found by name."""

    directory: str
    only: str | None = None

    def has(self, top: str) -> bool:
        """Whether a module of this name may be looked for here."""
        if self.only is not None and self.only != top:
            return False
        return not (top in OWN_PACKAGES and is_home(self.directory))


def own_roots(path: Iterable[str]) -> tuple[Root, ...]:
    """Those of the entries of `sys.path` that are not installed places.

    >>> own_roots([os.path.dirname(os.__file__), "/no/such/folder"])
    ()
    """
    here = working_directory()
    entries = [os.path.join(here, entry) for entry in path if isinstance(entry, str)]
    directories = dict.fromkeys(os.path.normpath(entry) for entry in entries if os.path.isabs(entry))
    return tuple(Root(it) for it in directories if not is_installed(it) and os.path.isdir(it))


def working_directory() -> str:
    """Nothing, if it has been removed."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def installed_path(path: Iterable[str]) -> list[str]:
    """What stays of a path without what `own_roots` finds on it; this package stays, wherever it lies.

    >>> installed_path([os.path.dirname(os.__file__), os.path.expanduser("~")]) == [os.path.dirname(os.__file__)]
    True
    """
    entries = [entry for each in path if (entry := each or working_directory())]
    own = {root.directory for root in own_roots(entries) if not is_home(root.directory)}
    return [entry for entry in entries if os.path.normpath(os.path.join(working_directory(), entry)) not in own]


def is_home(directory: str) -> bool:
    """Whether this package lies there."""
    return directory in _HOME or os.path.realpath(directory) in _HOME


def is_installed(path: str) -> bool:
    """Whether this file or folder is Python's own, or lies where distributions are installed.

    >>> is_installed(os.__file__), is_installed("/home/me/helper.py")
    (True, False)
    """
    real = os.path.realpath(path)
    if any(part in _PLACES for part in Path(real).parts):
        return True
    places = {*_installed_places(), os.path.realpath(environments_path())}
    return any(real == place or real.startswith(place + os.sep) for place in places)


_PLACES: Final = {"site-packages", "dist-packages"}


@cache
def _installed_places() -> frozenset[str]:
    paths = sysconfig.get_paths()
    places = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")]
    places += [*site.getsitepackages(), site.getusersitepackages(), os.path.dirname(sys.executable)]
    return frozenset(os.path.realpath(place) for place in places)


def root_of_loaded(top: str) -> Root | None:
    """Where a module that is loaded here came from, if it is a file, and not installed; whatever path it was found on.

    >>> root_of_loaded("os"), root_of_loaded("sys")
    (None, None)
    """
    module = sys.modules.get(top)
    location = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    if not isinstance(location, str) or not os.path.exists(location) or is_installed(location):
        return None
    if os.path.basename(location).partition(".")[0] == "__init__":
        location = os.path.dirname(location)
    root = Root(os.path.dirname(os.path.abspath(location)), top)
    return root if os.path.basename(location).partition(".")[0] == top and root.has(top) else None
