"""What a cell prints, on its way out."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.runtime.output import OutputBuffer, without_overwritten
from tests.support.shown_text import shown


class Out:
    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []

    def __call__(self, stream: str, text: str) -> None:
        self.texts.append((stream, text))


def test_ac36_streams_come_out_in_the_order_of_writing_and_runs_of_one_stream_together() -> None:
    out = Out()
    buffer = OutputBuffer(out)
    for stream, text in [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]:
        buffer.write(stream, text)
    assert out.texts == []
    buffer.flush()
    assert out.texts == [("stdout", "ab"), ("stderr", "c"), ("stdout", "d")]


def test_a_flush_of_nothing_emits_nothing() -> None:
    out = Out()
    buffer = OutputBuffer(out)
    buffer.flush()
    buffer.write("stdout", "a")
    buffer.flush()
    buffer.flush()
    assert out.texts == [("stdout", "a")]


def test_a_full_batch_goes_out_by_itself() -> None:
    out = Out()
    buffer = OutputBuffer(out, batch=10)
    buffer.write("stdout", "12345678")
    buffer.write("stderr", "9")
    assert out.texts == []
    buffer.write("stderr", "0")
    assert out.texts == [("stdout", "12345678"), ("stderr", "90")]
    buffer.write("stdout", "123456789")
    assert len(out.texts) == 2


def test_ac36_a_burst_of_progress_is_reduced_to_its_last_state() -> None:
    out = Out()
    buffer = OutputBuffer(out)
    for percent in range(101):
        buffer.write("stderr", f"\r{percent:3}%")
    buffer.flush()
    assert out.texts == [("stderr", "\r100%")]


def test_a_batch_that_cannot_be_emitted_waits_for_the_next_flush() -> None:
    out = Out()
    broken = True

    def emit(stream: str, text: str) -> None:
        if broken and stream == "stderr":
            raise ConnectionError
        out(stream, text)

    buffer = OutputBuffer(emit)
    for stream in ("stdout", "stderr", "stdout"):
        buffer.write(stream, stream)
    with pytest.raises(ConnectionError):
        buffer.flush()
    broken = False
    buffer.flush()
    assert out.texts == [("stdout", "stdout"), ("stderr", "stderr"), ("stdout", "stdout")]


def test_emit_may_write() -> None:
    out = Out()

    def emit(stream: str, text: str) -> None:
        if text == "a":
            buffer.write("stdout", "from emit")
        out(stream, text)

    buffer = OutputBuffer(emit)
    buffer.write("stdout", "a")
    buffer.flush()
    assert out.texts == [("stdout", "a"), ("stdout", "from emit")]


def test_another_thread_cannot_overtake_what_is_being_emitted() -> None:
    out = Out()
    emitting, go_on = Event(), Event()

    def emit(stream: str, text: str) -> None:
        if text == "first":
            emitting.set()
            go_on.wait(20)
        out(stream, text)

    def write_and_flush(text: str) -> None:
        buffer.write("stdout", text)
        buffer.flush()

    buffer = OutputBuffer(emit)
    threads = [Thread(target=write_and_flush, args=[text]) for text in ("first", "second")]
    threads[0].start()
    assert emitting.wait(20)
    threads[1].start()
    threads[1].join(0.1)  # time enough to overtake, if it could
    go_on.set()
    for thread in threads:
        thread.join()
    assert out.texts == [("stdout", "first"), ("stdout", "second")]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("plain\n", "plain\n"),
        ("dos\r\nlines\r\n", "dos\r\nlines\r\n"),
        ("start\rover\rlast", "start\rlast"),
        ("\rlong text\rshort", "\rlong text\rshort"),
        ("\rone\n\rtwo\rtwo2\n", "\rone\n\rtwo2\n"),
        ("\rlong text\r\x1b[Kx", "\r\x1b[Kx"),
        ("\r\x1b[32mgreen\x1b[0m\rred!!", "\rred!!"),
        ("\r\x1b[32mgreen\rred!!", "\r\x1b[32mgreen\rred!!"),
        ("\rup\x1b[A\rover", "\rup\x1b[A\rover"),
        ("\r\t\rtab", "\r\t\rtab"),
        ("\rthis\r\x1b[A\x1b[Kabove", "\rthis\r\x1b[A\x1b[Kabove"),
    ],
)
def test_only_what_is_overwritten_in_full_is_left_out(text: str, left: str) -> None:
    assert without_overwritten(text) == left


@given(st.text("ab\r\n", max_size=40), st.text("ab\r\n", max_size=40))
def test_a_terminal_shows_the_same_in_the_end(before: str, text: str) -> None:
    assert shown(before + without_overwritten(text)) == shown(before + text)
