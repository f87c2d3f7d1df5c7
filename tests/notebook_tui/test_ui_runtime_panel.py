"""The runtime at the side: what is connected, how connecting goes, and where cells run instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notebook_tui.document.operations import Connect
from notebook_tui.document.state import RuntimeStatus, State
from notebook_tui.runtime.facts import Facts
from notebook_tui.runtime.limits import Lifetime
from notebook_tui.session.profiles import Profile
from notebook_tui.session.runtime_choices import ReachableNode, RuntimeChoices
from tests.support.fake_session import code, notebook_of
from tests.support.screen import NOW, Terminal, in_terminal

CELL = code("a", "x = 1")
FACTS = Facts(
    "local-1@h", "thinkpad", 4711, "3.12.4", "/usr/bin/python", "/data", NOW, 187_000_000, 16 << 30, 8 << 30, 8
)
CONNECTED = State(notebook_of(CELL), "t.livemd", runtime=RuntimeStatus("connected", "local", since=NOW - 125))
CHOICES = RuntimeChoices(
    (Profile("local"), Profile("old", python="/opt/python3.11")), "local", (ReachableNode("app@h", "h:4370", 99),)
)


@in_terminal(CELL, size=(120, 34), state=CONNECTED)
async def test_what_is_connected_is_told_with_its_process_and_memory(shown: Terminal) -> None:
    shown.session.facts = FACTS
    shown.session.choices = CHOICES
    await shown.press("s", "r")
    await shown.shows("local-1@h")
    for text in (
        "● connected to local",
        "for     2 min",
        "4711 on thinkpad",
        "3.12.4",
        "178 MB of 16.0 GB, 8.0 GB free",
    ):
        assert text in shown.text, text
    for text in ("● local", "○ old  /opt/python3.11", "○ app@h  h:4370, process 99", "+ on a Fly Machine…"):
        assert text in shown.text, text
    assert shown.lines[11].startswith(" ▌● local")


@in_terminal(CELL, size=(120, 34))
async def test_connecting_is_told_step_by_step_and_called_off(shown: Terminal) -> None:
    shown.session.connects = False
    await shown.press("s", "r")
    assert "○ no runtime; local is chosen" in shown.text
    await shown.press("r")
    assert shown.session.operations_of(Connect) == [Connect()]
    shown.session.step("creating a process")
    shown.clock.now += 1.5
    shown.session.step("it dials")
    shown.clock.now += 0.3
    await shown.shows("it dials")
    assert "✓ creating a process" in shown.text
    assert shown.lines[2].partition("▕")[0].rstrip().endswith("1.5 s")
    await shown.press("x")
    await shown.shows("no runtime")
    assert shown.session.state.runtime.phase == "disconnected"
    shown.session.send(Connect())
    shown.session.step("creating a process")
    shown.session.lose_runtime("no room is left")
    await shown.shows("✗ creating a process")
    assert "no room is left" in shown.text


@in_terminal(CELL, size=(120, 34), state=CONNECTED)
async def test_another_runtime_is_used_after_a_question(shown: Terminal) -> None:
    shown.session.choices = CHOICES
    vars(shown.session)["use_runtime"] = used_by(shown)
    await shown.press("s", "r", "j", "enter")
    await shown.shows("all values are lost")
    await shown.press("n")
    assert shown.session.runtime_spec == "local"
    await shown.press("enter", "y")
    await shown.until(lambda: shown.session.runtime_spec == "old", "old is used")
    await shown.shows("● old")


def used_by(shown: Terminal):  # type: ignore[no-untyped-def]
    async def use(spec: str) -> None:
        shown.session.runtime_spec = spec

    return use


@in_terminal(CELL, size=(120, 40))
async def test_a_form_checks_what_it_is_given_and_makes_a_spec(shown: Terminal) -> None:
    await shown.press("s", "r", "G", "enter")
    await shown.shows("Cells run in a pod of Kubernetes")
    assert "default" in shown.text
    await shown.press(*["enter"] * 4)
    await shown.type("much")
    await shown.press(*["enter"] * 10)
    await shown.shows("! expected such as 1Gi or 512Mi; got much")
    await shown.press(*["backspace"] * 4, "2", "G", "i", *["enter"] * 10)
    await shown.until(lambda: shown.session.runtime_spec == "k8s:default?memory=2Gi&idle=30m", "the spec is made")


LIMITED = replace(FACTS, lifetime=Lifetime(1800.0, 725.0, 14_400.0, 12_000.0))


@in_terminal(CELL, size=(120, 34), state=CONNECTED)
async def test_what_a_runtime_costs_and_how_long_it_lasts_is_told(shown: Terminal) -> None:
    shown.session.facts = LIMITED
    shown.session.usd_per_hour = 0.0529
    await shown.press("s", "r")
    await shown.shows("ends    in 3 h 20 min, or idle (12 of 30 min)")
    assert "for     2 min, about $0.00 at $0.053 an hour" in shown.text


@in_terminal(CELL, size=(120, 34), state=CONNECTED)
async def test_the_idle_limit_is_changed_while_it_runs_and_the_lifetime_is_not(shown: Terminal) -> None:
    shown.session.facts = LIMITED
    await shown.press("s", "r")
    await shown.shows("12 of 30 min")
    await shown.press("i")
    await shown.shows("How long the runtime may be there")
    await shown.press(*["backspace"] * 3, "2", "h", "enter", *["backspace"] * 2, "8", "h", "enter")
    await shown.shows("keeps to it")
    await shown.press("backspace", "backspace", "4", "h", "enter")
    await shown.shows("when nobody has needed it for 2 h.")
    assert shown.session.facts.lifetime == Lifetime(7200.0, 725.0, 14_400.0, 12_000.0)
    await shown.shows("12 min of 2 h")


@in_terminal(CELL, size=(120, 34), state=CONNECTED)
async def test_the_form_of_what_is_in_use_holds_what_it_was_made_of(shown: Terminal) -> None:
    shown.session.runtime_spec = "k8s:ml?memory=3Gi&lifetime=8h"
    await shown.press("s", "r")
    await shown.shows("▌● k8s:ml?memory=3Gi&lifetime=8h  in a pod of Kubernetes")
    await shown.press("enter")
    await shown.shows("Cells run in a pod of Kubernetes")
    await shown.shows("3Gi")
    assert "ml" in shown.text


@in_terminal(CELL, size=(120, 40))
async def test_a_profile_is_added_once_it_is_right(shown: Terminal) -> None:
    await shown.press("s", "r", "a")
    await shown.type("my old")
    await shown.press("enter")
    await shown.type("/no/such/python")
    await shown.press("enter", "enter")
    await shown.shows("is no /no/such/python")
    assert "expected letters, digits" in shown.text
    await shown.press(*["backspace"] * 6, "o", "l", "d", "enter", *["backspace"] * 15, "enter", "enter")
    await shown.shows("The profile old is there.")
    assert shown.session.choices.profiles[-1] == Profile("old")


@in_terminal(CELL, size=(120, 34), state=CONNECTED)
async def test_a_runtime_is_ended_only_after_a_question_and_started_again(shown: Terminal) -> None:
    await shown.press("s", "r", "x", "n")
    assert shown.session.disconnects == 0
    await shown.press("x", "y")
    await shown.shows("○ no runtime")
    assert shown.session.disconnects == 1
    await shown.press("x")
    await shown.shows("There is no runtime to disconnect.")
    await shown.press("r", "r")
    await shown.shows("The runtime is restarted")


@in_terminal(CELL, size=(100, 24), state=CONNECTED)
async def test_the_bar_tells_the_memory_of_the_runtime_as_long_as_it_is_there(shown: Terminal) -> None:
    shown.session.facts = FACTS
    shown.clock.now += 11
    await shown.until(lambda: "178 MB" in shown.status, "the memory")
    shown.session.facts = replace(FACTS, memory=300_000_000)
    await shown.settle()
    assert "178 MB" in shown.status
    shown.clock.now += 11
    await shown.until(lambda: "286 MB" in shown.status, "the memory, asked again")
    shown.session.lose_runtime("gone")
    await shown.until(lambda: "MB" not in shown.status, "no memory of what is gone")


@pytest.mark.parametrize("phase", ["connected", "disconnected"])
def test_lines_of_the_panel_keep_to_its_width(phase: str) -> None:
    from notebook_tui.ui.drawing.palette import Palette
    from notebook_tui.ui.panels.runtime_lines import Known, status_lines

    runtime = RuntimeStatus(phase, "x" * 200, lost="why " * 50)  # type: ignore[arg-type]
    assert list(status_lines(runtime, "local", Known(LIMITED, 1.0, NOW), NOW, 30, Palette()))
