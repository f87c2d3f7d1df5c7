"""What the inspector of a node is asked about traces, by whoever may look: a trace has a word of who began it."""

from __future__ import annotations

from typing import Any, Final

from beamlike.inspect.tracing.tracer import start_tracer
from beamlike.kernel import functions
from beamlike.kernel.node import LocalNode
from beamlike.kernel.terms import Pid

WAIT_SECONDS: Final = 1.0

_tracers: dict[tuple[str, str], Pid] = {}
"""By node and word. Those that have ended are dropped when the next begins."""


async def traced(node: LocalNode, request: tuple[Any, ...], client: Pid) -> tuple[Any, ...]:
    """The number of the first row, the rows, and whether they are the last; ValueError for what cannot be meant."""
    match request:
        case ("trace", str() as who, dict() as options):
            _begin(node, who, options, client)
            return 0, (), False
        case ("traced", str() as who, int() as seen):
            return await _fetched(node, who, seen)
        case _:
            raise ValueError("expected a word and options for a trace")


def stop(node: LocalNode, who: str) -> None:
    pid = _tracers.get((node.name, who))
    if pid is not None:
        functions.send(pid, "stop")


def _begin(node: LocalNode, who: str, options: dict[Any, Any], client: Pid) -> None:
    for key in [key for key, pid in _tracers.items() if pid.process is None]:
        del _tracers[key]
    if (node.name, who) in _tracers:
        raise ValueError("expected another word for each trace")
    _tracers[node.name, who] = start_tracer(node, options, client)


async def _fetched(node: LocalNode, who: str, seen: int) -> tuple[Any, ...]:
    """When there is something, or after a second."""
    pid = _tracers.get((node.name, who))
    if pid is None or pid.process is None:
        raise ValueError("the tracer is gone; what it has told is lost")
    ref = functions.monitor(pid)
    functions.send(pid, ("fetch", functions.self(), ref, seen))
    try:
        match await functions.receive(ref=ref, timeout=WAIT_SECONDS):
            case (_, int() as first, list() as rows, bool() as is_over):
                return first, tuple(rows), is_over
            case _:
                raise ValueError("the tracer is gone; what it has told is lost")
    except TimeoutError:
        return seen, (), False
    finally:
        functions.demonitor(ref, flush=True)
