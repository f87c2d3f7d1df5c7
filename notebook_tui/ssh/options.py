"""How sessions are reached over SSH, checked once."""

from __future__ import annotations

from pathlib import Path

from beamlike.kernel.record import frozen
from notebook_tui.ssh.gate import DEFAULTS, Limits


@frozen
class SshOptions:
    directory: Path
    """What is served; the directories of keys lie in it."""
    authorized_keys: Path
    state: Path
    """Where the server's own key is kept, and the log of logins."""
    limits: Limits = DEFAULTS
