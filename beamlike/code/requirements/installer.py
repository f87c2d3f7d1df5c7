"""What an installer is to us, and which one is taken.

uv where it is there, for it is many times faster; but where pip has been told of an index of its own and uv has not,
pip: the two would take packages of one name from different places.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from beamlike.code.requirements.errors import CannotInstall
from beamlike.code.requirements.lock import Pin
from beamlike.code.requirements.pip import Pip
from beamlike.code.requirements.uv import Uv
from beamlike.code.requirements.work import Work

_UV_SETTINGS = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_CONFIG_FILE")
_PIP_PLACES = ("index", "find-links", "constraint")


class Installer(Protocol):
    """pip or uv. Its files go into the directory `scratch`."""

    def plan(
        self, dependencies: Sequence[str], constraints: Sequence[Pin], here: Path, scratch: Path, work: Work
    ) -> list[Pin]:
        """What would be installed for these requirements where `here` (metadata) is installed already; of a name among
        the constraints only that version. CannotInstall says why nothing fits."""
        ...

    def install(self, pins: Sequence[Pin], target: Path, scratch: Path, work: Work) -> None:
        """Installs exactly these into the directory. CannotInstall says why not."""
        ...


def choose_installer() -> Installer:
    """CannotInstall if there is neither."""
    if not sys.executable:
        raise CannotInstall("this Python does not know its own executable, by which installers would be started")
    pip = importlib.util.find_spec("pip") is not None
    uv = shutil.which("uv")
    if uv is not None and not (pip and _only_pip_has_an_index()):
        return Uv(uv)
    if pip:
        return Pip()
    raise CannotInstall(
        f"this node has neither uv on its PATH nor pip in its Python ({sys.executable}): install uv there "
        "(https://docs.astral.sh/uv), or pip (`python -m ensurepip`)"
    )


def _only_pip_has_an_index() -> bool:
    if any(os.environ.get(name) for name in _UV_SETTINGS):
        return False
    settings = subprocess.run(
        [sys.executable, "-P", "-m", "pip", "config", "list"], capture_output=True, text=True, timeout=60, check=False
    )
    names = [line.partition("=")[0] for line in settings.stdout.splitlines()]
    return any(place in name for name in names for place in _PIP_PLACES)
