"""Any history of questions to a supervisor and of ends of its children, against OTP's table of states.

asked        no such child    running              stopped
start        runs             ChildAlreadyStarted  ChildAlreadyPresent
terminate    NoChild          stops, or is gone    nothing
restart      NoChild          ChildRunning         runs
delete       NoChild          ChildRunning         is gone
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import beamlike as bl
from beamlike.behaviours.child_spec import Restart
from beamlike.behaviours.supervision.child_errors import (
    ChildAlreadyPresent,
    ChildAlreadyStarted,
    ChildError,
    ChildRunning,
    NoChild,
)
from tests.support.local_nodes import run_in_node, settled
from tests.support.supervised import ALWAYS, ends_as_told, pid_of, plain, states_of

RESTARTS: dict[str, Restart] = {"a": "permanent", "b": "transient", "c": "temporary", "d": "permanent"}

States = dict[str, str]
Step = tuple[str, str]

ERRORS: dict[tuple[str, str | None], type[ChildError]] = {
    ("start", "running"): ChildAlreadyStarted,
    ("start", "stopped"): ChildAlreadyPresent,
    ("restart", "running"): ChildRunning,
    ("delete", "running"): ChildRunning,
    **{(asked, None): NoChild for asked in ("terminate", "restart", "delete")},
}

ASK: dict[str, Callable[[bl.Pid, str], Awaitable[Any]]] = {
    "start": lambda supervisor, id: bl.Supervisor.start_child(supervisor, spec(id)),
    "terminate": bl.Supervisor.terminate_child,
    "restart": bl.Supervisor.restart_child,
    "delete": bl.Supervisor.delete_child,
}

steps = st.tuples(st.sampled_from([*ASK, "normal", "boom"]), st.sampled_from(sorted(RESTARTS)))


def spec(id: str) -> bl.ChildSpec:
    return plain(id, ends_as_told, restart=RESTARTS[id])


def follow(states: States, step: str, id: str) -> None:
    """What `step` makes of the children, where it is allowed."""
    if step in ("start", "restart"):
        states[id] = "running"
    elif step == "delete" or RESTARTS[id] == "temporary":
        del states[id]
    elif step == "terminate" or (step == "normal" and RESTARTS[id] == "transient"):
        states[id] = "stopped"


async def take(supervisor: bl.Pid, states: States, step: str, id: str) -> None:
    """Does it, and expects what the table says."""
    if step not in ASK:
        if states.get(id) == "running":
            bl.send(await pid_of(supervisor, id), step)
            await settled()
            follow(states, step, id)
        return
    refused: type[ChildError] | None = None
    try:
        await ASK[step](supervisor, id)
    except ChildError as refusal:
        refused = type(refusal)
    assert refused is ERRORS.get((step, states.get(id)))
    if refused is None and (step, states.get(id)) != ("terminate", "stopped"):
        follow(states, step, id)


@settings(max_examples=100, deadline=None)
@given(history=st.lists(steps, max_size=15))
def test_any_history_follows_the_table(history: list[Step]) -> None:
    async def main() -> None:
        states: States = {"a": "running", "b": "running"}
        supervisor = await bl.Supervisor.start_link([spec("a"), spec("b")], ALWAYS)
        for step, id in history:
            await take(supervisor, states, step, id)
            assert list((await states_of(supervisor)).items()) == list(states.items())
        assert len(bl.processes()) == 2 + list(states.values()).count("running")

    run_in_node(main)
