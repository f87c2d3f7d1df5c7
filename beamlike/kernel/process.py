"""One process: mailbox, links, monitors, and the one place where signals act (`handle`).

How it executes is left to two kinds: `SteppedProcess` (a coroutine that a scheduler steps) and `GuestProcess` (the
identity of an ordinary asyncio task). All state is touched in the thread of the process's scheduler only.

`state` says what the code is doing:

    NEW ──► READY ──► RUNNING ──► ANY      waits for any message, which is handed to it past the mailbox
             ▲                ├─► WAIT     waits for a message of its choice, or for some time only
             │                ├─► REPLY    waits for the reply to the request `awaited`, and for nothing else
             └── woken ───────┼─► FUTURE   awaits something of asyncio's
                              └─► OVER

    UNBORN, CAREFUL_READY, CAREFUL,  as NEW, READY, RUNNING and REPLY, for what must not take the fast path: it is to be
    CAREFUL_REPLY                    cancelled, is dead and being unwound, is traced or suspended
    GUEST                            a task whose steps are asyncio's business

Semantics: "Processes" and "Signals" of the Erlang reference manual; where a signal from a dead or unknown process
is answered, see `LocalNode.undeliverable`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, Final

from beamlike.kernel import signals, terms
from beamlike.kernel.current_task import EAGER_TASKS, current_task
from beamlike.kernel.errors import NoProcess
from beamlike.kernel.inspected import Inspected
from beamlike.kernel.mailbox import NOTHING, Mailbox, carried_ref
from beamlike.kernel.record import record
from beamlike.kernel.signals import Signal
from beamlike.kernel.terms import Alias, Pid, Reason, Ref, RemoteName
from beamlike.kernel.trace_events import Exited, Linked, LinkedBy, TraceEvent, Unlinked, UnlinkedBy
from beamlike.kernel.watched_inbox import watch_arrivals

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode
    from beamlike.kernel.scheduler import Scheduler
    from beamlike.kernel.tracing import Tracing

logger = logging.getLogger("beamlike.process")

NEW: Final = "new"
READY: Final = "ready"
RUNNING: Final = "running"
ANY: Final = "waiting for any message"
WAIT: Final = "waiting for a message"
REPLY: Final = "waiting for a reply"
FUTURE: Final = "awaiting"
UNBORN: Final = "new, with care"
CAREFUL_READY: Final = "ready, with care"
CAREFUL: Final = "running, with care"
CAREFUL_REPLY: Final = "waiting for a reply, with care"
GUEST: Final = "guest"
OVER: Final = "over"

# Until when an alias is on, in OTP's words.
UNALIAS: Final = "explicit_unalias"
FIRST_REPLY: Final = "reply"
REPLY_DEMONITOR: Final = "reply_demonitor"

PARKED: Final = frozenset((ANY, WAIT, REPLY, CAREFUL_REPLY))


class Rare:
    """What most processes lack, at the price of nothing: made when a process first has any of it.

    What goes by a reference goes by its id, which is as unique and hashes faster.
    """

    __slots__ = (
        "aliases",
        "blocking",
        "callbacks",
        "cancel_message",
        "cancel_requests",
        "careful",
        "deadline",
        "error",
        "failed_guards",
        "inspected",
        "links",
        "monitored_by",
        "monitors",
        "must_cancel",
        "name",
        "reason",
        "registered",
        "requests",
        "thrown",
        "trap_exit",
        "unlinking",
        "waiters",
    )

    def __init__(self) -> None:
        self.name: str | None = None
        self.trap_exit = False
        self.reason: Reason = terms.NORMAL
        # Each with a number that this node drew when the link was made: see `lose_node`.
        self.links: dict[Pid, int] | None = None
        self.unlinking: dict[Pid, int] | None = None
        self.monitors: dict[int, tuple[Ref, Pid | RemoteName]] | None = None
        self.monitored_by: dict[int, signals.Monitor] | None = None
        # Who waits in `call` for a reply of this process.
        self.requests: dict[Process, None] | None = None
        self.aliases: dict[int, str] | None = None
        self.waiters: list[asyncio.Future[None]] | None = None
        # How many messages had another shape than a guard looked for.
        self.failed_guards = 0
        # Whether its steps are to take care.
        self.careful = False
        self.inspected: Inspected | None = None
        self.deadline: UnwindLimit | None = None
        # What asyncio knows of a task.
        self.registered = False
        self.blocking = False
        self.callbacks: list[tuple[Callable[[Any], object], Context]] | None = None
        self.must_cancel = False
        self.cancel_message: Any = None
        self.cancel_requests = 0
        self.thrown: BaseException | None = None
        self.error: BaseException | None = None


class UnwindLimit:
    """How long the code of a process that is dead already may go on."""

    __slots__ = ("_process",)

    def __init__(self, process: Process) -> None:
        self._process = process

    def expire(self) -> None:
        self._process.abandon()


_making = Lock()

NOTHING_RARE: Final = Rare()
"""Read instead of what a process does not have; nobody writes it."""


class Process:
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

    # What the two kinds differ in.

    def unwind(self) -> None:
        """Ends the code of a process that is dead already: cancels it where it waits."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Gives up code that was to be unwound and did not end in time."""
        raise NotImplementedError

    def step(self) -> None:
        """Runs the code up to its next wait, off the fast path. A scheduler calls it; nobody else may."""
        raise NotImplementedError

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
        # First, since it goes deepest: if the sender's stack is too full for that, the message was not sent.
        self.wake()
        if self.inbox is not None:
            self.inbox.append(message)
        elif self.mailbox is not None:
            self.mailbox.put(message)
        else:
            self.inbox = deque((message,))
        if self.state is RUNNING:
            self._count_message_to_itself()

    def _count_message_to_itself(self) -> None:
        """Who fills its own mailbox and receives in turn never waits, and must give way to the others all the same."""
        self.scheduler.credit -= 1
        if self.scheduler.credit < 0:
            self.state = CAREFUL

    def deliver_to_alias(self, alias: Alias, message: Any) -> None:
        if self.awaited is not None and self.awaited.id == alias.id:
            if type(message) is terms.Reply:
                if self.state is CAREFUL_REPLY:
                    self._show(message)
                self.hand_reply(message.value)
            return
        aliases = self._seen.aliases
        until = aliases.get(alias.id) if aliases else None
        if until is UNALIAS:
            self.deliver(message)
        elif until is FIRST_REPLY:
            self.unalias(alias.id)
            self.deliver(message)
        elif until is REPLY_DEMONITOR:
            ref = carried_ref(message)
            if ref is not None and ref.id == alias.id:  # else it is no reply to the request
                self.unalias(alias.id)
                self._close_request(alias.id)
                self.deliver(message)

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
        return CAREFUL_READY if self.rare is not None and self.rare.careful else READY

    def wake(self) -> None:
        """Lets whoever waits for a message look again."""
        if self.state is WAIT or self.state is ANY:
            self.go_on()
        self._wake_waiters()

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

    async def wait_in_task(self) -> None:
        """Waits on a Future, in an asyncio task other than the process itself. NoProcess if the process ends."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rare = self.own_rare()
        if rare.waiters is None:
            rare.waiters = []
        rare.waiters.append(waiter)
        try:
            await waiter
        finally:
            rare.waiters.remove(waiter)
        if self.ended:
            raise NoProcess(f"{self.pid}, whose mailbox this task waited for, ended: {self.reason}")

    def _wake_waiters(self) -> None:
        if self.rare is not None:
            for waiter in self.rare.waiters or ():
                if not waiter.done():
                    waiter.set_result(None)

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

    # Ties, as the process itself makes them.

    def set_trap_exit(self, flag: bool) -> None:
        if flag != self.trap_exit:
            self.own_rare().trap_exit = flag

    def link(self, other: Pid) -> None:
        """Links this process and `other`, which hears of it by a signal."""
        if other != self.pid and not self.has_link(other) and not self.ended:
            self._add_link(other)
            self.trace_event(Linked, other)
            self.node.route(signals.Link(self.pid, other))

    def _add_link(self, other: Pid) -> None:
        rare = self.own_rare()
        if rare.links is None:
            rare.links = {}
        rare.links[other] = self.node.next_id()

    def unlink(self, other: Pid) -> None:
        """No linked exit of `other` enters the mailbox from now on."""
        rare = self.rare
        if rare is None or rare.links is None or rare.links.pop(other, None) is None:
            return
        if rare.unlinking is None:
            rare.unlinking = {}
        self.trace_event(Unlinked, other)
        id = rare.unlinking[other] = self.node.next_id()
        self.node.route(signals.Unlink(self.pid, other, id))

    def has_link(self, other: Pid) -> bool:
        links = self._seen.links
        return links is not None and other in links

    def _drop_link(self, other: Pid) -> bool:
        """Whether there was one."""
        links = self._seen.links
        return links is not None and links.pop(other, None) is not None

    def monitor(self, target: Pid | RemoteName, ref: Ref) -> None:
        if not self.ended:
            self._add_monitor(target, ref)
            try:
                self.node.route(signals.Monitor(self.pid, target, ref))
            except BaseException:
                self.forget_monitor(ref)
                raise

    def _add_monitor(self, target: Pid | RemoteName, ref: Ref) -> None:
        rare = self.own_rare()
        if rare.monitors is None:
            rare.monitors = {}
        rare.monitors[ref.id] = ref, target

    def add_child(self, child: Pid, link: bool, monitor: Ref | None) -> None:
        """The parent's half of the ties that a spawn makes."""
        if link:
            self._add_link(child)
            self.trace_event(Linked, child)
        if monitor is not None:
            self._add_monitor(child, monitor)

    def forget_child(self, child: Pid, monitor: Ref | None) -> None:
        """Takes back `add_child`, silently: the child could not even be asked for."""
        self._drop_link(child)
        if monitor is not None:
            self.forget_monitor(monitor)

    def forget_monitor(self, ref: Ref) -> bool:
        """Takes back a monitor, silently. Whether there was one."""
        monitors = self._seen.monitors
        return monitors is not None and monitors.pop(ref.id, None) is not None

    def add_parent(self, parent: Pid, *, link: bool, monitor: Ref | None) -> None:
        """The child's half."""
        if link:
            self._add_link(parent)
        if monitor is not None:
            self.own_rare().monitored_by = {monitor.id: signals.Monitor(parent, self.pid, monitor)}

    def open_request(self, target: Pid | RemoteName, ref: Ref) -> None:
        self.alias(ref.id, REPLY_DEMONITOR)
        self.monitor(target, ref)

    def _close_request(self, id: int) -> None:
        """The reply has come: with the address of `open_request` goes its monitor."""
        monitors = self._seen.monitors
        monitor = monitors.pop(id, None) if monitors else None
        if monitor is not None:
            self.node.route(signals.Demonitor(self.pid, monitor[1], monitor[0]))

    def has_monitor(self, ref: Ref) -> bool:
        monitors = self._seen.monitors
        return monitors is not None and ref.id in monitors

    def demonitor(self, ref: Ref, flush: bool) -> None:
        self.unalias(ref.id)
        monitors = self._seen.monitors
        monitor = monitors.pop(ref.id, None) if monitors else None
        if monitor is not None:
            self.node.route(signals.Demonitor(self.pid, monitor[1], ref))
        if flush and (self.mailbox or self.inbox):
            mailbox = self.open_mailbox()
            mailbox.take_ref(ref)
            self.close_mailbox(mailbox)

    def alias(self, id: int, until: str) -> None:
        rare = self.own_rare()
        if rare.aliases is None:
            rare.aliases = {}
        rare.aliases[id] = until

    def has_alias(self, id: int) -> bool:
        aliases = self._seen.aliases
        return aliases is not None and id in aliases

    def unalias(self, id: int) -> None:
        aliases = self._seen.aliases
        if aliases:
            aliases.pop(id, None)

    # Signals.

    def handle(self, signal: Signal) -> None:
        """The one place where signals act. Runs in the thread of this process's scheduler."""
        if self.pid.process is None:
            self.node.undeliverable(signal)
        else:
            _HANDLERS[type(signal)](self, signal)

    def _handle_send(self, signal: signals.Send) -> None:
        if isinstance(signal.target, Alias):
            self.deliver_to_alias(signal.target, signal.message)
        else:
            self.deliver(signal.message)

    def _handle_monitor(self, signal: signals.Monitor) -> None:
        rare = self.own_rare()
        if rare.monitored_by is None:
            rare.monitored_by = {}
        rare.monitored_by[signal.ref.id] = signal

    def _handle_demonitor(self, signal: signals.Demonitor) -> None:
        if self.rare is not None and self.rare.monitored_by:
            self.rare.monitored_by.pop(signal.ref.id, None)

    def _handle_link(self, signal: signals.Link) -> None:
        # While an unlink of ours is not acknowledged both ends agree on "no link".
        unlinking = self._seen.unlinking
        if not (unlinking and signal.source in unlinking):
            self._add_link(signal.source)
            self.trace_event(LinkedBy, signal.source)

    def _handle_unlink(self, signal: signals.Unlink) -> None:
        if self._drop_link(signal.source):
            self.trace_event(UnlinkedBy, signal.source)
        self.node.route(signals.UnlinkAck(self.pid, signal.source, signal.id))

    def _handle_unlink_ack(self, signal: signals.UnlinkAck) -> None:
        unlinking = self._seen.unlinking
        if unlinking and unlinking.get(signal.source) == signal.id:
            del unlinking[signal.source]

    def _handle_exit(self, signal: signals.Exit) -> None:
        # A reason is any term, and some (arrays) cannot be compared with a word.
        reason = signal.reason
        word = reason if isinstance(reason, str) else None
        if signal.linked:
            if not self._drop_link(signal.source):
                return
            self.trace_event(UnlinkedBy, signal.source)
        elif word == terms.KILL:
            self.end(terms.KILLED)
            return
        if self.rare is not None and self.rare.trap_exit:
            self.deliver(terms.Exit(signal.source, reason))
        elif word != terms.NORMAL or signal.source == self.pid:
            self.end(reason)

    def _handle_down(self, signal: signals.Down) -> None:
        self.hear_of_end(signal.ref, signal.source, signal.reason)

    def hear_of_end(self, ref: Ref, target: Pid | RemoteName, reason: Reason) -> None:
        rare = self.rare
        if rare is not None and rare.monitors and rare.monitors.pop(ref.id, None) is not None:
            if rare.aliases:
                rare.aliases.pop(ref.id, None)
            self.deliver(terms.Down(ref, target, reason))

    def lose_node(self, node: str, before: int) -> None:
        """Ties to a node that is gone end with "noconnection".

        Those that were made since it came back stay, should this process hear of the loss as late as that: they have a
        number, drawn when they were made, that is not below `before`.
        """
        rare = self.rare
        if rare is None:
            return
        if rare.unlinking:
            rare.unlinking = {pid: id for pid, id in rare.unlinking.items() if pid.node != node or id >= before}
        if rare.monitored_by:
            rare.monitored_by = {id: it for id, it in rare.monitored_by.items() if it.source.node != node}
        for ref, target in tuple((rare.monitors or {}).values()):
            if (target.node if isinstance(target, Pid) else target[1]) == node and ref.id < before:
                self.scheduler.dispatch(self, signals.Down(target, self.pid, ref, terms.NOCONNECTION))
        for pid, id in tuple((rare.links or {}).items()):
            if pid.node == node and id < before:
                self.scheduler.dispatch(self, signals.Exit(pid, self.pid, terms.NOCONNECTION, linked=True))

    def trace_event(self, event: Callable[..., TraceEvent], *about: Any) -> None:
        """Tells the tracer, if there is one, of what a process does with others."""
        tracing = self.tracing
        if tracing is not None:
            tracing.happened(event(self.pid, *about))

    # The end.

    def end(self, reason: Reason) -> None:
        """Dies for `reason`: first the names are free, then links and monitors fire, then the code is unwound."""
        if self.settle(reason):
            try:
                self.unwind()
            except Exception:  # of what it awaits; others are still to be told
                logger.exception("the code of %s could not be told of its end", self.pid)

    def settle(self, reason: Reason) -> bool:
        """All of dying but the code. False if the process was dead already: the first reason stands."""
        pid = self.pid
        if pid.process is None:
            return False
        if self.state is RUNNING or self.state is CAREFUL:
            self.scheduler.checks_senders = True
        rare = self.rare
        if rare is None:
            if reason is terms.NORMAL:
                self.node.forget(self)
                self.inbox = self.mailbox = None
                return True
            rare = self.own_rare()
        rare.reason = reason
        rare.careful = True
        self.node.forget(self)
        self.inbox = self.mailbox = None
        if rare.waiters is not None:
            self._wake_waiters()
        self._cut_ties(rare, pid, reason)
        if rare.inspected is not None:
            self._end_inspection(rare.inspected, reason)
        return True

    def _end_inspection(self, inspected: Inspected, reason: Reason) -> None:
        tracing = inspected.tracing
        if tracing is not None:
            tracing.happened(Exited(self.pid, reason))
            tracing.end()
        inspected.limit = None  # which holds this process
        for pid in inspected.suspending:
            other = pid.process
            if other is not None:
                other.scheduler.call(other.resume_fully, self.pid)

    def _cut_ties(self, rare: Rare, pid: Pid, reason: Reason) -> None:
        rare.unlinking = rare.aliases = None
        if rare.links is not None:
            links, rare.links = rare.links, None
            for other in links:
                self._tell_link(other, signals.Exit(pid, other, reason, linked=True))
        if rare.monitored_by is not None:
            watches, rare.monitored_by = rare.monitored_by, None
            for watch in watches.values():
                self._tell_watcher(watch, reason)
        if rare.requests is not None:
            requests, rare.requests = rare.requests, None
            for asker in tuple(requests):
                asker.hand_reply(Failed(reason, False))
        if rare.monitors is not None:
            monitors, rare.monitors = rare.monitors, None
            for ref, target in monitors.values():
                self._tell(signals.Demonitor(pid, target, ref))

    def _tell_link(self, other: Pid, news: signals.Exit) -> None:
        partner = other.process
        if partner is not None and partner.scheduler is self.scheduler:
            self.scheduler.dispatch(partner, news)
        else:
            self._tell(news)

    def _tell_watcher(self, watch: signals.Monitor, reason: Reason) -> None:
        watcher = watch.source.process
        if watcher is not None and watcher.scheduler is self.scheduler:
            watcher.hear_of_end(watch.ref, watch.target, reason)
        else:
            self._tell(signals.Down(watch.target, watch.source, watch.ref, reason))

    def _tell(self, news: signals.Exit | signals.Down | signals.Demonitor) -> None:
        """Routes a signal of the end; one that cannot be sent keeps nobody else from being told."""
        try:
            self.node.route(news)
        except Exception:
            logger.exception("%s could not tell %s of its end", self.pid, news.target)


@record
class Failed:
    """In place of a reply: this request came to nothing. The server goes on, unless `server_lives` says otherwise."""

    reason: Reason
    server_lives: bool = True


class _TimedOut:
    def __repr__(self) -> str:
        return "TIMED_OUT"


TIMED_OUT: Final = _TimedOut()
"""The reason where the time is up."""


_HANDLERS: Final[dict[type, Callable[[Process, Any], None]]] = {
    signals.Send: Process._handle_send,
    signals.Monitor: Process._handle_monitor,
    signals.Demonitor: Process._handle_demonitor,
    signals.Exit: Process._handle_exit,
    signals.Down: Process._handle_down,
    signals.Link: Process._handle_link,
    signals.Unlink: Process._handle_unlink,
    signals.UnlinkAck: Process._handle_unlink_ack,
}
