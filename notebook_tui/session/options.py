"""What a session does for its notebook beside running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace

from beamlike.kernel.record import frozen
from notebook_tui.session.runtime import Runtime


@frozen
class SessionOptions:
    journal: bool = False
    """Every operation is on the disk some milliseconds later, and an ended program's notebook is as it was."""
    autosave: bool = False
    """Changes are written to the file after a few seconds, as the notebook's own `autosave_interval_s` says."""
    lock: bool = False
    """Nobody else opens the file meanwhile."""
    watch: bool = False
    """Changes that others make to the file are merged as they come; without it, before a save."""

    grants: bool = False
    """Secrets that its user has given to the notebook are given again; else those of this session alone."""
    trust: bool = False
    """Code that its user neither wrote nor trusted does not run until the user says so; else whoever asks may run it.
    """
    served: bool = False
    """The session goes on when nobody looks, and when its program is killed the next one goes on with it."""
    held: Callable[[Runtime], Runtime] = field(default=lambda runtime: runtime, repr=False)
    """Makes of a runtime one that outlives this program, where it can."""
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What inputs begin with in place of their defaults, by their labels or their environment variables."""


EVALUATES = SessionOptions()
"""For a program that runs a notebook and leaves its file alone."""
EDITS = SessionOptions(journal=True, autosave=True, lock=True, watch=True, grants=True, trust=True)
"""For people."""
SERVES = replace(EDITS, served=True)
"""For people who come and go."""
