"""Which of the user's secrets a notebook is given, remembered outside of it: by where its file is and what it holds.

So a file that somebody else has written, or changed while it was not open, has no secrets until its user gives them.
"""

from __future__ import annotations

import json
from pathlib import Path

from beamlike.kernel.record import frozen
from notebook_tui.session.private_file import write_private
from notebook_tui.session.state_directory import name_for, state_directory, state_path

FOLDER = "grants"


@frozen
class Grants:
    names: tuple[str, ...]
    digest: bytes | None
    """Of the file as its user saw it last; None while there is none."""


def granted_to(path: Path) -> Grants | None:
    """What was remembered of the notebook."""
    try:
        known = json.loads((state_path() / FOLDER / f"{name_for(path)}.json").read_text(encoding="utf-8"))
        digest = known["digest"]
        return Grants(tuple(known["names"]), None if digest is None else bytes.fromhex(digest))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):  # not ours, so nothing is given
        return None


def remember(path: Path, grants: Grants) -> None:
    file = state_directory(FOLDER) / f"{name_for(path)}.json"
    if not grants.names:
        file.unlink(missing_ok=True)
        return
    digest = None if grants.digest is None else grants.digest.hex()
    write_private(file, json.dumps({"names": grants.names, "digest": digest}).encode())
