"""Batched inference: requests that come one by one, from any node, are evaluated together. Elixir's Nx.Serving.

    bl.Serving(run, batch_size=32, batch_timeout=0.01)     what is served: a value
        .start_link(name="captions")                       the process, or `.child_spec(name=...)` for a supervisor
    await bl.Serving.call("captions", image)               from any node that is connected: one output
    await bl.Serving.call_many("captions", images)         many
    async for token in bl.Serving.stream("captions", ...)  where `run` is a generator function

Servings of one name, on any nodes, are replicas: each call goes to one of them. Nothing here needs torch.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Sequence
from typing import Any

from beamlike.behaviours.child_spec import BY_TYPE, ChildId, ChildSpec, Restart, Shutdown, child_spec_of
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid
from beamlike.serving import client
from beamlike.serving.evaluating import UNPADDED
from beamlike.serving.server import ServingServer
from beamlike.serving.statistics import Statistics

SERVING_TIMEOUT = 30.0
"""Seconds that a request may take."""


@frozen
class Serving:
    """How inputs become outputs.

    `run` gets a list of up to `batch_size` inputs and returns a list of as many outputs, in order. A plain function
    runs in a thread, an async one on the loop. One that is a generator function yields lists of chunks, one for each
    input and None for no chunk, as tokens come. With `load`, which runs once for each partition and gets its device,
    `run` gets what that returned as its first argument. An exception in place of an output is that of its input alone;
    when `run` raises, the batch is evaluated again by halves until only those fail that are to blame, so `run` may see
    an input more than once.

    A batch is evaluated when it is full or when its first input has waited `batch_timeout` seconds. `partitions` are
    the devices, each with a model of its own; they work at the same time. `preprocess` and `postprocess` turn a single
    input and a single output into another, in threads, beside the batches (chunks of a stream are left as they are).
    Inputs for which `key` gives different values never share a batch. `pad` is put into batches that are not full, so
    that a compiled model sees one size. When `max_waiting` inputs wait, more are refused; a request of more than that
    is taken while none waits.

    >>> import asyncio, beamlike as bl
    >>> double = bl.Serving(lambda batch: [2 * number for number in batch], batch_size=8)
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         await double.start_link(name="double")
    ...         print(await bl.Serving.call("double", 21))
    ...         return await bl.Serving.call_many("double", range(20)) == list(range(0, 40, 2))
    >>> asyncio.run(main())
    42
    True
    """

    run: Callable[..., Any]
    load: Callable[[Any], Any] | None = None
    batch_size: int = 32
    batch_timeout: float = 0.01
    partitions: Sequence[Any] = (None,)
    preprocess: Callable[[Any], Any] | None = None
    postprocess: Callable[[Any], Any] | None = None
    key: Callable[[Any], Hashable] | None = None
    pad: Any = UNPADDED
    max_waiting: int = 1_000

    def __post_init__(self) -> None:
        for option in ("run", "load", "preprocess", "postprocess", "key"):
            function = getattr(self, option)
            if not callable(function) and (function is not None or option == "run"):
                raise TypeError(f"expected {option} as a function, got {function!r}")
        for option in ("batch_size", "max_waiting"):
            count = getattr(self, option)
            if not isinstance(count, int) or isinstance(count, bool) or count < 1:
                raise ValueError(f"expected {option} as a number, 1 or more, got {count!r}")
        if not 0 <= self.batch_timeout < math.inf:
            raise ValueError(f"expected batch_timeout in seconds, 0 or more, got {self.batch_timeout!r}")
        if isinstance(self.partitions, str) or not len(self.partitions):
            raise ValueError(f"expected partitions as a list of one device or more, got {self.partitions!r}")

    async def start(self, *, name: str | None = None, timeout: float | None = None) -> Pid:
        """Starts it on this node, linked to nobody, and returns when all models are loaded; raises what a load raises,
        CallTimeout after `timeout` seconds. As `name` it is found from every node that is connected to this one."""
        pid: Pid = await ServingServer.start(self, name, timeout=timeout)
        return pid

    async def start_link(self, *, name: str | None = None, timeout: float | None = None) -> Pid:
        """As `start`, linked to the current process, with which it ends."""
        pid: Pid = await ServingServer.start_link(self, name, timeout=timeout)
        return pid

    def child_spec(
        self,
        *,
        name: str | None = None,
        id: ChildId = None,
        restart: Restart = "permanent",
        shutdown: Shutdown = BY_TYPE,
    ) -> ChildSpec:
        """How a supervisor starts it; the id is `name` unless given."""
        return child_spec_of(ServingServer, self, name, id=id or name, restart=restart, shutdown=shutdown)

    @staticmethod
    async def call(
        serving: Pid | str, value: Any, *, timeout: float | None = SERVING_TIMEOUT, retry: bool = False
    ) -> Any:
        """The output for one input, from one of the servings of that name, or from the one that is named by its pid.

        Raises what the function raised for this input, with its traceback from there. NoServing if there is none,
        Overloaded if too many inputs wait at every replica, ServingTimeout after `timeout` seconds (None: wait for
        ever), ServingLost if it ends meanwhile. With `retry` another replica is asked then, so that the input may be
        evaluated twice.
        """
        [output] = await client.ask(serving, [value], timeout, retry)
        return client.unwrapped(output)

    @staticmethod
    async def call_many(
        serving: Pid | str,
        values: Iterable[Any],
        *,
        timeout: float | None = SERVING_TIMEOUT,
        retry: bool = False,
        return_exceptions: bool = False,
    ) -> list[Any]:
        """The outputs for several inputs, in order; as many batches as it takes. As `call`; the first failure is
        raised, unless with `return_exceptions` each exception stands where its output would."""
        outputs = await client.ask(serving, list(values), timeout, retry)
        if return_exceptions:
            return [client.output_or_exception(each) for each in outputs]
        return [client.unwrapped(each) for each in outputs]

    @staticmethod
    def stream(serving: Pid | str, value: Any, *, timeout: float | None = SERVING_TIMEOUT) -> AsyncGenerator[Any, None]:
        """The chunks for one input, as they come; `timeout` seconds for all of them. Errors are those of `call`; who
        leaves the loop is told to the serving, which then evaluates no more for nobody.

        >>> import asyncio, beamlike as bl
        >>> def spell(batch):
        ...     for letters in zip(*(word.ljust(3) for word in batch)):
        ...         yield list(letters)
        >>> async def main():
        ...     async with bl.Node("doc@127.0.0.1"):
        ...         pid = await bl.Serving(spell).start_link()
        ...         return [letter async for letter in bl.Serving.stream(pid, "cat")]
        >>> asyncio.run(main())
        ['c', 'a', 't']
        """
        return client.stream(serving, value, timeout)

    @staticmethod
    async def swap(serving: Pid | str, new: Serving, *, timeout: float | None = None) -> list[int]:
        """Puts another model in the place of the one that is served, by every replica: the new one is loaded beside the
        old, then takes what waits, which is prepared anew if its preprocess or key is another, and what runs ends on
        the old. Returns the generation of each. If a load raises, that is raised, and the old model goes on."""
        return await client.swap(serving, new, timeout)

    @staticmethod
    async def drain(serving: Pid | str, *, timeout: float | None = None) -> None:
        """Has the servings of that name, or the one of that pid, end when they have answered what they were asked.
        From now on they are found by nobody and refuse what still comes, which other replicas are asked for. Returns
        when all have; after `timeout` seconds CallTimeout, and they go on with it.

        They end as "normal": a supervisor starts a permanent one again, and a transient one not.

        >>> import asyncio, beamlike as bl
        >>> async def main():
        ...     async with bl.Node("doc@127.0.0.1"):
        ...         await bl.Serving(list, batch_timeout=0.05).start(name="echo")
        ...         asked = asyncio.create_task(bl.Serving.call("echo", "last words"))
        ...         await asyncio.sleep(0)
        ...         await bl.Serving.drain("echo")
        ...         return await asked, bl.Serving.replicas("echo")
        >>> asyncio.run(main())
        ('last words', [])
        """
        await client.drain(serving, timeout)

    @staticmethod
    async def statistics(serving: Pid | str, *, timeout: float | None = 5.0) -> list[Statistics]:
        """What each replica has done so far."""
        return await client.statistics(serving, timeout)

    @staticmethod
    def replicas(name: str) -> list[Pid]:
        """Those of that name, as far as this node knows."""
        return client.replicas(name)
