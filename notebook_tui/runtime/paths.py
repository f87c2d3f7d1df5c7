"""Files and folders that the begin of a path in a string may mean, on the node that this runs on."""

from __future__ import annotations

import os
from itertools import islice

MOST_ENTRIES = 2000
"""Entries of one folder that are looked at."""

_TAKES_A_PATH = {"open", "Path", "chdir", "listdir", "scandir", "read_text", "imread", "exists", "fromfile"}
_READS = ("read_", "scan_", "load")


def is_path(typed: str, function: str) -> bool:
    """Whether this string is likely to be meant as a path: it looks like one, or stands in a call that takes one.

    >>> is_path("data/", ""), is_path("some text", ""), is_path("da", "pd.read_csv"), is_path("https://a/b", "open")
    (True, False, True, False)
    """
    if "://" in typed or "\n" in typed:
        return False
    name = function.rpartition(".")[2]
    return typed.startswith(("/", "~/", "./", "../")) or _takes_a_path(name) or ("/" in typed and " " not in typed)


def _takes_a_path(name: str) -> bool:
    return name in _TAKES_A_PATH or name.startswith(_READS)


def entries(typed: str) -> list[tuple[str, bool]]:
    """What begins with the last part of `typed`, by name, each with whether it is a folder; hidden ones last."""
    folder, _, begin = typed.rpartition("/")
    where = os.path.expanduser(folder + "/") if "/" in typed else "."
    try:
        with os.scandir(where) as entries:
            fitting = [entry for entry in islice(entries, MOST_ENTRIES) if entry.name.startswith(begin)]
            found = [(entry.name, entry.is_dir()) for entry in fitting]
    except OSError:  # there is no such folder, or it is not to be read
        return []
    return sorted(found, key=lambda entry: (entry[0].startswith("."), entry[0]))
