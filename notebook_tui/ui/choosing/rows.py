"""Rows of a list to choose from: entries, headings above them, and words between."""

from __future__ import annotations

from typing import TypeAlias

from beamlike.kernel.record import frozen


@frozen
class Entry:
    """What can be chosen; `kind` and `path` say what it is to whoever made the list."""

    kind: str
    path: str
    name: str
    where: str = ""
    when: str = ""
    """At the right: a time, or a key."""
    mark: str = " "
    missing: bool = False


@frozen
class Heading:
    text: str
    detail: str = ""


@frozen
class Words:
    """Nothing that can be chosen; empty: a gap."""

    text: str = ""


Row: TypeAlias = Entry | Heading | Words
