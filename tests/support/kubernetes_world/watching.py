"""Open watches: what they are told, and how they end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.support.kubernetes_world.description import Json
from tests.support.kubernetes_world.kinds import Kind
from tests.support.kubernetes_world.refusals import expired
from tests.support.kubernetes_world.selectors import Test
from tests.support.kubernetes_world.store import Store, seen_by

Write = Callable[[bytes], None]
HOUR = 3600.0


@dataclass
class Watches:
    """`orders` counts what was ordered of all that are open; each does what was ordered since it began."""

    bookmark_seconds: float = 60.0
    are_silent: bool = False
    """They stay open, and nothing comes of them."""
    ended: int = 0
    cut: int = 0
    errors: int = 0
    open: int = 0
    """How many there are."""
    bookmarks: int = 0
    """How many were sent to watches of pods."""


@dataclass
class Watch:
    store: Store
    watches: Watches
    kind: Kind
    namespace: str | None
    wanted: Test
    seconds: float
    bookmarks: bool

    def run(self, place: int, initial: list[Json], write: Write) -> Literal["ended", "cut"]:
        """Returns when its time is over or it was ended; "cut" when the connection is to break off."""
        store, watches = self.store, self.watches
        end = time.monotonic() + self.seconds
        bookmark_at = time.monotonic() + watches.bookmark_seconds
        ended, cut, errors = watches.ended, watches.cut, watches.errors
        if initial:
            write(b"".join(_line("ADDED", it) for it in initial))
        while True:
            with store.changed:
                left = min(end, bookmark_at if self.bookmarks else end) - time.monotonic()
                store.changed.wait_for(
                    lambda: (
                        (store.count() > place and not watches.are_silent)  # noqa: B023
                        or (watches.ended, watches.cut, watches.errors) != (ended, cut, errors)
                    ),
                    max(left, 0),
                )
                changes = [] if watches.are_silent else store.changes_from(place)
                place += len(changes)
                version = store.version
            told = b"".join(
                _line(*seen)
                for change in changes
                if change.key.kind == self.kind and self.namespace in (None, change.key.namespace)
                if (seen := seen_by(change, self.wanted))
            )
            if told:
                write(told)
            if watches.cut != cut:
                return "cut"
            if watches.errors != errors:
                write(_line("ERROR", expired("too old resource version").status()))
                return "ended"
            if watches.ended != ended or time.monotonic() >= end:
                return "ended"
            if self.bookmarks and time.monotonic() >= bookmark_at and not watches.are_silent:
                bookmark_at = time.monotonic() + watches.bookmark_seconds
                write(_line("BOOKMARK", self._bookmark(version)))
                watches.bookmarks += self.kind.resource == "pods"

    def _bookmark(self, version: int) -> Json:
        mark = {"resourceVersion": str(version), "creationTimestamp": None}
        shown: Json = {"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": mark}
        if self.kind.resource == "pods":
            shown |= {"spec": {"containers": None}, "status": {}}
        return shown


def _line(type_: str, it: Json) -> bytes:
    return json.dumps({"type": type_, "object": it}, separators=(",", ":")).encode() + b"\n"
