"""`bl.inspect.profile`: where a node spends its time, by samples taken in place."""

from __future__ import annotations

from typing import Final

from beamlike.inspect.ask import ask
from beamlike.inspect.profiling.profile import Profile, from_row
from beamlike.inspect.profiling.sampler import NotProfiled
from beamlike.kernel import current

_ANSWER_SECONDS: Final = 15.0


async def profile(node: str | None = None, *, seconds: float = 5.0, rate: int = 100) -> Profile:
    """Looks at the stacks of all threads of `node` (the current one by default) `rate` times a second for `seconds`.

    At most 500 times a second for 60 s, and less often where looking would take more than 2% of a core. Nothing runs
    there before or after. The stalled loop of a node is sampled as any other; the answer comes when it turns again.
    NotProfiled says what is in the way, such as another profile that is being taken; TimeoutError and CallFailed are
    as of the other looks.

    >>> import asyncio, beamlike as bl
    >>> from beamlike.inspect.profiling.take import profile
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         taken = await profile(seconds=0.2, rate=50)
    ...         return taken.node, taken.samples > 0
    >>> asyncio.run(main())
    ('doc@127.0.0.1', True)
    """
    target = node or current.current_node().name
    try:
        row = await ask(target, ("profile", {"seconds": seconds, "rate": rate}), seconds + _ANSWER_SECONDS)
        return from_row(row)
    except ValueError as error:
        raise NotProfiled(str(error)) from None
