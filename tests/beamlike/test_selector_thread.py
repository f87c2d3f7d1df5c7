"""The thread that serves sockets and moments, whatever its callbacks do."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from beamlike.distribution import selector_thread
from beamlike.distribution.selector_thread import READ, SelectorThread
from tests.support.local_nodes import PATIENCE

NAME = "a thread of the tests"


@contextmanager
def running() -> Iterator[tuple[SelectorThread, queue.Queue[object]]]:
    """The thread, and what was noted in it."""
    thread = SelectorThread(NAME)
    try:
        yield thread, queue.Queue()
    finally:
        thread.stop()
        assert NAME not in [one.name for one in threading.enumerate()]


def test_calls_are_made_in_the_thread_and_in_order() -> None:
    with running() as (thread, noted):
        for number in range(1000):
            thread.call(lambda number=number: noted.put((number, threading.current_thread().name)))  # type: ignore[misc]
        assert [noted.get(timeout=PATIENCE) for _ in range(1000)] == [(number, NAME) for number in range(1000)]


def test_moments_come_in_the_order_of_time_and_one_that_is_cancelled_never(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    with running() as (thread, noted):

        def plan() -> None:
            with monkeypatch.context() as clock:  # it stands still while these are set, however long that takes
                clock.setattr(selector_thread, "time", SimpleNamespace(monotonic=lambda: now))
                thread.call_later(0.02, lambda: noted.put("second"))
                thread.call_later(0.01, lambda: noted.put("first"))
                thread.call_later(0.015, lambda: noted.put("never")).cancel()

        thread.call(plan)
        assert [noted.get(timeout=PATIENCE) for _ in range(2)] == ["first", "second"]


def test_what_came_is_read_before_a_moment_that_is_late_by_then() -> None:
    one, other = socket.socketpair()
    with one, other, running() as (thread, noted):

        def plan() -> None:
            thread.watch(one, READ, lambda _events: noted.put(one.recv(100)))
            thread.call_later(0.01, lambda: noted.put("the moment"))
            other.sendall(b"what came")
            time.sleep(0.05)  # as if the program had been stopped

        thread.call(plan)
        assert [noted.get(timeout=PATIENCE) for _ in range(2)] == [b"what came", "the moment"]


def test_what_fails_is_logged_and_the_others_are_served(caplog: pytest.LogCaptureFixture) -> None:
    one, other = socket.socketpair()
    with one, other, running() as (thread, noted):

        def fail(events: int = 0) -> None:
            raise RuntimeError(f"a bug of ours {one.recv(100) if events else b''!r}")

        thread.call(fail)
        thread.call(lambda: thread.watch(one, READ, fail))
        other.sendall(b"look")
        other.settimeout(PATIENCE)
        assert other.recv(1) == b"", "a socket whose callback fails is closed"
        thread.call(lambda: noted.put("served"))
        assert noted.get(timeout=PATIENCE) == "served"
    assert len(caplog.records) == 2


def test_to_call_a_thread_that_has_ended_is_calling_into_the_void() -> None:
    with running() as (thread, noted):
        pass
    thread.call(lambda: noted.put("never"))
    assert noted.empty()


def test_at_its_end_the_thread_closes_what_it_watches() -> None:
    one, other = socket.socketpair()
    with other, running() as (thread, _):
        thread.call(lambda: thread.watch(one, READ, lambda _events: None))
    assert one.fileno() == -1
