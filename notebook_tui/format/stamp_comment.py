"""The stamp: the last comment of a file, `{"offset": N, "stamp": {...}}`, which signs the N bytes above it.

Whose it is does not matter here. A stamp that cannot hold, because something else stands above or anything below it,
is not kept: what is not signed must not look so. One that may hold is kept byte for byte, and written only below
the very text that stood above it when it was read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from notebook_tui.document.notebook import Stamp
from notebook_tui.format import metadata

VOID = "the stamp is left out, as it is not of what stands in this file: what it granted is to be granted anew"


def divided(text: str) -> tuple[str, str]:
    """What stands above the stamp at the end of the text, and the stamp; empty if there is none.

    >>> divided('# T\\n\\n<!-- livebook:{"offset":4,"stamp":{}} -->\\n')
    ('# T\\n', '<!-- livebook:{"offset":4,"stamp":{}} -->')
    """
    head, _, last = text.rstrip("\n").rpartition("\n")
    return (text, "") if stamp_in(last) is None else (head, last)


def stamp_in(line: str) -> Mapping[str, Any] | None:
    """What the comment says, if it is a stamp."""
    if not (line.startswith("<!--") and line.endswith("-->")):
        return None
    try:
        keys = metadata.parse(line)
    except ValueError:
        return None
    return keys if is_stamp(keys) else None


def is_stamp(keys: Mapping[str, Any]) -> bool:
    return "offset" in keys and "stamp" in keys


def taken(text: str) -> tuple[str, Stamp | None]:
    """The text without the stamp at its end, and the stamp, if it may hold; else all of the text."""
    above, comment = divided(text)
    keys = stamp_in(comment)
    if keys is None or keys["offset"] != size(above) or text != f"{above}\n{comment}\n":
        return text, None
    return above, Stamp(comment, _digest(above))


def with_stamp(text: str, stamp: Stamp | None) -> str:
    """The text of a notebook with the stamp below it, if it is of this text."""
    return text if stamp is None or stamp.of != _digest(text) else f"{text}\n{stamp.comment}\n"


def size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
