"""What makes of a forked process a child of its own: its group or session, its files, its variables, and all that it
inherited from the zygote put back as a program finds it that was just started."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence

from beamlike.kernel.record import frozen
from nodes.interpreter import LIFELINE_VARIABLE
from nodes.lifeline import kill_at_end_of, reopened
from nodes.parent_death import die_with_parent
from nodes.title import set_title


@frozen
class Birth:
    """With `session` it leads one of its own. `files` are its lifeline, its log, its working directory and, if it is
    told something there, its input."""

    name: str
    variables: Mapping[str, str]
    session: bool
    files: Sequence[int]
    zygote: int
    zygotes_line: int
    """The read end of a pipe that ends with the zygote."""


def be_born(birth: Birth) -> None:
    """Leaves nothing of the zygote but its memory, and dies with it."""
    _lead(birth)
    if not die_with_parent(birth.zygote):
        os._exit(1)
    lifeline, *others = birth.files
    # What it starts is to die with the zygote, too, and the signal of a parent's death is for its child alone.
    for line in (lifeline, reopened(birth.zygotes_line)):
        kill_at_end_of(line, os.getpid())
    os.close(birth.zygotes_line)
    _take_places(*others)
    os.environ.update(birth.variables)
    os.environ[LIFELINE_VARIABLE] = str(lifeline)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    set_title(f"nodes.child {birth.name}")
    if "numpy.random" in sys.modules:  # `random` does this by itself
        sys.modules["numpy.random"].seed()


def _lead(birth: Birth) -> None:
    """Linux shares the processor between sessions first: 64 with one each would leave the program that they work for a
    65th of it, however nice they are. Those of several users' notebooks are not to be one, for the same reason."""
    if birth.session:
        os.setsid()
        return
    os.setpgrp()
    # Nobody could have it go on: without a terminal there is no shell that waits for it to stop.
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)


def _take_places(log: int, directory: int, told: int | None = None) -> None:
    os.fchdir(directory)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if told is not None:
        os.dup2(told, 0)
        os.close(told)
    os.close(log)
    os.close(directory)
