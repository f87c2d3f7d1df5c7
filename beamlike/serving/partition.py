"""A partition: a process with the model on one device, which evaluates one batch after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from beamlike.kernel import functions as kernel
from beamlike.kernel.exceptions import describe_exception
from beamlike.kernel.terms import Pid
from beamlike.serving.evaluating import UNPADDED, chunks, outcomes, streams, value_of
from beamlike.serving.messages import Loaded, Outcome, Work, Worked

if TYPE_CHECKING:
    from beamlike.serving.serving import Serving


async def partition(serving: Serving, device: Any, owner: Pid) -> None:
    """Loads the model, says so, and then does what the owner sends."""
    me = kernel.self()
    try:
        function = await _function(serving, device)
    except Exception as error:
        kernel.send(owner, Loaded(me, describe_exception(error, me)))
        return
    kernel.send(owner, Loaded(me, None))
    pad = _padding(serving.pad, serving.batch_size)
    while True:
        work = await kernel.receive(lambda message: isinstance(message, Work))
        since = time.monotonic()
        found: list[Outcome]
        if streams(serving.run):
            found = await chunks(function, work.values, work.listeners, pad)
        else:
            found = await outcomes(function, work.values, pad)
        kernel.send(owner, Worked(me, tuple(found), time.monotonic() - since))


async def _function(serving: Serving, device: Any) -> Callable[[list[Any]], Any]:
    """What evaluates a batch on this device."""
    if serving.load is None:
        return serving.run
    return partial(serving.run, await value_of(serving.load, device))


def _padding(pad: Any, size: int) -> Callable[[list[Any]], list[Any]]:
    """Makes each batch as large as the largest, so that a compiled model sees one shape.

    >>> _padding(0, 4)([1, 2]), _padding(UNPADDED, 4)([1, 2])
    ([1, 2, 0, 0], [1, 2])
    """
    if isinstance(pad, str) and pad == UNPADDED:
        return lambda values: values
    return lambda values: values + [pad] * (size - len(values))
