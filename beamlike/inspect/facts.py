"""What there is to know of a node, as values: records of numbers, texts, pids and each other, and of nothing else.

So they travel as plain terms: who looks is never sent, and never sends, anything that could run. Of a user's object
there is only what its type says, never its `repr`: a look must not run code of the service.

Times are seconds; `at` counts from the epoch. Sizes are bytes. A rate is None until two looks lie far enough apart.
"""

from __future__ import annotations

from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.thread_stack import Place


@frozen
class ProcessFacts:
    """A process. `kind` is "process", or "task" for the identity of an asyncio task. `state` is "running", "runnable",
    "waiting" or "suspended"; `waits_for` says in words what a waiting one waits for. `place` is the innermost line of
    the service's own code in it, `stack` how it came there, outermost first (only if asked for). `queue` is the length
    of its mailbox. `monitors` are pids or names. `parent` is its supervisor, as far as one of this node says so.
    `memory` is an estimate from below. The rates are over the time since the last look that asked for them:
    `steps_per_s` counts how often it was resumed (None for a task), `messages_per_s` what came into its mailbox.
    """

    pid: Pid
    kind: str
    name: str | None
    label: str | None
    state: str
    waits_for: str
    initial_call: str
    place: Place | None
    queue: int
    memory: int
    links: tuple[Pid, ...] = ()
    monitors: tuple[str, ...] = ()
    monitored_by: tuple[Pid, ...] = ()
    trap_exit: bool = False
    parent: Pid | None = None
    thread: str = ""
    stack: tuple[Place, ...] = ()
    messages_per_s: float | None = None
    steps_per_s: float | None = None


@frozen
class TaskFacts:
    """An asyncio task of the service. `number` tells two of one name apart for as long as both live. `state` is
    "running", "ready" or "waiting". `waits_for` is what it waits for in words ("task 'fetch'", "a timer", "a lock");
    `waits_for_tasks` and `awaited_by` are numbers of tasks. `stack` goes from the outermost line to the innermost."""

    number: int
    name: str
    coroutine: str
    state: str
    waits_for: str
    place: Place | None
    stack: tuple[Place, ...] = ()
    waits_for_tasks: tuple[int, ...] = ()
    awaited_by: tuple[int, ...] = ()
    pid: Pid | None = None
    thread: str = ""


@frozen
class ThreadFacts:
    """A thread. `loop` says that an event loop runs in it. `cpu_seconds` is None where the system does not tell."""

    number: int
    native_id: int | None
    name: str
    daemon: bool
    loop: bool
    cpu_seconds: float | None
    place: Place | None
    stack: tuple[Place, ...] = ()


@frozen
class StallFacts:
    """An event loop that did not turn for `seconds`, and what ran meanwhile, as far as it was seen."""

    at: float
    seconds: float
    who: str
    place: Place | None
    stack: tuple[Place, ...] = ()


