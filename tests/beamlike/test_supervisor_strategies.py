"""one_for_all and rest_for_one: who is ended and started along with a child, in which order, and what if that fails."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import beamlike as bl
from beamlike.behaviours.child_spec import Restart
from beamlike.behaviours.supervision.supervisor_flags import Strategy
from tests.support.captured_log import captured_log
from tests.support.local_nodes import eventually, in_node, no_message, received, run_in_node, settled
from tests.support.supervised import ALWAYS, Flaky, child, ends_as_told, pid_of, pids_of, plain, states_of

GROUPS: tuple[Strategy, ...] = ("one_for_all", "rest_for_one")


async def supervised(strategy: Strategy, *specs: bl.ChildSpec, intensity: int = 1) -> bl.Pid:
    return await bl.Supervisor.start_link(specs, strategy=strategy, intensity=intensity)


@pytest.mark.parametrize(
    ("strategy", "ended", "started"),
    [("one_for_one", "", "b"), ("one_for_all", "dca", "abcd"), ("rest_for_one", "dc", "bcd")],
)
@in_node
async def test_the_others_are_ended_in_reverse_and_then_all_started_in_order(
    strategy: Strategy, ended: str, started: str
) -> None:
    supervisor = await supervised(strategy, *(child(id) for id in "abcd"))
    await received(4)
    bl.send(await pid_of(supervisor, "b"), "boom")
    assert await received(1) == [("terminated", "b", "boom")]
    assert await received(len(ended)) == [("terminated", id, "shutdown") for id in ended]
    assert await received(len(started)) == [("started", id) for id in started]
    await no_message()
    assert list(await pids_of(supervisor)) == list("abcd")


@pytest.mark.parametrize("strategy", GROUPS)
@in_node
async def test_a_temporary_child_that_is_ended_with_the_others_is_not_started_again(strategy: Strategy) -> None:
    supervisor = await supervised(strategy, plain("a"), plain("b"), plain("brief", restart="temporary"))
    bl.exit(await pid_of(supervisor, "b"), "boom")
    await settled()
    assert await states_of(supervisor) == {"a": "running", "b": "running"}


@pytest.mark.parametrize("strategy", GROUPS)
@in_node
async def test_the_ends_of_the_others_are_no_restarts_of_their_own(strategy: Strategy) -> None:
    supervisor = await supervised(strategy, *(plain(id) for id in "abcdef"), intensity=1)
    bl.exit(await pid_of(supervisor, "a"), "boom")
    await settled()
    assert len(await bl.Supervisor.restart_history(supervisor)) == 1
    assert set((await states_of(supervisor)).values()) == {"running"}


@pytest.mark.parametrize("strategy", GROUPS)
@in_node
async def test_children_that_end_at_once_are_one_restart(strategy: Strategy) -> None:
    supervisor = await supervised(strategy, plain("a"), plain("b"), intensity=1)
    first, second = (await pids_of(supervisor)).values()
    assert first is not None
    assert second is not None
    with captured_log("beamlike.supervisor") as records:
        bl.exit(first, "boom")
        bl.exit(second, "boom")
        await settled()
    assert set((await states_of(supervisor)).values()) == {"running"}
    assert len(await bl.Supervisor.restart_history(supervisor)) == len(records) == 1


@pytest.mark.parametrize("strategy", GROUPS)
@in_node
async def test_if_another_child_fails_to_start_again_that_one_is_tried_again(strategy: Strategy) -> None:
    flaky = Flaky()
    specs = [plain("a"), bl.ChildSpec("flaky", flaky), plain("z")]
    supervisor = await supervised(strategy, *specs, intensity=ALWAYS)
    flaky.failures = ALWAYS
    bl.exit(await pid_of(supervisor, "a"), "boom")
    await eventually(lambda: flaky.calls > 5)
    assert await states_of(supervisor) == {"a": "running", "flaky": "restarting", "z": "stopped"}
    flaky.failures = 0
    await eventually(lambda: flaky.calls > 5)
    await settled()
    assert set((await states_of(supervisor)).values()) == {"running"}


@pytest.mark.parametrize("strategy", GROUPS)
@in_node
async def test_a_group_that_never_starts_again_ends_the_supervisor(strategy: Strategy) -> None:
    bl.trap_exit(True)
    flaky = Flaky()
    supervisor = await supervised(strategy, plain("a"), bl.ChildSpec("flaky", flaky), intensity=3)
    flaky.failures = ALWAYS
    bl.exit(await pid_of(supervisor, "a"), "boom")
    assert await received(1) == [bl.Exit(supervisor, "shutdown")]
    assert flaky.calls == 1 + 3
    assert bl.processes() == [bl.self()]


@in_node
async def test_a_stopped_child_is_started_with_the_others() -> None:
    supervisor = await supervised("one_for_all", plain("a"), plain("b"))
    await bl.Supervisor.terminate_child(supervisor, "a")
    assert await states_of(supervisor) == {"a": "stopped", "b": "running"}
    bl.exit(await pid_of(supervisor, "b"), "boom")
    await settled()
    assert await states_of(supervisor) == {"a": "running", "b": "running"}


# Any history of ends, against the rules in a few lines.

REASONS = ("normal", "shutdown", "boom")
RESTARTS: tuple[Restart, ...] = ("permanent", "transient", "temporary")
Model = dict[int, int | None]
"""By id: which generation of the child runs, None if it does not."""


def expected(model: Model, restarts: list[Restart], strategy: Strategy, id: int, reason: str) -> None:
    """What becomes of the children when child `id` ends."""
    if restarts[id] == "temporary":
        del model[id]
    elif restarts[id] == "transient" and reason != "boom":
        model[id] = None
    else:
        ids = list(model)
        group = {"one_for_one": [id], "one_for_all": ids, "rest_for_one": ids[ids.index(id) :]}[strategy]
        generation = max(generation or 0 for generation in model.values()) + 1
        for member in group:
            if restarts[member] == "temporary":
                del model[member]
            else:
                model[member] = generation


@settings(max_examples=60, deadline=None)
@given(
    restarts=st.lists(st.sampled_from(RESTARTS), min_size=1, max_size=5),
    strategy=st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"]),
    ends=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(REASONS)), max_size=6),
)
def test_any_history_of_ends_follows_the_rules(
    restarts: list[Restart], strategy: Strategy, ends: list[tuple[int, str]]
) -> None:
    async def main() -> None:
        specs = [plain(str(id), ends_as_told, restart=restart) for id, restart in enumerate(restarts)]
        supervisor = await supervised(strategy, *specs, intensity=ALWAYS)
        model: Model = dict.fromkeys(range(len(restarts)), 0)
        for id, reason in ends:
            if model.get(id) is None:
                continue
            before, was = await pids_of(supervisor), dict(model)
            bl.send(await pid_of(supervisor, str(id)), reason)
            await settled()
            expected(model, restarts, strategy, id, reason)
            after = await pids_of(supervisor)
            assert [int(key) for key in after] == list(model)
            for member, generation in model.items():
                assert (after[str(member)] is None) == (generation is None)
                assert (after[str(member)] == before[str(member)]) == (generation == was[member])
        assert len(bl.processes()) == 2 + sum(generation is not None for generation in model.values())

    run_in_node(main)
