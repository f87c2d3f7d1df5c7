"""What a process is to those who send to it and to the code that receives: its mailbox, and its waits.

All state is touched in the thread of the process's scheduler only. A waiting process is woken by a message, by a reply
that is handed to it, or by whoever resumes it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any

from beamlike.kernel.current_task import EAGER_TASKS, current_task
from beamlike.kernel.errors import NoProcess
from beamlike.kernel.failed import TIMED_OUT, Failed
from beamlike.kernel.inspected import Inspected
from beamlike.kernel.mailbox import NOTHING, Mailbox, carried_ref
from beamlike.kernel.rare import NOTHING_RARE, Backlog, Rare, Waiters
from beamlike.kernel.states import ANY, CAREFUL, CAREFUL_READY, CAREFUL_REPLY, GUEST, READY, REPLY, RUNNING, WAIT
from beamlike.kernel.terms import Alias, Pid, Reason, RemoteName
from beamlike.kernel.watched_inbox import watch_arrivals

if TYPE_CHECKING:
    from beamlike.kernel.inspection.tracing import Tracing
    from beamlike.kernel.node import LocalNode
    from beamlike.kernel.process import Process
    from beamlike.kernel.scheduler import Scheduler

_making = Lock()


class Receiver:
    __slots__ = ("__weakref__", "awaited", "inbox", "mailbox", "node", "pid", "rare", "scheduler", "slot", "state")

    node: LocalNode
    pid: Pid
    scheduler: Scheduler
    state: str
    slot: Any
    """What the code will find when it next runs: the message that was handed over. Before its first run the arguments,
    after its last the result."""
    awaited: Alias | None
    """The request whose reply it waits for."""
    inbox: deque[Any] | None
    """The messages in order, while they are taken in that order."""
    mailbox: Mailbox | None
    """The messages instead of `inbox`, while somebody takes them by a guard, by reference or from a child task."""
    rare: Rare | None

    def stay_careful(self) -> None:
        """Has each step of the code from now on be a careful one, and wakes it for no other reason."""
        raise NotImplementedError

    # What there is to know. Any thread may ask.

    @property
    def ended(self) -> bool:
        return self.pid.process is None

    @property
    def reason(self) -> Reason:
        """Why it ended; without a meaning before."""
        return self._seen.reason

    @property
    def name(self) -> str | None:
        return self._seen.name

    @property
    def trap_exit(self) -> bool:
        return self._seen.trap_exit

    @property
    def links(self) -> frozenset[Pid]:
        return frozenset(tuple(self._seen.links or ()))

    @property
    def monitors(self) -> tuple[Pid | RemoteName, ...]:
        return tuple(target for _, target in tuple((self._seen.monitors or {}).values()))

    @property
    def monitored_by(self) -> tuple[Pid, ...]:
        watchers = tuple(monitor.source for monitor in tuple((self._seen.monitored_by or {}).values()))
        return watchers + tuple(process.pid for process in tuple(self._seen.requests or ()))

    @property
    def aliases(self) -> frozenset[int]:
        return frozenset(self._seen.aliases or ())

    @property
    def failed_guards(self) -> int:
        return self._seen.failed_guards

    @property
    def inspected(self) -> Inspected | None:
        return self._seen.inspected

    @property
    def tracing(self) -> Tracing | None:
        inspected = self._seen.inspected
        return inspected.tracing if inspected is not None else None

    @property
    def is_suspended(self) -> bool:
        inspected = self._seen.inspected
        return inspected is not None and bool(inspected.suspended_by)

    @property
    def message_queue_len(self) -> int:
        """How many messages have come and were not taken yet."""
        queue = self.mailbox if self.mailbox is not None else self.inbox
        return (len(queue) if queue is not None else 0) + self._holds_message

    @property
    def _holds_message(self) -> bool:
        """Whether a message was handed over that the code has not seen yet."""
        return self.state is READY and self.slot is not None and self.awaited is None

    @property
    def runs(self) -> bool:
        """Whether its own code is what runs in its thread just now."""
        return (
            (self.state is RUNNING or self.state is CAREFUL)
            and self.scheduler.thread_id == get_ident()
            and (not EAGER_TASKS or current_task() is self)
        )

    @property
    def _seen(self) -> Rare:
        return self.rare or NOTHING_RARE

    def own_requests(self) -> dict[Process, None]:
        rare = self.own_rare()
        if rare.requests is None:
            rare.requests = {}
        return rare.requests

    def own_rare(self) -> Rare:
        """To write to. Any thread may ask, to register a name for one."""
        rare = self.rare
        if rare is None:
            with _making:
                rare = self.rare
                if rare is None:
                    rare = self.rare = Rare()
        return rare

    def own_inspected(self) -> Inspected:
        rare = self.own_rare()
        if rare.inspected is None:
            rare.inspected = Inspected()
        return rare.inspected

    # Messages.

    def messages(self) -> Iterator[Any]:
        """What has come and was not taken yet, oldest first."""
        if self._holds_message:
            yield self.slot
        yield from tuple(self.mailbox or self.inbox or ())

    def deliver(self, message: Any) -> None:
        state, rare = self.state, self.rare
        # First, since it goes deepest: if the sender's stack is too full for that, the message was not sent.
        if state is ANY or state is WAIT:
            self.go_on()
        if rare is not None and rare.waiters:
            self._wake_whose_it_is(message, rare.waiters)
        if self.inbox is not None:
            self.inbox.append(message)
        elif self.mailbox is not None:
            self.mailbox.put(message)
        else:
            self.inbox = deque((message,))
        if state is RUNNING:
            self._count_message_to_itself()

    def _count_message_to_itself(self) -> None:
        """Who fills its own mailbox and receives in turn never waits, and must give way to the others all the same."""
        self.scheduler.credit -= 1
        if self.scheduler.credit < 0:
            self.state = CAREFUL

    def expire(self) -> None:
        """The time for a reply is up."""
        self.hand_reply(Failed(TIMED_OUT))

    def refuse(self, error: Exception) -> None:
        """What it gave as the time for a reply is no time."""
        if self.state is REPLY or self.state is CAREFUL_REPLY:
            rare = self.own_rare()
            rare.thrown, rare.careful = error, True
            self.go_on()

    def hand_reply(self, answer: Any) -> None:
        """Gives a process in `call` what it waits for."""
        if self.state is REPLY or self.state is CAREFUL_REPLY:
            self.slot = answer
            self.go_on()

    def go_on(self) -> None:
        """Lets the code run again, after those that are ready."""
        state = self.awake
        self.scheduler.ready(self)
        self.state = state  # last, so that it is not taken for ready if the stack of the caller was too full for that

    @property
    def is_due(self) -> bool:
        """Whether something is to be raised in the code, so that it must not wait for a message."""
        return self.rare is not None and (self.rare.must_cancel or self.rare.thrown is not None)

    @property
    def awake(self) -> str:
        """The state in which the code waits for its next step."""
        rare = self.rare
        return CAREFUL_READY if rare is not None and (rare.careful or rare.backlog is not None) else READY

    def wake(self) -> None:
        """Lets whoever waits for a message look again."""
        if self.state is WAIT or self.state is ANY:
            self.go_on()
        self._wake_waiters()

    @property
    def can_be_held(self) -> bool:
        """Whether its own code is what runs just now, so that it may be made to wait at its next receive."""
        return self.runs or (self.state is GUEST and self.scheduler.thread_id == get_ident())

    def hold_back(self, backlog: Backlog) -> None:
        """Has it wait at its next receive until there is room in what waits to leave for another node."""
        self.own_rare().backlog = backlog
        if self.state is RUNNING:
            self.state = CAREFUL

    def open_mailbox(self) -> Mailbox:
        """For who takes messages otherwise than in their order. Must be followed by `close_mailbox`."""
        if self.mailbox is None:
            self.mailbox = Mailbox(self.inbox)
            self.inbox = None
            if self.state is ANY:  # or a message that is reserved for somebody else would be handed to it
                self.state = WAIT
        self.mailbox.users += 1
        return self.mailbox

    def close_mailbox(self, mailbox: Mailbox) -> None:
        mailbox.users -= 1
        if mailbox.failed_guards:
            self.own_rare().failed_guards += mailbox.failed_guards
            mailbox.failed_guards = 0
        self._leave_mailbox(mailbox)

    def _leave_mailbox(self, mailbox: Mailbox) -> None:
        """Goes back to `inbox` as soon as the mailbox is of no more use than that."""
        if not mailbox.users and mailbox is self.mailbox and mailbox.is_plain():
            self.inbox = mailbox.plain()
            self.mailbox = None

    def take_next(self) -> Any:
        """The oldest message; NOTHING if there is none."""
        if self.mailbox is not None:
            message = self.mailbox.take()
            self._leave_mailbox(self.mailbox)
            return message
        return self.inbox.popleft() if self.inbox else NOTHING

    async def wait_in_task(self, ref: int | None) -> None:
        """Waits on a Future, in an asyncio task other than the process itself: for a message that carries the reference
        of this id, which is reserved, or for any other. NoProcess if the process ends."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rare = self.own_rare()
        if rare.waiters is None:
            rare.waiters = {}
        waiting = rare.waiters.setdefault(ref, [])
        waiting.append(waiter)
        try:
            await waiter
        finally:
            waiting.remove(waiter)
            if not waiting:
                del rare.waiters[ref]
        if self.ended:
            raise NoProcess(f"{self.pid}, whose mailbox this task waited for, ended: {self.reason}")

    def _wake_waiters(self) -> None:
        if self.rare is not None and self.rare.waiters:
            for waiting in self.rare.waiters.values():
                _wake(waiting)

    def _wake_whose_it_is(self, message: Any, waiters: Waiters) -> None:
        """Of many tasks that wait, each for its own answer, one; what nobody has reserved is for all the others."""
        ref = carried_ref(message)
        _wake(waiters.get(ref.id if ref is not None and ref.id in waiters else None, ()))

    def _show(self, message: Any) -> None:
        """Tells those who watch what comes of a message that goes past the queue."""
        for watch in self.own_inspected().arrival_watches:
            watch.arrived(message)

    def watch_arrivals(self) -> None:
        """Has the queue tell those who are to hear of each message, of whom there are others than before."""
        watch_arrivals(self, self.own_inspected().arrival_watches)

    # Suspension.

    def suspend(self, by: Pid) -> None:
        """Runs no code until each has resumed it as often as it has suspended it."""
        if not self.ended:
            counts = self.own_inspected().suspended_by
            counts[by] = counts.get(by, 0) + 1
            self.stay_careful()

    def resume_once(self, by: Pid) -> None:
        """Takes back one `suspend`."""
        counts = self.own_inspected().suspended_by
        if counts.get(by, 0) > 1:
            counts[by] -= 1
        else:
            self.resume_fully(by)

    def resume_fully(self, by: Pid) -> None:
        """Takes back all that `by` has suspended."""
        inspected = self.own_inspected()
        inspected.suspended_by.pop(by, None)
        if inspected.aside and not inspected.suspended_by:
            inspected.aside = False
            self.scheduler.ready(self)


def _wake(waiting: Iterable[asyncio.Future[None]]) -> None:
    for waiter in waiting:
        if not waiter.done():
            waiter.set_result(None)
