"""What the cluster knows: objects, the version of each, and the changes that led here, as etcd keeps them.

An object is never changed in place: a change puts another in its stead, so whoever has one may keep it. Versions count
all changes of all kinds. Whoever asks for changes before `compacted` is refused; who has asked already is still told,
as of a server that has them in its memory.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Literal, NamedTuple

from tests.support.kubernetes_world.description import Json
from tests.support.kubernetes_world.kinds import Kind
from tests.support.kubernetes_world.refusals import already_exists, from_the_future, not_found, too_old

FIRST_VERSION = 1000


class Key(NamedTuple):
    kind: Kind
    namespace: str
    name: str


class Change(NamedTuple):
    version: int
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    key: Key
    object: Json
    before: Json | None


class Store:
    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        """Held for each change, and told of each."""
        self.version = FIRST_VERSION
        self.compacted = 0
        self._objects: dict[Key, Json] = {}
        self._changes: list[Change] = []

    def find(self, key: Key) -> Json | None:
        return self._objects.get(key)

    def get(self, key: Key) -> Json:
        if (found := self.find(key)) is None:
            raise not_found(key.kind.resource, key.kind.group, key.name)
        return found

    def objects(self, kind: Kind, namespace: str | None = None) -> list[Json]:
        with self.changed:
            keys = [it for it in self._objects if it.kind == kind and namespace in (None, it.namespace)]
            return [self._objects[key] for key in sorted(keys, key=lambda key: (key.namespace, key.name))]

    def every(self) -> list[tuple[Key, Json]]:
        with self.changed:
            return list(self._objects.items())

    def add(self, key: Key, it: Json) -> Json:
        with self.changed:
            if key in self._objects:
                raise already_exists(key.kind.resource, key.kind.group, key.name)
            return self._put("ADDED", key, it)

    def change(self, key: Key, how: Callable[[Json], None]) -> Json:
        """`how` changes a copy of it in place; what leaves it as it is makes no new version."""
        with self.changed:
            before = self.get(key)
            after = copy.deepcopy(before)
            how(after)
            return before if after == before else self._put("MODIFIED", key, after)

    def remove(self, key: Key) -> Json:
        with self.changed:
            return self._put("DELETED", key, copy.deepcopy(self.get(key)))

    def _put(self, type_: Literal["ADDED", "MODIFIED", "DELETED"], key: Key, it: Json) -> Json:
        self.version += 1
        it["metadata"]["resourceVersion"] = str(self.version)
        self._changes.append(Change(self.version, type_, key, it, self._objects.get(key)))
        if type_ == "DELETED":
            del self._objects[key]
        else:
            self._objects[key] = it
        self.changed.notify_all()
        return it

    def compact(self) -> None:
        """From now on all changes so far are forgotten."""
        with self.changed:
            self.version += 1  # so that the version which everybody has is one of those forgotten
            self.compacted = self.version
            self.changed.notify_all()

    def at(self, kind: Kind, version: int) -> list[Json]:
        """The objects as they were at that version."""
        with self.changed:
            self.check(version)
            found = {key: it for key, it in self._objects.items() if key.kind == kind}
            for change in reversed(self._changes):
                if change.version <= version:
                    break
                if change.key.kind != kind:
                    continue
                if change.before is None:
                    found.pop(change.key, None)
                else:
                    found[change.key] = change.before
            return [found[key] for key in sorted(found, key=lambda key: (key.namespace, key.name))]

    def check(self, version: int) -> None:
        """Refused unless the changes since then are known."""
        if version < self.compacted:
            raise too_old(version, self.compacted)
        if version > self.version:
            raise from_the_future(version, self.version)

    def since(self, version: int) -> int:
        """Where the changes after that version begin, for `changes_from`."""
        with self.changed:
            self.check(version)
            place = len(self._changes)
            while place and self._changes[place - 1].version > version:
                place -= 1
            return place

    def count(self) -> int:
        """Of all changes ever; where the next one will stand."""
        return len(self._changes)

    def changes_from(self, place: int) -> list[Change]:
        return self._changes[place:]


def seen_by(change: Change, wanted: Callable[[Json], bool]) -> tuple[str, Json] | None:
    """The change as one sees it who asked for some objects: what begins to be wanted is added, what ceases, deleted."""
    was = change.before is not None and wanted(change.before)
    if change.type == "DELETED":
        return ("DELETED", change.object) if was else None
    now = wanted(change.object)
    match was, now:
        case True, True:
            return "MODIFIED", change.object
        case False, True:
            return "ADDED", change.object
        case True, False:
            gone = copy.deepcopy(change.before)
            assert gone is not None, "it was wanted"
            gone["metadata"]["resourceVersion"] = change.object["metadata"]["resourceVersion"]
            return "DELETED", gone
    return None
