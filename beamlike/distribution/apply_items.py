"""An Apply as the fields of an item, and back: who calls, the process, the monitor, the group leader, and the work.

Ids stand for what is of the two nodes. The work is the function, as the codec has it, and beside it the arguments, if
they are few small things that can share nothing with it; else both in one, so that what they share stays shared.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, NoReturn

from beamlike.distribution.packing import Draft, Packing, Undecodable
from beamlike.distribution.terms_codec import LARGE
from beamlike.kernel.signals import Apply
from beamlike.kernel.terms import Pid, Ref

_SMALL: Final = frozenset({type(None), bool, int, float, str, Pid, Ref})
_DECODES: Final = frozenset({"beamlike", "cloudpickle", "importlib", "_frozen_importlib", "_frozen_importlib_external"})
"""The packages whose frames decoding goes through, before it comes to code of a user's."""


def fields_of(apply: Apply, packing: Packing, draft: Draft) -> tuple[object, ...]:
    """Raises whatever the codec does if the function or an argument cannot travel."""
    function, args, leader, monitor = apply.function, apply.args, apply.group_leader, apply.monitor
    assert monitor is not None
    if all(map(_is_small, args)):
        work, beside = packing.code(function, draft), list(args)
    else:
        work, beside = packing.code((function, args), draft), None
    leads = leader.id if leader is not None and leader.node == packing.here else leader
    return apply.source.id, apply.pid.id, monitor.id, leads, work, beside


def apply_of(
    here: str,
    there: str,
    source: int,
    pid: int,
    monitor: int,
    leads: int | Pid | None,
    work: Any,
    args: list[Any] | None,
) -> Apply:
    """What has come from the node `there`. Of work that cannot be decoded one that says so."""
    parent, child, ref = Pid(there, source), Pid(here, pid), Ref(there, monitor)
    leader = Pid(there, leads) if isinstance(leads, int) else leads
    if type(work) is Undecodable:
        return Apply(parent, child, raises, (work.error.__cause__ or work.error,), False, ref, leader)
    function, arguments = work if args is None else (work, tuple(args))
    return Apply(parent, child, function, arguments, False, ref, leader)


async def raises(error: BaseException) -> NoReturn:
    """What stands for a function that cannot be decoded: says why, without what the codec went through. The lines of a
    module that failed as it was imported stay."""
    raise error.with_traceback(_behind_the_codec(error.__traceback__)) from None


def _behind_the_codec(tb: TracebackType | None) -> TracebackType | None:
    while tb is not None and str(tb.tb_frame.f_globals.get("__name__")).partition(".")[0] in _DECODES:
        tb = tb.tb_next
    return tb


def _is_small(argument: object) -> bool:
    """Whether it has no parts, and none of its bytes goes beside the item."""
    kind = type(argument)
    return kind in _SMALL or (kind is bytes and len(argument) <= LARGE)  # type: ignore[arg-type]
