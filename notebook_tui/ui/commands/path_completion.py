"""The rest of a path that has been begun."""

from __future__ import annotations

import os


def completed_path(begun: str) -> str:
    """As far as the files on this machine leave no doubt; what was begun, where they do not go on.

    >>> completed_path("/nowhere/at/al")
    '/nowhere/at/al'
    """
    folder, name = os.path.split(os.path.expanduser(begun))
    try:
        entries = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
    except OSError:
        return begun
    shown = name.startswith(".")
    fits = [each for each in entries if each.name.startswith(name) and (shown or not each.name.startswith("."))]
    if not fits:
        return begun
    names = [each.name for each in fits]
    longest = os.path.join(folder, names[0][: _shared(names[0], names[-1])])
    whole = f"{longest}/" if len(fits) == 1 and fits[0].is_dir() else longest
    return whole if len(whole) > len(os.path.join(folder, name)) else begun


def _shared(first: str, last: str) -> int:
    """How many characters the first and the last of sorted names, and so all between them, begin with alike."""
    return next((index for index, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
