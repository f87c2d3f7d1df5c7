"""Where a user's open notebooks keep what is in no file yet: journals, locks, notebooks that were never saved.

`BEAMLIKE_STATE` names another directory. What lies there is for its user alone.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

VARIABLE = "BEAMLIKE_STATE"


def state_directory(*below: str) -> Path:
    """The directory, or one below it; made if it is not there. OSError where that cannot be."""
    directory = state_path()
    for part in ("", *below):
        directory = directory / part
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def state_path() -> Path:
    """Where the directory is, or would be."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).absolute()
    from platformdirs import user_state_path

    return user_state_path("beamlike")


def name_for(path: Path) -> str:
    """What belongs to a file is called after it, and after where it really is.

    >>> name_for(Path("/no/such/cat.livemd")).startswith("cat-"), name_for(Path("/")).startswith("root-")
    (True, True)
    """
    where = os.path.realpath(path)
    digest = hashlib.blake2b(os.fsencode(where), digest_size=10).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9_.-]', '_', path.stem)[:40] or 'root'}-{digest}"
