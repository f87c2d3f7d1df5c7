"""Child specifications: what is refused, what is the default, and how one reads."""

from __future__ import annotations

import functools
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.child_spec import child_spec_of
from beamlike.behaviours.supervision.child_errors import (
    BadChild,
    ChildAlreadyPresent,
    ChildAlreadyStarted,
    ChildError,
    ChildRestarting,
    ChildRunning,
    MaxChildren,
    NoChild,
    StartFailed,
)
from beamlike.code.codec import CodeCodec
from tests.support.codecs import there_and_back
from tests.support.local_nodes import forever, in_node
from tests.support.supervised import Flaky

PID = bl.Pid("n@here", 1)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"restart": "sometimes"}, "expected restart 'permanent', 'transient' or 'temporary', got 'sometimes'"),
        ({"type": "boss"}, "expected type 'worker' or 'supervisor', got 'boss'"),
        ({"shutdown": -1}, "expected shutdown in seconds, 0 or 'brutal_kill' to kill at once, None or .*, got -1"),
        ({"shutdown": float("nan")}, "expected shutdown in seconds, 0 or 'brutal_kill' .* for ever, got nan"),
        ({"significant": True}, "child 'a' is significant and permanent, so its end would end nothing"),
    ],
)
def test_a_specification_that_can_never_be_right_is_refused(options: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        bl.ChildSpec("a", forever, **options)


def test_the_start_must_be_a_function_and_the_id_hashable() -> None:
    with pytest.raises(TypeError, match="expected a function that starts child 'a', got 5"):
        bl.ChildSpec("a", 5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unhashable"):
        bl.ChildSpec([], forever)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "seconds"),
    [({}, 5.0), ({"type": "supervisor"}, None), ({"type": "supervisor", "shutdown": 1}, 1), ({"shutdown": None}, None)],
)
def test_a_worker_has_five_seconds_to_end_and_a_supervisor_all_it_needs(
    options: dict[str, Any], seconds: float | None
) -> None:
    assert bl.ChildSpec("a", lambda: None, **options).shutdown == seconds


def test_otps_words_for_a_shutdown_are_known_and_others_are_refused() -> None:
    assert bl.GenServer.child_spec(shutdown="brutal_kill").shutdown == 0
    assert bl.Supervisor.child_spec(shutdown="brutal_kill").shutdown == 0
    assert bl.GenServer.child_spec(shutdown="infinity").shutdown is None
    with pytest.raises(TypeError, match=r"expected shutdown in seconds, 0 or 'brutal_kill' .*, got 'forever'"):
        bl.ChildSpec("a", forever, shutdown="forever")  # type: ignore[arg-type]


class Named(bl.GenServer):
    def init(self, *args: Any) -> None:
        self.args = args

    def handle_call(self, request: Any, client: Any) -> Any:
        return self.args


@in_node
async def test_a_class_makes_a_specification_that_starts_it_with_its_arguments_and_name() -> None:
    spec = child_spec_of(Named, 1, 2, name="named", restart="transient")
    assert (spec.id, spec.restart, spec.type) == ("named", "transient", "worker")
    await bl.Supervisor.start_link([spec])
    assert await bl.GenServer.call("named", "args") == (1, 2)


@pytest.mark.parametrize(
    ("options", "id"), [({}, "Named"), ({"name": "n"}, "n"), ({"name": "n", "id": ("pair", 1)}, ("pair", 1))]
)
def test_the_id_is_the_given_one_else_the_name_else_the_class(options: dict[str, Any], id: Any) -> None:
    assert child_spec_of(Named, **options).id == id


def test_a_supervisor_is_specified_with_what_it_is_started_with() -> None:
    spec = bl.Supervisor.child_spec([], strategy="one_for_all", id="inner", significant=True, restart="transient")
    assert (spec.id, spec.type, spec.shutdown, spec.significant) == ("inner", "supervisor", None, True)
    assert isinstance(spec.start, functools.partial)
    assert spec.start.keywords == {"strategy": "one_for_all"}


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (forever, "forever"),
        (functools.partial(Named.start_link, "a secret"), "Named.start_link"),
        (functools.partial(functools.partial(forever)), "forever"),
        (Flaky(), "Flaky"),
        (Flaky().__call__, "Flaky.__call__"),
    ],
)
def test_a_specification_reads_without_the_arguments_of_its_start(start: Any, words: str) -> None:
    assert str(bl.ChildSpec("a", start)) == f"permanent worker 'a' (started by {words})"


@pytest.mark.parametrize(
    "error",
    [
        StartFailed("a", "permanent worker 'a'", "boom"),
        ChildAlreadyStarted("a", PID),
        ChildAlreadyPresent("a"),
        ChildRunning("a"),
        ChildRestarting("a"),
        NoChild("a", ["b"]),
        MaxChildren("a", 2),
        BadChild("a", "is odd"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_supervisor_refuses_with_travels_and_says_the_same_there(error: ChildError) -> None:
    codec = CodeCodec()
    arrived = there_and_back(codec, error)
    assert (type(arrived), str(arrived), vars(arrived)) == (type(error), str(error), vars(error))
    assert "'a'" in str(error)


@pytest.mark.parametrize("supervisor", [bl.Supervisor, bl.DynamicSupervisor, bl.TaskSupervisor, bl.PartitionSupervisor])
@in_node
async def test_a_keyword_of_elixir_is_refused_and_told_by_what_is_called_here(supervisor: Any) -> None:
    arguments = [Named.child_spec()] if supervisor is bl.PartitionSupervisor else []
    for start in (supervisor.start, supervisor.start_link):
        with pytest.raises(TypeError) as refused:
            await start(*arguments, max_restarts=3, max_seconds=5)
        assert str(refused.value).startswith(
            f"the start of a {supervisor.__name__} does not know max_restarts, which is intensity here, max_seconds, "
            "which is period here; known are "
        )
        assert "intensity, period, " in str(refused.value)
        assert "unknown" not in str(refused.value)


@in_node
async def test_children_that_are_no_list_of_specifications_are_refused_with_how_to_give_them() -> None:
    for children in (Named.child_spec(), Named, 5):
        with pytest.raises(
            TypeError, match=r"expected the children of a supervisor as a list of ChildSpec, got .*\[ \]"
        ):
            await bl.Supervisor.start_link(children)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"expected a ChildSpec, got <class .*: make one with Named.child_spec\(...\)"):
        await bl.Supervisor.start_link([Named])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"expected a ChildSpec, got 5: make one with ChildSpec\(id, start\)"):
        await bl.Supervisor.start_link([5])  # type: ignore[list-item]
