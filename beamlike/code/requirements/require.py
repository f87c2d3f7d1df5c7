"""How code asks for packages: by name, or by the block in a text of its own.

What answers is imported when somebody asks: it takes longer to import than most programs would like to wait.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from functools import cache
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from beamlike.code.requirements.errors import BadRequirements
from beamlike.code.requirements.opening import OPENING

if TYPE_CHECKING:
    from beamlike.code.requirements.declaration import Requirements
    from beamlike.code.requirements.progress import Report, Step

_log = logging.getLogger(__name__)


def show(step: Step) -> None:
    """On standard error of whoever asked."""
    print(step, file=sys.stderr, flush=True)


async def require(*requirements: str, report: Report = show) -> None:
    """Has these packages here, installed if need be, and on each node before it runs code of this one.

    Steps go to `report`, by default to standard error. BadRequirements for what is no requirement; VersionConflict if a
    package has been imported in a version that does not do; CannotInstall with the reason.

        await bl.code.require("numpy>=2", "rich")
        import numpy
    """
    from beamlike.code.requirements.declaration import Requirements

    wanted = Requirements.of(requirements)
    await _declare(f"require {wanted.dependencies}", wanted, report)


async def require_block(source: str, text: str, report: Report = show) -> None:
    """Has what the block of PEP 723 in `text` declares; nothing if it has none. `source` names the text: of each, what
    it declared last counts. Raises what `require` raises; who is cancelled ends the installer."""
    if OPENING in text:
        from beamlike.code.requirements.script_block import script_block

        wanted = script_block(text)
        if wanted is not None:
            await _declare(source, wanted, report)


async def _declare(source: str, wanted: Requirements, report: Report) -> None:
    from beamlike.code.requirements.environments import ENVIRONMENTS

    stop = Event()
    try:
        await asyncio.wrap_future(ENVIRONMENTS.declare(source, wanted, report, stop))
    finally:
        stop.set()


@cache
def declare_script() -> None:
    """Declares what the block of the running script does, if it has one: what started the script, such as `uv run`, has
    installed it. Once per interpreter; what is wrong is logged, for the script runs all the same."""
    path = getattr(sys.modules["__main__"], "__file__", None)
    if path is None or not path.endswith(".py"):
        return
    try:
        text = Path(path).read_text(encoding="utf-8")
        missing = _declare_installed(path, text) if OPENING in text else ()
    except (OSError, UnicodeDecodeError, BadRequirements) as error:
        _log.warning("other nodes do not get what %s requires: %s", path, error)
        return
    if missing:
        _log.warning(
            "other nodes do not get what %s requires, for %s is not installed here: start it by `uv run %s`",
            path,
            ", ".join(missing),
            path,
        )


def _declare_installed(path: str, text: str) -> tuple[str, ...]:
    from beamlike.code.requirements.environments import ENVIRONMENTS
    from beamlike.code.requirements.script_block import script_block

    wanted = script_block(text)
    return ENVIRONMENTS.declare_installed(path, wanted) if wanted is not None else ()
