"""What goes out of a viewer is counted as the session counts it, whichever way it goes."""

from __future__ import annotations

import pytest

import beamlike as bl
from notebook_tui.document.apply import apply
from notebook_tui.document.operations import ApplyDelta, ClientJoined, SetTitle
from notebook_tui.session.messages import Perform, Type
from notebook_tui.session.outbox import Outbox
from notebook_tui.session.people import Person
from tests.support.documents import state_of

ME = bl.Pid("test@127.0.0.1", 1)


@pytest.mark.parametrize(("handled", "then"), [(2, "xtext"), (3, "text")], ids=["under way", "done, and taken back"])
def test_what_was_sent_before_anybody_typed_is_counted_too(handled: int, then: str) -> None:
    state = state_of({"s": {"c": "text"}})
    cast: list[Perform | Type] = []
    outbox = Outbox(Person("ann"), ME, cast.append, lambda: state, lambda _state, _words: None)
    outbox.client_id = "ann"
    for title in ("A", "B"):
        outbox.send(SetTitle(title))
    outbox.type_here()
    state, _ = apply(state, ClientJoined("ann"))
    outbox.applied(ClientJoined("ann"), state)
    outbox.open_text("c")
    outbox.exchange("c", ("x",), 0.0)
    asked = [each.operation for each in cast if isinstance(each, Perform)]
    assert asked == [SetTitle("A"), SetTitle("B"), ApplyDelta("ann", "c", ("x",), 0, 0.0)]
    outbox.resynced(state, handled)
    assert outbox.open_text("c") == then
