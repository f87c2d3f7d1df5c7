"""Ids for what the user makes: letters and digits, as Livebook's."""

from __future__ import annotations

import secrets


def new_id() -> str:
    """A fresh id for a cell or a section; 80 random bits.

    >>> len(new_id())
    16
    """
    return secrets.token_hex(8)
