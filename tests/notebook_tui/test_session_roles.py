"""What each role may do: the session refuses the rest, in words, whatever follows of it and whoever says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import beamlike as bl
from notebook_tui.document.apply import apply
from notebook_tui.document.operations import (
    CancelEvaluation,
    Connect,
    DeleteCell,
    EraseOutputs,
    Operation,
    OutputAdded,
    QueueCells,
    Redo,
    SetCellMetadata,
    SetCellSource,
    SetInputValue,
    SetTitle,
    Trust,
    Undo,
)
from notebook_tui.document.outputs import Text
from notebook_tui.document.state import State
from notebook_tui.runtime.variable_questions import Variables
from notebook_tui.session.client import Client
from notebook_tui.session.messages import Act, GiveAnswer, Perform, Restart, SaveAs, SetSecretInput, TakeQuestions
from notebook_tui.session.people import ROLES, NotAllowed, Person, Role
from notebook_tui.session.roles import role_for, role_for_all
from notebook_tui.widgets.messages import EventValue
from tests.notebook_tui.test_session_viewers import notebook_at
from tests.support import histories
from tests.support.documents import after, all_run, ran, state_of
from tests.support.kept_sessions import Kept, kept
from tests.support.local_nodes import PATIENCE, eventually, in_node, run_in_node

READ = state_of({"s": {"c1": "a = 1", "c2": "b = a"}})


@pytest.mark.parametrize("kind", get_args(Operation), ids=lambda kind: kind.__name__)
def test_every_operation_has_a_role(kind: type[Operation]) -> None:
    assert role_for(object.__new__(kind)) in ROLES


RAN = all_run(READ)
BY_ITSELF = SetCellMetadata("c2", "reevaluate_automatically", True)
STALE = (QueueCells(("c1",)), *ran("c1"))
CONSEQUENCES: list[tuple[str, State, Operation, Role]] = [
    ("text", RAN, SetCellSource("c1", "a = 2"), "edit"),
    ("a cell that ran is deleted", RAN, DeleteCell("c1"), "edit"),
    ("a stale cell is to run by itself", after(RAN, *STALE), BY_ITSELF, "run"),
    ("what it reads from is deleted", after(RAN, BY_ITSELF), DeleteCell("c1"), "run"),
    ("a cell that runs is deleted", after(RAN, QueueCells(("c1",))), DeleteCell("c1"), "run"),
    ("a deletion is taken back", after(RAN, BY_ITSELF, DeleteCell("c2")), Undo(), "edit"),
    ("the setting is made again", after(RAN, BY_ITSELF, Undo(), *STALE), Redo(), "run"),
]


@pytest.mark.parametrize(
    ("state", "operation", "role"), [case[1:] for case in CONSEQUENCES], ids=[case[0] for case in CONSEQUENCES]
)
def test_an_edit_that_runs_or_interrupts_a_cell_takes_the_role_of_who_may_run(
    state: State, operation: Operation, role: Role
) -> None:
    assert role_for(operation) == "edit"
    assert role_for_all(operation, state, *apply(state, operation)) == role


async def joined(it: Kept, role: Role) -> tuple[Client, list[str]]:
    client = await Client.join(it.session, Person("ann", role))
    said: list[str] = []
    client.subscribe(lambda _state: None, said.append)
    return client, said


async def heard_of(client: Client) -> None:
    """All that was asked for before."""
    await client.chosen_runtime()


ALLOWED: list[tuple[Operation, Role]] = [
    (SetTitle("B"), "edit"),
    (SetCellSource("cell-1", "a = 2"), "edit"),
    (QueueCells(("cell-1",)), "run"),
    (Connect(), "run"),
    (EraseOutputs(), "run"),
    (Trust(), "admin"),
    (OutputAdded("cell-1", Text("stdout", "not so")), "admin"),
]


@pytest.mark.parametrize(("operation", "needed"), ALLOWED, ids=lambda each: type(each).__name__)
def test_an_operation_is_refused_in_words_to_who_may_not(tmp_path: Path, operation: Operation, needed: Role) -> None:
    async def main() -> None:
        async with kept(notebook_at(tmp_path), journal=False) as it:
            for role in ROLES[: ROLES.index(needed)]:
                client, said = await joined(it, role)
                client.send(operation)
                await eventually(lambda: len(said) == 1)  # noqa: B023 - it is over before the next
                assert said[0].startswith(f"your role is {role}, and it takes {needed} to ")
                assert client.applied == 0
            client, said = await joined(it, needed)
            client.send(operation)
            await eventually(lambda: client.applied > 0)
            assert said == []

    run_in_node(main)


CALLS: list[tuple[str, Role, Callable[[Client], Awaitable[object]]]] = [
    ("save", "edit", lambda client: client.save()),
    ("save as", "admin", lambda client: client.save_as("elsewhere.livemd")),
    ("discard", "admin", lambda client: client.discard()),
    ("restart", "admin", lambda client: client.restart()),
    ("disconnect", "admin", lambda client: client.disconnect()),
    ("use a runtime", "admin", lambda client: client.use_runtime("local")),
    ("give secrets", "admin", lambda client: client.give_secrets({"A": "b"})),
    ("give stored secrets", "admin", lambda client: client.give_stored_secrets("A")),
    ("revoke secrets", "admin", lambda client: client.revoke_secrets("A")),
    ("read the store", "admin", lambda client: client.stored_secrets()),
    ("write the store", "admin", lambda client: client.store_secret("A", "b")),
    ("empty the store", "admin", lambda client: client.forget_secret("A")),
    ("attach a file", "admin", lambda client: client.attach_file("/etc/passwd")),
    ("remove a file", "admin", lambda client: client.remove_file("cats.csv")),
    ("see profiles", "admin", lambda client: client.runtime_choices()),
    ("limit the runtime", "admin", lambda client: client.set_idle_limit(None)),
    ("drop a node", "admin", lambda client: client.disconnect_node("a@b")),
    ("look at variables", "run", lambda client: client.variables("cell-1")),
    ("look for a package", "edit", lambda client: client.check_package("polars")),
]


@pytest.mark.parametrize(("needed", "call"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS])
def test_a_call_is_refused_in_words_to_who_may_not(
    tmp_path: Path, needed: Role, call: Callable[[Client], Awaitable[object]]
) -> None:
    async def main() -> None:
        async with kept(notebook_at(tmp_path), journal=False) as it:
            client, _ = await joined(it, ROLES[ROLES.index(needed) - 1])
            with pytest.raises(NotAllowed, match=f"it takes {needed} to "):
                await call(client)
            assert it.client.applied == 0

    run_in_node(main)


@in_node
async def test_each_role_may_do_what_it_is_for(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        viewer, _ = await joined(it, "view")
        assert await viewer.runtime_facts() is None
        assert (await viewer.secrets()).given == ()
        editor, _ = await joined(it, "edit")
        editor.send(SetTitle("B"))
        assert await editor.save() == str(tmp_path / "test.livemd")
        runner, _ = await joined(it, "run")
        assert await runner.variables("cell-1") == Variables()
        admin, _ = await joined(it, "admin")
        await admin.give_secrets({"A": "b"})
        assert (await viewer.secrets()).given == ("A",)


@in_node
async def test_a_pid_that_has_not_joined_may_not_even_rename_the_notebook(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        bl.GenServer.cast(it.session, Perform(SetTitle("B"), bl.self()))
        answer = await bl.GenServer.call(it.session, Restart(), timeout=PATIENCE)
        assert isinstance(answer, NotAllowed)
        assert it.client.applied == 0


@in_node
async def test_who_has_left_may_do_nothing_any_more(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        client, _ = await joined(it, "admin")
        ended = bl.monitor(client._viewer)
        await client.close()
        await bl.receive(ref=ended, timeout=PATIENCE)
        client.send(SetTitle("B"))
        await heard_of(it.client)
        assert it.client.applied == 0


values: st.SearchStrategy[EventValue] = st.none() | st.text(max_size=2)
asked: st.SearchStrategy[Callable[[bl.Pid], object]] = st.one_of(
    st.one_of(histories.edits, histories.reports, histories.wishes, histories.typing(histories.START)).map(
        lambda operation: lambda me: Perform(operation, me)
    ),
    st.builds(lambda ref, value: lambda me: Act(ref, value, me), histories.input_ids, values),
    st.builds(lambda ref: lambda me: SetSecretInput(ref, "x", me), histories.input_ids),
    st.builds(lambda text: lambda me: GiveAnswer("q", text, me), st.text(max_size=2)),
    st.just(TakeQuestions),
)
calls = st.sampled_from([Restart(), SaveAs("elsewhere.livemd")])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(asked | calls, max_size=40))
def test_no_sequence_of_requests_by_a_viewer_changes_anything(
    tmp_path: Path, requests: list[Callable[[bl.Pid], object] | Restart | SaveAs]
) -> None:
    async def main() -> None:
        async with kept(notebook_at(tmp_path), journal=False) as it:
            before = await bl.sys.get_state(it.session, timeout=PATIENCE)
            client, _ = await joined(it, "view")
            for request in requests:
                if callable(request):
                    bl.GenServer.cast(it.session, request(client._viewer))
                else:
                    with pytest.raises(NotAllowed):
                        await client._call(request, PATIENCE)
            await heard_of(client)
            state = await bl.sys.get_state(it.session, timeout=PATIENCE)
            assert (state["_state"], state["applied"]) == (before["_state"], 0)
            assert state["_questions"]._takers == {}

    run_in_node(main)


@in_node
async def test_an_editor_cannot_stop_what_somebody_runs(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        it.client.send(QueueCells(("cell-1",)))
        await it.until(lambda: bool(it.state.queue))
        client, said = await joined(it, "edit")
        for operation in (CancelEvaluation("cell-1"), SetInputValue("i", 1)):
            client.send(operation)
        await eventually(lambda: len(said) == 2)
        assert it.state.queue == ("cell-1",)
