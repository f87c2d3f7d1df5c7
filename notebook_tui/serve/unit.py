"""The systemd unit of a server, for the user's own service manager."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from notebook_tui.session.state_directory import name_for
from notebook_tui.session.whole_files import replace_file

_KEPT: Final = ("BEAMLIKE_STATE", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
"""What the service has to know of this user's environment."""


def unit_name(directory: str) -> str:
    """
    >>> unit_name("/srv/notebooks").startswith("beamlike-notebooks-")
    True
    """
    return f"beamlike-{name_for(Path(directory))}.service"


def unit_text(directory: str, options: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    """The unit of `beamlike serve DIRECTORY OPTION...`, as text.

    >>> print(unit_text("/srv/note books", ["--runtime", "local"], {}).splitlines()[6].partition('"notebook_tui" ')[2])
    "serve" "/srv/note books" "--runtime" "local"
    """
    command = " ".join(map(_quoted, [sys.executable, "-P", "-m", "notebook_tui", "serve", directory, *options]))
    kept = "".join(f"Environment={_quoted(f'{name}={environment[name]}')}\n" for name in _KEPT if name in environment)
    return f"""\
[Unit]
Description=Notebook sessions in {_described(directory)}
Documentation=man:systemd.service(5)

[Service]
Type=notify
ExecStart={command}
{kept}# SIGTERM leaves the sessions to the next server, and runtimes live on for their lease: only the server is ended.
KillMode=process
Restart=on-failure
RestartSec=1
TimeoutStopSec=100

[Install]
WantedBy=default.target
"""


def install_unit(directory: str, options: Sequence[str]) -> Path:
    """Writes it to where the user's service manager looks. Returns the path; OSError says why not."""
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    path = Path(home) / "systemd" / "user" / unit_name(directory)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, unit_text(directory, options).encode())
    return path


def _quoted(word: str) -> str:
    r"""As systemd reads a word.

    >>> _quoted("50% of $HOME")
    '"50%% of $$HOME"'
    """
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped.replace("%", "%%").replace("$", "$$")}"'


def _described(directory: str) -> str:
    return directory.replace("%", "%%").replace("\n", " ")
