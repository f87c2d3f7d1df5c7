"""Threads have the group leader of the code that started them, and so have calls that an executor runs.

Python gives a thread no context (before 3.14, and then only on demand), so `print` in it would not know its cell. For
an interpreter that is the notebook's alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from beamlike.kernel import group_leader

P = ParamSpec("P")
T = TypeVar("T")


def inherit_leaders_for_a_while() -> Callable[[], None]:
    """As `inherit_leaders`, until the last who has called this calls what it returns. Where somebody has put something
    around ours meanwhile, that stays: ours does nothing for code without a leader."""
    for_good = _is_ours(threading.Thread.start) and not hasattr(threading.Thread.start, "_users")
    inherit_leaders()
    ours: Any = threading.Thread.start
    if for_good or not _is_ours(ours):
        return lambda: None
    submit: Any = ThreadPoolExecutor.submit
    ours._users = getattr(ours, "_users", 0) + 1

    def undo() -> None:
        ours._users -= 1
        if ours._users == 0:
            for owner, name, function in ((threading.Thread, "start", ours), (ThreadPoolExecutor, "submit", submit)):
                if getattr(owner, name) is function:
                    setattr(owner, name, function.__wrapped__)

    return undo


def _is_ours(function: Any) -> bool:
    # By a mark, since the code of another version of this file may have put it there.
    return getattr(function, "_inherits_leaders", False) is True


def inherit_leaders() -> None:
    """From now on, in this interpreter; a second call does nothing."""
    if not _is_ours(threading.Thread.start):
        setattr(threading.Thread, "start", _start(threading.Thread.start))  # noqa: B010
        setattr(ThreadPoolExecutor, "submit", _submit(ThreadPoolExecutor.submit))  # noqa: B010


def _start(start: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    @wraps(start)
    def inheriting(thread: threading.Thread) -> None:
        if group_leader.leader() is not None and thread.ident is None:
            thread.__dict__["run"] = _once(thread, led(thread.run))
        start(thread)

    inheriting._inherits_leaders = True  # type: ignore[attr-defined]
    return inheriting


def _once(thread: threading.Thread, run: Callable[[], None]) -> Callable[[], None]:
    def run_and_let_go() -> None:
        thread.__dict__.pop("run", None)
        run()

    return run_and_let_go


def _submit(submit: Callable[..., Future[Any]]) -> Callable[..., Future[Any]]:
    @wraps(submit)
    def inheriting(executor: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        return submit(executor, led(function) if callable(function) else function, *args, **named)

    return inheriting


def led(function: Callable[P, T]) -> Callable[P, T]:
    """The function, with the group leader of the code that asks for it, wherever it runs."""
    leader, way = group_leader.leader(), group_leader.way()

    def with_leader(*args: P.args, **named: P.kwargs) -> T:
        before = group_leader.leader(), group_leader.way()
        group_leader.set_leader(leader, way)
        try:
            return function(*args, **named)
        finally:
            group_leader.set_leader(*before)

    return with_leader
