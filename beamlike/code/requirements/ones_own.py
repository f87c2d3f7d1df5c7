"""Whether only this user decides what lies in a directory, for what lies there is imported.

Whoever may write in a directory above it can put another in its place, and so it has to be safe up to the root of the
file system, as ssh has it for its keys.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from beamlike.code.requirements.errors import CannotInstall


def check_ones_own(directory: Path) -> None:
    """CannotInstall names the place where somebody else may write; what is not there yet will be made safely."""
    for place in _deciding(directory.absolute()):
        try:
            status = place.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise CannotInstall(f"expected a directory at {place}, found none that opens ({error})") from None
        if not _is_safe(status, is_above=place != directory) or not _is_ours(place.lstat()):
            raise CannotInstall(
                f"expected {place} to be written by its owner only, and to be yours: what lies in {directory} is run. "
                "Change that, or set XDG_CACHE_HOME to another directory"
            )


def _deciding(directory: Path) -> Iterator[Path]:
    """It and all above it, and the same of what links among them lead to."""
    ahead, seen = [directory], set()
    while ahead:
        place = ahead.pop()
        if place in seen:
            continue
        seen.add(place)
        yield place
        if place.parent != place:
            ahead.append(place.parent)
        if place.is_symlink():
            ahead.append(place.parent / place.readlink())


def make_ones_own(directory: Path) -> None:
    """With what is missing above it, for nobody else."""
    for place in (*reversed(directory.parents), directory):
        if not place.is_dir():
            place.mkdir(mode=0o700, exist_ok=True)


def _is_safe(status: os.stat_result, *, is_above: bool) -> bool:
    if not _is_ours(status):
        return False
    others = stat.S_IWGRP | stat.S_IWOTH
    if is_above:
        if status.st_mode & stat.S_ISVTX:  # as in /tmp nobody moves what is another's
            return True
        if status.st_mode & stat.S_IWGRP and _is_ones_own_group(status.st_gid):
            others = stat.S_IWOTH
    return not status.st_mode & others


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid in (os.geteuid(), 0)


def _is_ones_own_group(gid: int) -> bool:
    """Many users have a group of their own, of their name, which may write what they may; others share one."""
    try:
        own, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(gid)
    except KeyError:
        return False
    return group.gr_name == own and set(group.gr_mem) <= {own}
