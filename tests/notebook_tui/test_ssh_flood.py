"""A terminal that sends faster than its view can act: it waits itself, and neither the memory nor others pay for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from notebook_tui.ssh.guest import LONGEST_PASTE, Guest
from tests.support.local_nodes import PATIENCE, in_node

FLOOD = bytes(range(256)) * 64


class Channel:
    def __init__(self) -> None:
        self.paused = False
        self.aborted = False
        self.waiting: list[bytes] = []
        self.delivers: Any = None
        self.asked = 0
        """So often was it told that there is room for more, while something waited."""

    def is_closing(self) -> bool:
        return self.aborted

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False
        self.asked += bool(self.waiting)
        while self.waiting and not self.paused:
            self.delivers(self.waiting.pop(0), None)

    def get_connection(self) -> Channel:
        return self

    def abort(self) -> None:
        self.aborted = True


class View:
    is_running = False

    def __init__(self) -> None:
        self.is_busy = False
        self.held = 0
        self.fed: list[bytes] = []

    def feed(self, data: bytes) -> None:
        self.fed.append(data)


class Host:
    def touched(self) -> None:
        pass


def guest() -> tuple[Any, Channel, View]:
    channel, view = Channel(), View()
    made: Any = Guest(Host())  # type: ignore[arg-type]
    made.connection_made(channel)
    channel.delivers = made.data_received
    made.app = view
    return made, channel, view


async def until_read(channel: Channel) -> None:
    async with asyncio.timeout(PATIENCE):
        while channel.paused:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)


@in_node
async def test_what_is_typed_is_read_at_once_and_a_flood_over_many_turns_of_the_loop() -> None:
    made, channel, view = guest()
    made.data_received(b"j", None)
    assert (view.fed, channel.paused) == ([b"j"], False)
    made.data_received(FLOOD, None)
    assert channel.paused
    assert len(b"".join(view.fed)) < len(FLOOD) // 8
    await until_read(channel)
    assert b"".join(view.fed) == b"j" + FLOOD


@in_node
async def test_what_waits_in_the_channel_is_taken_whole_before_more_is_asked_for() -> None:
    made, channel, view = guest()
    channel.waiting = [FLOOD[:1500]] * 20
    made.data_received(FLOOD, None)
    await until_read(channel)
    assert b"".join(view.fed) == FLOOD + FLOOD[:1500] * 20
    assert channel.asked == 1


@in_node
async def test_a_view_that_is_busy_is_given_nothing_until_it_is_not() -> None:
    made, channel, view = guest()
    view.is_busy = True
    made.data_received(b"abc", None)
    await asyncio.sleep(0.05)
    assert (view.fed, channel.paused) == ([], True)
    view.is_busy = False
    await until_read(channel)
    assert view.fed == [b"abc"]


@in_node
async def test_all_that_was_typed_is_read_before_the_end_of_it_counts() -> None:
    made, channel, view = guest()
    made._task = asyncio.create_task(asyncio.sleep(60))
    made.data_received(FLOOD, None)
    made.eof_received()
    await until_read(channel)
    assert b"".join(view.fed) == FLOOD
    with pytest.raises(asyncio.CancelledError):
        await made._task


@in_node
async def test_a_paste_without_end_ends_the_connection() -> None:
    made, channel, view = guest()
    view.held = LONGEST_PASTE + 1
    made.data_received(b"x", None)
    assert channel.aborted
