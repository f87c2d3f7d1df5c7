"""What goes out of a viewer is counted as the session counts it, whichever way it goes, and goes on after a loss."""

from __future__ import annotations

import pytest

import beamlike as bl
from notebook_tui.document.apply import apply
from notebook_tui.document.operations import ApplyDelta, ClientJoined, Operation, SetTitle
from notebook_tui.document.state import State
from notebook_tui.session.messages import Joined, Perform, Type
from notebook_tui.session.outbox import Outbox
from notebook_tui.session.people import Person
from tests.support.documents import state_of

ME = bl.Pid("test@127.0.0.1", 1)


def of_ann(state: State, cast: list[Perform | Type]) -> Outbox:
    outbox = Outbox(Person("ann"), ME, cast.append, lambda: state, lambda _state, _words: None)
    outbox.client_id = "ann"
    return outbox


def with_client(state: State, client_id: str) -> State:
    return apply(state, ClientJoined(client_id))[0]


def asked(cast: list[Perform | Type]) -> list[Operation]:
    return [each.operation for each in cast if isinstance(each, Perform)]


@pytest.mark.parametrize(("handled", "then"), [(2, "xtext"), (3, "text")], ids=["under way", "done, and taken back"])
def test_what_was_sent_before_anybody_typed_is_counted_too(handled: int, then: str) -> None:
    state = state_of({"s": {"c": "text"}})
    cast: list[Perform | Type] = []
    outbox = of_ann(state, cast)
    for title in ("A", "B"):
        outbox.send(SetTitle(title))
    outbox.type_here()
    outbox.applied(ClientJoined("ann"), with_client(state, "ann"))
    outbox.open_text("c")
    outbox.exchange("c", ("x",), 0.0)
    assert asked(cast) == [SetTitle("A"), SetTitle("B"), ApplyDelta("ann", "c", ("x",), 0, 0.0)]
    outbox.resynced(state, handled)
    assert outbox.open_text("c") == then


def test_who_comes_back_goes_on_typing_also_if_their_own_coming_was_not_told_one_by_one() -> None:
    state = state_of({"s": {"c": "text"}})
    cast: list[Perform | Type] = []
    outbox = of_ann(state, cast)
    outbox.type_here()
    outbox.applied(ClientJoined("ann"), with_client(state, "ann"))
    outbox.open_text("c")
    outbox.lost()
    outbox.rejoined(Joined(state, applied=0, journaled=0, handled=0))
    outbox.client_id = "ann again"
    outbox.exchange("c", ("x",), 0.0)
    assert asked(cast) == []
    outbox.resynced(with_client(state, "ann again"), 0)
    assert asked(cast) == [ApplyDelta("ann again", "c", ("x",), 0, 0.0)]