@frozen
class LagHistogram:
    """How late the loop came to what was due. `counts[i]` lags were at most `bounds[i]` seconds, and more than the
    bound before; the last count is of those above all bounds.

    >>> lags = LagHistogram(bounds=(0.001, 0.01), counts=(98, 1, 1), total=0.5, longest=0.4)
    >>> lags.count, lags.quantile(0.5), lags.quantile(0.99), lags.quantile(1.0)
    (100, 0.001, 0.01, 0.4)
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float
    longest: float

    @property
    def count(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """An upper bound of the lag that this share of them does not exceed; 0 without any."""
        left = share * self.count
        for bound, count in zip(self.bounds, self.counts, strict=False):
            left -= count
            if left <= 1e-9:
                return min(bound, self.longest)
        return self.longest


@frozen
class LoopFacts:
    """An event loop of the node. `kind` is the class of the loop. It is measured only while somebody looks at it:
    `measured` says for how many seconds that has been so. `stall` is the one that goes on, `worst` the longest ones
    since the measuring began, the longest first."""

    thread: str
    kind: str
    debug: bool
    measured: float
    lags: LagHistogram
    worst: tuple[StallFacts, ...] = ()
    stall: StallFacts | None = None


@frozen
class GcFacts:
    """The garbage collector. One number per generation. The pauses are counted only while a loop is measured."""

    enabled: bool
    thresholds: tuple[int, ...]
    counts: tuple[int, ...]
    collections: tuple[int, ...]
    collected: tuple[int, ...]
    uncollectable: int
    frozen_objects: int
    pauses: int = 0
    paused_seconds: float = 0.0
    longest_pause: float = 0.0


@frozen
class TypeFacts:
    """Objects of one type: how many were seen, and their bytes without what they refer to."""

    type: str
    count: int
    size: int


@frozen
class AllocationFacts:
    """What tracemalloc knows of one line: bytes and blocks that it allocated and that are still in use."""

    file: str
    line: int
    size: int
    blocks: int


@frozen
class MemoryFacts:
    """The memory of the program. `types` are those that hold most, among the `seen` objects that the garbage collector
    knows of: all of them unless `cut`. `allocations` are empty unless the service runs tracemalloc."""

    rss: int
    peak_rss: int
    seen: int
    cut: bool
    types: tuple[TypeFacts, ...]
    traced: int | None = None
    allocations: tuple[AllocationFacts, ...] = ()


@frozen
class LinkFacts:
    """The connection to another node. `state` is as of `bl.node_state`. `waiting` bytes have not left yet, of `bound`
    that may before senders have to wait. `heard` is False while nothing has come of it for a quarter of the tick
    time."""

    node: str
    state: str
    hidden: bool
    address: str
    tls: bool
    dialled: bool
    bytes_in: int
    bytes_out: int
    waiting: int
    bound: int
    heard: bool
    bytes_in_per_s: float | None = None
    bytes_out_per_s: float | None = None


@frozen
class FileFacts:
    """An open file descriptor. `kind` is "file", "folder", "socket", "pipe", "device" or what the system calls it;
    `name` is the path or, of a socket, its protocol. `local` and `remote` are the addresses of a socket; `state` is
    "listening", "connected" or ""."""

    fd: int
    kind: str
    name: str
    local: str = ""
    remote: str = ""
    state: str = ""


@frozen
class ModuleFacts:
    """A top-level module or package that is loaded: how many modules of it are, and the version of the distribution
    that it came with, if there is one."""

    name: str
    version: str
    file: str
    modules: int


@frozen
class NameFacts:
    """A registered name; `scope` is "node", or "global" for the cluster's."""

    name: str
    pid: Pid
    scope: str


@frozen
class SupervisorTree:
    """A supervisor with its children, or a child. `restart` is "" at the root; `state` is "running", "restarting",
    "stopped", "ended" or "does not answer"."""

    id: str
    pid: Pid | None
    name: str | None
    kind: str
    restart: str
    state: str
    children: tuple[SupervisorTree, ...] = ()


@frozen
class LogLine:
    """Something that the service has logged. `lost` lines before it were not sent, since they came too fast."""

    at: float
    level: str
    logger: str
    message: str
    place: Place | None
    thread: str
    error: str = ""
    lost: int = 0


@frozen
class NodeFacts:
    """The node as a whole. `cpu` is the share of one core that the program has used since the last look, None at the
    first. `lag` is the longest lag of its loops in the last ten to twenty seconds, None where none is measured."""

    node: str
    version: str
    python: str
    system: str
    os_pid: int
    program: str
    started: float
    cpu_seconds: float
    cpu: float | None
    rss: int
    threads: int
    processes: int
    tasks: int
    names: int
    nodes: int
    files: int | None
    loop: str
    lag: float | None = None


@frozen
class Snapshot:
    """Several looks at once, at one moment. What was not asked for is None. `cost` is how many seconds of its event
    loop the node has spent on it."""

    at: float
    node: NodeFacts
    processes: tuple[ProcessFacts, ...] | None = None
    tasks: tuple[TaskFacts, ...] | None = None
    threads: tuple[ThreadFacts, ...] | None = None
    loops: tuple[LoopFacts, ...] | None = None
    gc: GcFacts | None = None
    memory: MemoryFacts | None = None
    links: tuple[LinkFacts, ...] | None = None
    files: tuple[FileFacts, ...] | None = None
    modules: tuple[ModuleFacts, ...] | None = None
    names: tuple[NameFacts, ...] | None = None
    trees: tuple[SupervisorTree, ...] | None = None
    cost: float = 0.0
