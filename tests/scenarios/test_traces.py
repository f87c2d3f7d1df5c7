"""How traces are written, compared and run: a twin must not pass for a reason other than the one it shows."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import beamlike as bl
from tests.scenarios import recorded as recordings
from tests.scenarios import twin as twins
from tests.scenarios.recorded import difference, in_one_order, recorded
from tests.scenarios.trace import Error, Text, Throw, Trace, reason_of
from tests.scenarios.twin import Body, number_of, twin
from tests.support.local_nodes import forever, in_node

PID, REF = bl.Pid("n@here", 1), bl.Ref("n@here", 2)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("boom", "boom"),
        (Text("two\nlines"), '"two\\nlines"'),
        (("a", ["b", 1.5], {"k": True, "j": None}), "(a, [b, 1.5], {j: nil, k: true})"),
        (b"abc", '"abc"'),
        (bytes(1000), "<1000 bytes>"),
        (bl.Alias(PID, REF.id), "#m"),
        (bl.Down(REF, PID, "boom"), "(DOWN, #m, process, <p>, boom)"),
        (bl.Down(REF, ("name", "n@here"), "noproc"), "(DOWN, #m, process, (name, @here), noproc)"),
        (bl.Exit(bl.Pid("n@here", 3), "kill"), "(EXIT, <pid>, kill)"),
        (bl.Reply(bl.Ref("n@here", 4), 5), "(#ref, 5)"),
        (bl.NodeDown("n@here", "lost"), "(nodedown, @here)"),
    ],
)
def test_a_term_is_written_in_the_neutral_grammar(term: Any, text: str) -> None:
    trace = Trace()
    for labelled, name in ((PID, "p"), (REF, "m"), ("n@here", "here")):
        trace.label(labelled, name)
    trace("main", "recv", term)
    assert trace.lines == [f"main: recv {text}"]


def test_a_term_without_a_neutral_form_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a term that a trace can write, got <object"):
        Trace()("main", "recv", object())


@in_node
async def test_an_exception_is_written_as_the_word_that_stands_for_it_with_its_stack() -> None:
    trace = Trace()
    for error in (Error("bad"), Throw("ball"), ZeroDivisionError(), BufferError()):
        trace("p", "ended", await reason_of(_raise, error))
    trace.means(BufferError, "system_limit")
    trace("p", "ended", await reason_of(_raise, BufferError()))
    assert [line.removeprefix("p: ended ") for line in trace.lines] == [
        "(bad, <stack>)",
        "((nocatch, ball), <stack>)",
        "(badarith, <stack>)",
        "(BufferError, <stack>)",
        "(system_limit, <stack>)",
    ]


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (bl.ProcessExit("boom"), ("raised", "exit", "boom")),
        (Throw("ball"), ("raised", "throw", "ball")),
        (Error("bad"), ("raised", "error", "bad")),
        (bl.UnknownName("x"), ("raised", "error", "badarg")),
    ],
)
def test_an_attempt_tells_the_class_and_the_reason(error: Exception, outcome: tuple[str, str, Any]) -> None:
    assert Trace().outcome(_raise, error) == outcome


def test_lines_without_order_are_compared_as_a_group_and_all_others_in_order() -> None:
    assert not difference(["a: recv* 1", "a: recv* 2", "a: end"], ["a: recv* 2", "a: recv* 1", "a: end"])
    assert difference(["a: recv 1", "a: recv 2"], ["a: recv 2", "a: recv 1"])
    assert difference(["a: recv* 1", "a: end"], ["a: end", "a: recv* 1"])
    assert difference(["a: recv* 1", "a: recv* 1"], ["a: recv* 1"])


def test_a_difference_shows_both_sides() -> None:
    found = difference(["a: x", "a: y"], ["a: x", "a: z"])
    assert found.splitlines() == ["- expected, + this run", "  a: x", "- a: y", "+ a: z"]


@pytest.mark.parametrize("number", ["S026", "S085", "S094"])
def test_a_recorded_trace_is_in_the_order_that_it_is_compared_in(number: str) -> None:
    assert in_one_order(recorded(number)) == recorded(number)
    assert recorded(number)[-1] == "end: ok"


async def leaves_a_message(trace: Trace) -> None:
    trace("main", "reasons", ["first"])
    bl.send(bl.self(), "late")


async def crashes(trace: Trace) -> None:
    raise BufferError("too small")


async def never_ends(trace: Trace) -> None:
    await forever()


async def goes_as_recorded(trace: Trace) -> None:
    trace("main", "reasons", ["first"])


def twin_of_s026(body: Body, **options: Any) -> Callable[[], None]:
    """As the decorator would make it of a function of the right name, which pytest would take for a test."""
    body.__name__ = "test_s026_for_a_test"
    return twin(**options)(body)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (leaves_a_message, "+ main: leftover late"),
        (crashes, "+ end: crash (BufferError, <stack>)"),
        (crashes, "BufferError: too small"),
        (never_ends, "+ end: hang"),
    ],
)
def test_a_twin_that_goes_another_way_fails(body: Body, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twins, "DEADLINE", 0.05)
    with pytest.raises(AssertionError) as failure:
        twin_of_s026(body)()
    assert says in str(failure.value)


def test_lines_that_need_other_nodes_can_be_left_out() -> None:
    twin_of_s026(goes_as_recorded)()
    with pytest.raises(AssertionError, match=r"\+ main: reasons \[first\]"):
        twin_of_s026(goes_as_recorded, without=("main: reasons",))()


def test_what_is_left_out_must_be_there() -> None:
    with pytest.raises(AssertionError, match="no recorded line begins with 'main: nothing'"):
        twin_of_s026(goes_as_recorded, without=("main: nothing",))()


def test_a_difference_on_purpose_must_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twins, "ours", lambda number: ["main: reasons [first]", "end: ok"])
    with pytest.raises(AssertionError, match="S026 does not differ from the BEAM"):
        twin_of_s026(goes_as_recorded, differs=True)()


@pytest.mark.parametrize("module", [recordings, twins])
def test_the_examples_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def test_a_twin_without_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a name like test_s026_what_it_shows, got 'test_26'"):
        number_of("test_26")
