"""A watched queue tells of each message that arrives, wherever in a mailbox it stands."""

from __future__ import annotations

from typing import Any

import pytest

from beamlike.kernel.mailbox import NOTHING, Mailbox
from beamlike.kernel.terms import Ref
from beamlike.kernel.watched_inbox import WatchedInbox

REFS = [Ref("test@127.0.0.1", number) for number in range(5)]


class Seen:
    def __init__(self) -> None:
        self.messages: list[Any] = []

    def arrived(self, message: Any) -> None:
        self.messages.append(message)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def mailbox(seen: Seen) -> Mailbox:
    return Mailbox(WatchedInbox(["before"], (seen,)))


def test_it_tells_of_what_arrives_and_not_of_what_was_there_or_is_put_back(mailbox: Mailbox, seen: Seen) -> None:
    mailbox.put("one")
    assert mailbox.take() == "before"
    mailbox.put_back("before")
    mailbox.put("two")
    assert seen.messages == ["one", "two"]
    assert list(mailbox) == ["before", "one", "two"]


def test_it_goes_on_after_a_receive_has_emptied_it(mailbox: Mailbox, seen: Seen) -> None:
    assert mailbox.select(lambda message: message == "before") == "before"
    assert mailbox.is_plain()
    plain = mailbox.plain()
    assert plain is not None
    plain.append("after")
    assert seen.messages == ["after"]


def test_it_goes_on_after_messages_taken_by_reference_were_swept_out(mailbox: Mailbox, seen: Seen) -> None:
    for ref in REFS:
        mailbox.put((ref,))
    mailbox.put("last")
    for ref in REFS:
        assert mailbox.take_ref(ref) == (ref,)
    assert len(mailbox.fresh or ()) < len(REFS)
    mailbox.put("after")
    assert seen.messages[-1] == "after"
    assert [mailbox.take() for _ in range(4)] == ["before", "last", "after", NOTHING]
