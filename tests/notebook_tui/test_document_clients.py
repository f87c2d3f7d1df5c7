"""Several who type in one cell: what becomes of the text, and what has to be remembered for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document import delta as deltas
from notebook_tui.document.apply import apply
from notebook_tui.document.delta import Delta
from notebook_tui.document.operations import (
    ApplyDelta,
    ClientJoined,
    ClientLeft,
    DeleteCell,
    Operation,
    ReportRevision,
    SetCellSource,
    Undo,
)
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from tests.support.documents import after, state_of

EMPTY = after(state_of({"s": {"c": "", "d": "x"}}), ClientJoined("A"), ClientJoined("B"))


def source(state: State) -> str:
    return state.notebook.cell("c").source


def revision(state: State) -> int:
    return state.texts["c"].revision


def test_ac27_what_two_insert_at_one_place_stands_in_the_order_in_which_it_came() -> None:
    state = after(EMPTY, ApplyDelta("A", "c", ("cats",), 0), ApplyDelta("B", "c", ("tea",), 0))
    assert (source(state), revision(state)) == ("catstea", 2)


def test_ac27_both_replicas_converge_and_a_selection_is_shifted() -> None:
    mine: Delta = ("tea",)
    state = after(EMPTY, ApplyDelta("A", "c", ("cats",), 0), ApplyDelta("B", "c", mine, 0))
    theirs: Delta = ("cats",)
    at_b = deltas.apply(deltas.apply("", mine), deltas.transform(mine, theirs, first=True))
    assert at_b == source(state)
    assert deltas.transform_position(deltas.transform(mine, theirs, first=True), 3) == 7


def test_ac27_changes_are_kept_only_while_a_client_may_need_them() -> None:
    state = after(EMPTY, ApplyDelta("A", "c", ("cats",), 0), ApplyDelta("A", "c", (4, "!"), 1))
    assert len(state.texts["c"].deltas) == 2
    state = after(state, ReportRevision("A", "c", 2), ReportRevision("B", "c", 1))
    assert state.texts["c"].deltas == ((4, "!"),)
    assert after(state, ClientLeft("B")).texts["c"].deltas == ()
    assert after(state, ClientLeft("B"), ClientLeft("A")).texts == {}


def test_ac27_a_change_of_an_old_revision_is_taken_while_it_is_remembered() -> None:
    state = after(EMPTY, ApplyDelta("A", "c", ("cats",), 0), ApplyDelta("A", "c", (-1,), 1))
    assert source(after(state, ApplyDelta("B", "c", ("> ",), 0))) == "ats> "
    assert source(after(state, ApplyDelta("B", "c", (4, "?"), 1))) == "ats?"


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (ApplyDelta("A", "c", ("x",), 2), "expected a revision of the text up to 1, got 2"),
        (ApplyDelta("zz", "c", ("x",), 0), "there is no client zz: it must join"),
        (ApplyDelta("A", "c", (-5,), 1), "the change is of a text of 5 characters or more, not 4"),
        (ApplyDelta("A", "c", ("\r",), 1), "expected text without NUL, carriage returns"),
        (ApplyDelta("A", "zz", ("x",), 0), "there is no cell zz"),
        (ReportRevision("A", "c", 2), "expected a revision of the text up to 1, got 2"),
        (ReportRevision("zz", "c", 1), "there is no client zz"),
        (ReportRevision("A", "zz", 1), "there is no cell zz"),
        (ClientJoined("A"), "the client A has joined already"),
        (ClientLeft("zz"), "there is no client zz"),
    ],
    ids=str,
)
def test_ac27_what_makes_no_sense_is_refused_in_words(operation: Operation, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        apply(after(EMPTY, ApplyDelta("A", "c", ("cats",), 0)), operation)


def test_ac27_a_revision_that_is_forgotten_is_too_old() -> None:
    state = after(EMPTY, ApplyDelta("A", "c", ("cats",), 0), ReportRevision("A", "c", 1), ReportRevision("B", "c", 1))
    with pytest.raises(Rejected, match="revision 0 of the text is too old"):
        apply(state, ApplyDelta("B", "c", ("x",), 0))


def test_ac27_who_has_not_joined_may_change_the_newest_text() -> None:
    state = after(EMPTY, ApplyDelta("A", "c", ("cats",), 0))
    assert source(after(state, ApplyDelta("tool", "c", (4, "!"), 1))) == "cats!"


def test_a_text_that_is_set_whole_or_undone_is_a_revision_too() -> None:
    state = after(EMPTY, ApplyDelta("A", "c", ("cats",), 0), SetCellSource("c", "big cats"))
    assert (revision(state), source(after(state, ApplyDelta("B", "c", (4, "!"), 1)))) == (2, "big cats!")
    undone = after(state, Undo())
    assert (source(undone), revision(undone)) == ("", 3)
    assert source(after(undone, ApplyDelta("B", "c", ("tea",), 1))) == "tea"


def test_who_joins_later_begins_with_the_text_that_there_is() -> None:
    state = after(EMPTY, ApplyDelta("A", "c", ("cats",), 0), ClientJoined("C"))
    assert source(after(state, ApplyDelta("C", "c", (4, "!"), 1))) == "cats!"
    with pytest.raises(Rejected, match="there is no client"):
        apply(after(state, ClientLeft("C")), ApplyDelta("C", "c", ("x",), 0))


def test_nobody_joins_and_nothing_is_remembered() -> None:
    state = after(state_of({"s": {"c": "x"}}), SetCellSource("c", "y"), ApplyDelta("", "c", (1, "!"), 0))
    assert (source(state), state.texts) == ("y!", {})


def test_a_cell_that_is_gone_has_no_revisions() -> None:
    assert after(EMPTY, ApplyDelta("A", "c", ("cats",), 0), DeleteCell("c")).texts == {}


def some_delta(data: st.DataObject, text: str) -> Delta:
    keep = data.draw(st.integers(0, len(text)))
    take = data.draw(st.integers(0, len(text) - keep))
    return deltas.normal((keep, data.draw(st.text("abc\n🐈", max_size=3)), -take))


@given(st.data())
def test_ac27_however_messages_are_delayed_every_replica_ends_with_the_sessions_text(data: st.DataObject) -> None:
    """Each client has one change under way at a time, and makes the next of those it made meanwhile: as in Livebook."""
    state = after(state_of({"s": {"c": "text"}}), ClientJoined("0"), ClientJoined("1"), ClientJoined("2"))
    clients = [Replica(str(number), "text") for number in range(3)]
    for _ in range(data.draw(st.integers(1, 20))):
        client = data.draw(st.sampled_from(clients))
        match data.draw(st.sampled_from(["type", "arrive", "hear"])):
            case "type":
                client.type(some_delta(data, client.text))
            case "arrive" if client.to_send:
                state = accept(state, client.to_send.pop(0), clients)
            case "hear" if client.coming:
                client.hear(*client.coming.pop(0))
    while any(client.to_send or client.coming for client in clients):
        for client in clients:
            if client.to_send:
                state = accept(state, client.to_send.pop(0), clients)
            while client.coming:
                client.hear(*client.coming.pop(0))
    assert {client.text for client in clients} == {source(state)}


def accept(state: State, operation: ApplyDelta, clients: list[Replica]) -> State:
    """The session tells everybody of the change, as it became."""
    state, _ = apply(state, operation)
    for client in clients:
        client.coming.append((operation.client_id, state.texts["c"].deltas[-1]))
    return state


class Replica:
    """A client as it must be: it shows its own changes at once, and sends one after the other."""

    def __init__(self, client_id: str, text: str) -> None:
        self.id = client_id
        self.text = text
        self.revision = 0
        self.under_way: Delta | None = None
        self.waiting: Delta = ()
        self.to_send: list[ApplyDelta] = []
        self.coming: list[tuple[str, Delta]] = []

    def type(self, delta: Delta) -> None:
        self.text = deltas.apply(self.text, delta)
        self.waiting = deltas.compose(self.waiting, delta)
        self._send()

    def hear(self, client_id: str, delta: Delta) -> None:
        self.revision += 1
        if client_id == self.id:
            self.under_way = None
            self._send()
            return
        if self.under_way is not None:
            delta, self.under_way = (
                deltas.transform(self.under_way, delta, first=True),
                deltas.transform(delta, self.under_way),
            )
        delta, self.waiting = (
            deltas.transform(self.waiting, delta, first=True),
            deltas.transform(delta, self.waiting),
        )
        self.text = deltas.apply(self.text, delta)

    def _send(self) -> None:
        if self.under_way is None and self.waiting:
            self.under_way, self.waiting = self.waiting, ()
            self.to_send.append(ApplyDelta(self.id, "c", self.under_way, self.revision))
