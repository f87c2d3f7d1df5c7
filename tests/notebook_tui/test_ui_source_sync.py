"""Text in the editor and in the session: echoes change nothing, others' changes show, typed text always arrives."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st
from notebook_tui.ui.editing.source_sync import SourceSync


def test_an_echo_that_comes_after_more_was_typed_does_not_touch_the_editor() -> None:
    sync = SourceSync("", "")
    sync.typed("a")
    assert sync.take_unsent() == "a"
    sync.typed("ab")
    assert sync.take_unsent() == "ab"
    assert sync.received("a") is None
    assert sync.received("ab") is None


def test_a_change_by_somebody_else_shows_unless_something_typed_is_not_sent() -> None:
    sync = SourceSync("a", "a")
    assert sync.received("theirs") == "theirs"
    sync.typed("mine")
    assert sync.received("theirs again") is None
    assert sync.take_unsent() == "mine"


def test_a_change_by_somebody_else_shows_also_after_something_was_sent_and_answered() -> None:
    sync = SourceSync("", "")
    sync.typed("mine")
    assert sync.take_unsent() == "mine"
    assert sync.received("mine") is None
    assert sync.received("theirs") == "theirs"


def test_a_text_that_the_editor_shows_otherwise_is_not_sent_back_changed() -> None:
    sync = SourceSync("a\x0cb", "a\nb")
    sync.typed("a\nb")
    assert sync.take_unsent() is None
    sync.typed("a\nbc")
    assert sync.take_unsent() == "a\nbc"


@given(st.lists(st.one_of(st.text("ab", max_size=3), st.sampled_from(["send", "answer"])), max_size=30))
def test_whatever_the_delays_the_session_ends_with_the_text_of_the_editor(events: list[str]) -> None:
    sync = SourceSync("", "")
    editor, underway = "", deque[str]()
    session = ""
    for event in [*events, "send"]:
        if event == "send" and (text := sync.take_unsent()) is not None:
            underway.append(text)
        elif event == "answer" and underway:
            session = underway.popleft()
            assert sync.received(session) is None
        elif event not in ("send", "answer"):
            editor = event
            sync.typed(editor)
    assert ([*underway] or [session])[-1] == editor


def test_what_somebody_else_wrote_does_not_come_between_while_something_typed_is_on_its_way() -> None:
    sync = SourceSync("a", shown="a")
    sync.typed("ab")
    assert sync.take_unsent() == "ab"
    assert sync.received("theirs") is None
    assert sync.received("ab") is None
    assert sync.received("theirs") == "theirs"
