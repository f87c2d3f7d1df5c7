"""Smart cells: code that a form of Livebook wrote, with what was filled in. Here they are code, and stay what they are.

Livebook writes the code anew from the form. A cell whose code was edited here is therefore no smart cell any more, as
after Livebook's own "convert to code": else the next edit of the form would undo the edit of the code. What the code
was when it was read is remembered by its digest, beside the keys that the file has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

SEAL = "unedited"
_OF_THE_FORM = ("livebook_object", "kind", "attrs", "chunks", SEAL)


def sealed(keys: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """The metadata of a cell that was read; of a smart cell with the digest of its code."""
    return {**keys, SEAL: _digest(source)} if keys.get("livebook_object") == "smart_cell" else keys


def unsealed(keys: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """The metadata to be written: of a smart cell that was edited what is left when it is none.

    >>> keys = sealed({"livebook_object": "smart_cell", "kind": "sql", "attrs": "e30"}, "1")
    >>> unsealed(keys, "1"), unsealed(keys, "2")
    ({'livebook_object': 'smart_cell', 'kind': 'sql', 'attrs': 'e30'}, {})
    """
    if SEAL not in keys or keys.get("livebook_object") != "smart_cell":
        return keys
    left_out = (SEAL,) if keys[SEAL] == _digest(source) else _OF_THE_FORM
    return {key: value for key, value in keys.items() if key not in left_out}


def _digest(source: str) -> str:
    return hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
