"""Selective receive over two queues; knows no asyncio and no process.

`fresh` holds what nobody has looked at, `seen` what the receive in progress has looked at and skipped, in order of
arrival. A receive that waits resumes with `fresh` alone, so each message meets its predicate once; the next receive
starts from the oldest. What carries a reference (a Reply, a Down, a tuple that opens with a Ref) can be taken by it
in constant time: the index is built when a process first asks and kept from then on.

Child tasks of a process share its mailbox. So a message that one of them waits for by its reference is reserved: no
other receive takes it, or a server's loop would handle the replies to its child tasks' calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from beamlike.kernel.terms import Down, Ref, Reply, SpawnReply

Guard = Callable[[Any], Any]

NO_MATCH_ERRORS = (TypeError, IndexError, KeyError, AttributeError)
"""What a guard may raise about a message that has another shape than it looks for."""


class _Nothing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


def carried_ref(message: Any) -> Ref | None:
    """The reference by which `receive(ref=...)` finds this message, if it has one."""
    kind = type(message)
    if kind is Reply or kind is Down or kind is SpawnReply:
        return message.ref  # type: ignore[no-any-return]
    if kind is tuple and message and type(message[0]) is Ref:
        return message[0]
    return None


class Mailbox:
    __slots__ = ("_awaited", "_by_ref", "_gone", "_scanner", "_taken", "failed_guards", "fresh", "seen", "users")

    def __init__(self, fresh: deque[Any] | None = None) -> None:
        # Each is made when first needed.
        self.fresh = fresh
        self.seen: deque[Any] | None = None
        self.failed_guards = 0
        self.users = 0
        """How many receives are going on in it."""
        self._scanner: Guard | None = None
        # One message by its reference, or the deque of those that carry the same.
        self._by_ref: dict[int, Any] | None = None
        # How many wait for a message by this reference.
        self._awaited: dict[int, int] | None = None
        # Messages that were taken by reference still stand in the queues: how often, by identity, and how many in all.
        self._taken: dict[int, int] | None = None
        self._gone = 0

    def __len__(self) -> int:
        return len(self.fresh or ()) + len(self.seen or ()) - self._gone

    def __iter__(self) -> Iterator[Any]:
        """The messages, oldest first."""
        taken = dict(self._taken or {})
        for message in (*(self.seen or ()), *(self.fresh or ())):
            if taken and taken.get(id(message)):
                taken[id(message)] -= 1
            else:
                yield message

    def is_plain(self) -> bool:
        """Whether `fresh` alone says all that this mailbox knows."""
        return not len(self) or (self._by_ref is None and not self.seen)

    def plain(self) -> deque[Any] | None:
        """The messages of a plain one. A queue that is watched stays in use even where it is empty."""
        if len(self) or self.fresh is None:
            return self.fresh
        self.fresh.clear()
        return None if type(self.fresh) is deque else self.fresh

    def put(self, message: Any) -> None:
        if self.fresh is None:
            self.fresh = deque((message,))
        else:
            self.fresh.append(message)
        if self._by_ref is not None:
            self._index(message, self._by_ref)

    def put_back(self, message: Any) -> None:
        """Puts a message in front of all others: it was taken out and nobody has seen it."""
        self._scanner = None
        if self.seen:
            self.seen.appendleft(message)
        elif self.fresh is None:
            self.fresh = deque((message,))
        else:
            self.fresh.appendleft(message)
        if self._by_ref is not None:
            self._by_ref = None
            self._make_index()

    def take(self) -> Any:
        """The oldest message; NOTHING if there is none."""
        if self.seen or self._by_ref is not None:
            return self._take_oldest()
        return self.fresh.popleft() if self.fresh else NOTHING

    def select(self, guard: Guard) -> Any:
        """Begins a receive: the first message that `guard` accepts, out of all; NOTHING if there is none."""
        self._scanner = None
        if self.seen:
            position = self._find_seen(guard)
            if position is not None:
                message = self.seen[position]
                del self.seen[position]
                return self._out(message)
        return self._scan_fresh(guard)

    def resume(self, guard: Guard) -> Any:
        """Goes on with a receive that waited: looks only at what it has not skipped already."""
        if self._scanner is not guard:
            return self.select(guard)
        if self._gone and self.seen:
            self.seen = self._without_taken(self.seen)
        return self._scan_fresh(guard)

    def take_ref(self, ref: Ref) -> Any:
        """The oldest message that carries `ref`; NOTHING if there is none."""
        by_ref = self._by_ref if self._by_ref is not None else self._make_index()
        message = by_ref.pop(ref.id, NOTHING)
        if message is NOTHING:
            return NOTHING
        several: deque[Any] | None = None
        if type(message) is deque:
            several = message
            message = several.popleft()
            by_ref[ref.id] = several if len(several) > 1 else several[0]
        if several or (self._taken and id(message) in self._taken) or not self._pop_end(message):
            self._mark_taken(message)
        return message

    def reserve(self, ref: Ref) -> None:
        """From now on only `take_ref` takes what carries `ref`."""
        if self._awaited is None:
            self._awaited = {}
        if self._by_ref is None:
            self._make_index()
        self._awaited[ref.id] = self._awaited.get(ref.id, 0) + 1

    def release(self, ref: Ref) -> bool:
        """Takes back one `reserve`. Whether a message is there that nobody could take and now anybody may."""
        assert self._awaited is not None
        waiting = self._awaited.pop(ref.id) - 1
        if waiting:
            self._awaited[ref.id] = waiting
        elif ref.id in (self._by_ref or ()):
            self._scanner = None  # it may have passed over that message
            return True
        return False

    def is_awaited(self, ref: Ref) -> bool:
        """Whether a receive waits for a message by this reference."""
        return self._awaited is not None and ref.id in self._awaited

    def _is_reserved(self, message: Any) -> bool:
        if not self._awaited:
            return False
        ref = carried_ref(message)
        return ref is not None and ref.id in self._awaited

    def _pop_end(self, message: Any) -> bool:
        """Takes a message out where that is cheap: at an end of the queue, where replies mostly stand."""
        fresh = self.fresh
        if fresh:
            if fresh[-1] is message:
                fresh.pop()
                return True
            if fresh[0] is message:
                fresh.popleft()
                return True
        if self.seen and self.seen[-1] is message:
            self.seen.pop()
            return True
        return False

    def _take_oldest(self) -> Any:
        for queue in (self.seen, self.fresh):
            reserved: list[Any] = []
            while queue:
                message = queue.popleft()
                if self._was_taken(message):
                    continue
                if not self._is_reserved(message):
                    queue.extendleft(reversed(reserved))
                    return self._out(message)
                reserved.append(message)
            if reserved:
                queue.extend(reserved)  # type: ignore[union-attr]  # a queue that is not there reserves nothing
        return NOTHING

    def _find_seen(self, guard: Guard) -> int | None:
        assert self.seen is not None
        if self._gone:
            self.seen = self._without_taken(self.seen)
        for position, message in enumerate(self.seen):
            try:
                if not self._is_reserved(message) and guard(message):
                    return position
            except NO_MATCH_ERRORS:
                self.failed_guards += 1
        return None

    def _scan_fresh(self, guard: Guard) -> Any:
        fresh = self.fresh
        while fresh:
            message = fresh.popleft()
            if self._gone and self._was_taken(message):
                continue
            try:
                passed_over = self._is_reserved(message) or not guard(message)
            except NO_MATCH_ERRORS:
                self.failed_guards += 1
                passed_over = True
            except BaseException:
                fresh.appendleft(message)
                raise
            if not passed_over:
                return self._out(message)
            if self.seen is None:
                self.seen = deque()
            self.seen.append(message)
        self._scanner = guard
        return NOTHING

    def _mark_taken(self, message: Any) -> None:
        if self._taken is None:
            self._taken = {}
        self._taken[id(message)] = self._taken.get(id(message), 0) + 1
        self._gone += 1
        if self._gone > len(self):  # more than half of all places, so sweeping costs a constant per message
            self.seen = self._without_taken(self.seen or ())
            if self.fresh:
                left = self._without_taken(self.fresh)
                self.fresh.clear()
                self.fresh.extend(left)

    def _without_taken(self, messages: Iterable[Any]) -> deque[Any]:
        return deque(message for message in messages if not self._was_taken(message))

    def _was_taken(self, message: Any) -> bool:
        if not self._taken:
            return False
        times = self._taken.get(id(message))
        if times is None:
            return False
        self._gone -= 1
        if times == 1:
            del self._taken[id(message)]
        else:
            self._taken[id(message)] = times - 1
        return True

    def _out(self, message: Any) -> Any:
        """Forgets the index entry of a message that leaves by another way than its reference."""
        if self._by_ref is not None:
            ref = carried_ref(message)
            if ref is not None:
                self._forget_reference(ref.id, message, self._by_ref)
        return message

    @staticmethod
    def _forget_reference(id: int, message: Any, by_ref: dict[int, Any]) -> None:
        several = by_ref[id]
        if type(several) is not deque:
            del by_ref[id]
            return
        # By identity: two messages may not be comparable (arrays).
        del several[next(place for place, other in enumerate(several) if other is message)]
        if len(several) == 1:
            by_ref[id] = several[0]

    def _make_index(self) -> dict[int, Any]:
        by_ref: dict[int, Any] = {}
        self._by_ref = by_ref
        for message in self:
            self._index(message, by_ref)
        return by_ref

    @staticmethod
    def _index(message: Any, by_ref: dict[int, Any]) -> None:
        ref = carried_ref(message)
        if ref is None:
            return
        if ref.id not in by_ref:
            by_ref[ref.id] = message
        elif type(already := by_ref[ref.id]) is deque:
            already.append(message)
        else:
            by_ref[ref.id] = deque((already, message))
