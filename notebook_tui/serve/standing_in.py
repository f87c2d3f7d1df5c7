"""What a program means by its variables and relative paths, so that another one means the same by them."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

logger = logging.getLogger("notebook_tui.serve")


def own_environment() -> tuple[tuple[bytes, bytes], ...]:
    """That of this process. In bytes, for what stands there need not be text."""
    return tuple(os.environb.items())


def own_directory() -> str:
    """That in which this process is; the root if it is there no more."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return os.sep


def stand_in(environment: Mapping[bytes, bytes], directory: str) -> None:
    """This process has that environment from now on, and no other, and is in that directory."""
    for name in os.environb.keys() - environment.keys():
        del os.environb[name]
    # Only what differs: threads may be reading what stays.
    os.environb.update({name: value for name, value in environment.items() if os.environb.get(name) != value})
    try:
        os.chdir(directory)
    except OSError as error:
        logger.warning("relative paths are taken from %s: %s", os.getcwd(), error)
