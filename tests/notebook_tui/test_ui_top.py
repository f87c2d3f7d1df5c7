"""`beamlike top`: what is seen of a node, and every key that changes it."""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import beamlike as bl
from beamlike.inspect.facts import LogLine
from beamlike.inspect.tracing.events import Kind, Traced
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.keys.top import TOP, top_sequences
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import Settings
from notebook_tui.ui.top.commands import TopCommands
from notebook_tui.ui.top.sequence import diagram, lanes
from notebook_tui.ui.top.view import TABS
from tests.support.screen import NOW
from tests.support.top_terminal import HERE, PlayedNode, TopTerminal, in_top, pid, process, top


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))


@in_top()
async def test_the_head_says_how_the_node_is_and_the_table_who_has_most_to_do(shown: TopTerminal) -> None:
    await shown.shows("shop@127.0.0.1", "up 1:02:05", "cpu", "25%", "procs 3", "QUEUE▼")
    assert "mailer" in shown.marked
    assert "20.0k" in shown.marked
    assert "Till.pay  till.py:12" in shown.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (250, 80)])
def test_every_tab_fits_every_terminal(size: tuple[int, int]) -> None:
    said = {
        "processes": "till",
        "tree": "╰─ till",
        "tasks": "write_reports" if size[0] >= 90 else "reports",
        "threads": "MainThread",
        "loop": "98.0%",
        "links": "other@127.0.0.1",
        "memory": "dict",
        "logs": "a large order",
        "modules": "msgpack",
        "files": "127.0.0.1:80",
    }

    async def main() -> None:
        async with top(size) as shown:
            shown.node.lines.put_nowait(LogLine(NOW, "WARNING", "shop", "a large order", HERE, "MainThread"))
            for place, tab in enumerate(TABS, 1):
                await shown.press(str(place % 10))
                await shown.shows(said[tab])
                assert all(cell_len(line) <= size[0] for line in shown.lines)
                assert "keys" in shown.lines[-1]
                assert "quit" in shown.lines[-1]
                assert not any(internal in shown.text for internal in ("bounds", "Facts(", "None", "False"))

    asyncio.run(main())


@in_top()
async def test_only_what_is_seen_is_asked_for_and_sorted_there(shown: TopTerminal) -> None:
    assert shown.node.looks[-1].parts == ("processes", "loops")
    assert shown.node.looks[-1].limit < 100
    await shown.press("s", "s")
    await shown.until(lambda: shown.node.looks[-1].sort == "steps", "another order")
    await shown.press("/", *"buy")
    await shown.until(lambda: shown.node.looks[-1].only == "buy", "fewer rows")
    await shown.hides("mailer")
    await shown.press("escape")
    await shown.shows("mailer")
    await shown.press("9")
    await shown.until(lambda: shown.node.looks[-1].parts == ("modules", "loops"), "the modules")


@in_top()
async def test_a_frozen_view_asks_nothing_until_it_goes_on(shown: TopTerminal) -> None:
    await shown.press("space")
    await shown.shows("‖ frozen")
    await shown.pilot.pause(0.05)
    count = len(shown.node.looks)
    shown.node.processes.append(process(8, name="newcomer", queue=5))
    await shown.pilot.pause(0.5)
    assert len(shown.node.looks) == count
    await shown.press("space")
    await shown.shows("newcomer", "● live")


@in_top()
async def test_a_row_that_is_followed_stays_marked_wherever_it_goes(shown: TopTerminal) -> None:
    await shown.press("j", "f")
    assert "till" in shown.marked
    shown.node.processes[0] = replace(shown.node.processes[0], queue=50_000)
    await shown.shows("50.0k")
    assert "till" in shown.marked
    await shown.press("escape")
    shown.node.processes[0] = replace(shown.node.processes[0], queue=1)
    await shown.until(lambda: "mailer" in shown.marked, "the first row")


@in_top((80, 24))
async def test_enter_looks_into_a_process_its_stack_and_its_mailbox(shown: TopTerminal) -> None:
    await shown.press("enter")
    await shown.shows("state        suspended, waits for a message", "20,000 messages wait", "Stack, the innermost")
    await shown.shows("book.py:80", "return await reply")
    await shown.press("G")
    await shown.shows("('mail', 2)")
    looks = len(shown.node.looks)
    await shown.until(lambda: len(shown.node.looks) > looks + 4, "more looks")
    assert "('mail', 2)" in shown.text
    await shown.press("escape")
    await shown.shows("QUEUE▼")


@in_top((160, 40))
async def test_a_wide_terminal_tells_of_the_marked_process_beside_the_table(shown: TopTerminal) -> None:
    await shown.shows("QUEUE▼", "Stack, the innermost", "book.py:80")
    await shown.press("j")
    await shown.shows("3 messages wait")


@in_top()
async def test_a_process_is_ended_only_after_two_answers(shown: TopTerminal) -> None:
    await shown.press("x")
    await shown.shows("End mailer", "kill: at once")
    await shown.press("k")
    await shown.shows("Really end mailer (1.2) on shop@127.0.0.1?")
    await shown.press("n")
    await shown.hides("Really")
    assert shown.node.ended == []
    await shown.press("x", "s")
    await shown.shows("Yes, send “shutdown”")
    await shown.press("y")
    await shown.says("mailer (1.2): ended: 'shutdown'")
    assert shown.node.ended == [(pid(2), "shutdown")]
    await shown.hides("suspended")


@in_top()
async def test_whoever_may_only_look_is_told_so(shown: TopTerminal) -> None:
    shown.node.refusal = bl.NotConnected("it holds the observers' secret")
    await shown.press("x", "k", "y")
    await shown.says("was not ended: it holds the observers' secret")
    await shown.press("t", "a")
    await shown.says("no trace: it holds the observers' secret")


@in_top()
async def test_a_node_that_is_lost_stays_on_the_screen_and_comes_back(shown: TopTerminal) -> None:
    shown.node.lost = bl.NotConnected("it is gone")
    await shown.shows("✗ lost for", "looking for it", "mailer")
    await shown.says("shop@127.0.0.1 does not answer: it is gone")
    shown.node.lost = None
    await shown.shows("● live")
    await shown.says("is there again")


@in_top()
async def test_a_node_that_fails_to_answer_is_told_of_without_the_terms_of_the_question(shown: TopTerminal) -> None:
    shown.node.lost = bl.CallFailed(("inspector", "shop@127.0.0.1"), {"parts": ["processes"]}, "noproc")
    await shown.says("shop@127.0.0.1 does not answer: no such process (noproc)")


@in_top()
async def test_another_node_is_turned_to_and_one_that_is_not_there_changes_nothing(shown: TopTerminal) -> None:
    await shown.press("n")
    await shown.shows("other@127.0.0.1")
    await shown.press("a")
    await shown.until(lambda: shown.lines[0].startswith(" other@127.0.0.1"), "the other node")
    shown.node.known = ["other@127.0.0.1"]
    await shown.press("n", "o", *"gone@h", "enter")
    await shown.says("gone@h cannot be looked at: gone@h cannot be reached")
    assert shown.lines[0].startswith(" other@127.0.0.1")


@in_top()
async def test_a_trace_grows_as_a_diagram_and_stops_when_it_is_left(shown: TopTerminal) -> None:
    await shown.press("t")
    await shown.shows("Messages between all processes", "Messages of mailer")
    await shown.press("a")
    for number in range(3):
        shown.node.events.put_nowait(Traced("sent", NOW, "till", "ledger", f"('pay', {number})"))
    await shown.shows("('pay', 2)", "▶│", "3 of at most 1000 events", "comes")
    assert "till" in shown.lines[0]
    assert "ledger" in shown.lines[0]
    await shown.press("v")
    await shown.shows("till -> ledger  ('pay', 2)")
    await shown.press("escape")
    await shown.shows("stopped")
    await shown.until(lambda: shown.node.trace_ends == 1, "the end of the trace")
    await shown.press("escape")
    await shown.shows("QUEUE▼")


@in_top()
async def test_the_calls_of_a_function_are_traced_by_its_name(shown: TopTerminal) -> None:
    await shown.press("t", "c")
    await shown.shows("Which function?")
    await shown.press(*"shop:pay", "enter")
    await shown.until(lambda: bool(shown.node.wanted), "a trace")
    assert shown.node.wanted[0].calls == ("shop:pay",)
    shown.node.events.put_nowait(Traced("called", NOW, "till", "shop:pay", "7", 1))
    shown.node.events.put_nowait(Traced("returned", NOW, "till", "shop:pay", "True", 1, 0.002))
    await shown.shows("── 7 ──", "┄ = True ┄")


@in_top()
async def test_a_flame_graph_is_walked_through_and_written(shown: TopTerminal) -> None:
    await shown.press("p")
    await shown.shows("serve 80%", "price 60%", "MainThread  100.0%")
    await shown.press("down")
    await shown.shows("serve  80.0%  0.80 s, itself 0.20 s  /srv/shop.py:3")
    await shown.press("down", "enter")
    await shown.shows("price  60.0%")
    await shown.press("backspace", "up", "up")
    await shown.shows("MainThread  100.0%")
    path = Path(os.environ["HOME"]) / "out.folded"
    await shown.press("w")
    await shown.shows("Write to which file?")
    await shown.press("ctrl+u", *str(path), "enter")
    await shown.until(path.exists, "the file")
    assert "MainThread;serve (shop.py:3);price (till.py:9) 60" in path.read_text()


@in_top()
async def test_the_interval_changes_by_keys_within_bounds(shown: TopTerminal) -> None:
    await shown.press("-", "-")
    await shown.shows("every 1 s")
    await shown.press(*"+++++")
    await shown.shows("every 0.2 s")


@in_top((110, 30))
async def test_the_mouse_sorts_marks_opens_and_changes_tabs(shown: TopTerminal) -> None:
    await shown.pilot.click("Grid", offset=(15, 0))
    await shown.shows("NAME▼")
    await shown.pilot.click("Grid", offset=(15, 2))
    await shown.until(lambda: "mailer" in shown.marked, "the second row by name")
    await shown.pilot.click("HeadView", offset=(18, 2))
    await shown.shows("SUPERVISION TREE")


@in_top()
async def test_all_keys_are_in_the_help_and_each_does_something(shown: TopTerminal) -> None:
    commands = TopCommands(shown.app.top)
    for key in top_sequences().values():
        assert key.action.startswith("tab_") or callable(getattr(commands, key.action)), key
    assert len({keys for key in TOP if key.mode == "navigation" for keys in key.keys}) == len(top_sequences())
    await shown.press("?")
    await shown.shows("Where the time goes: flame graph")


@in_top()
async def test_ten_thousand_processes_are_a_screenful(shown: TopTerminal) -> None:
    shown.node.processes = [process(number, queue=number) for number in range(10_000)]
    shown.node.facts = replace(shown.node.facts, processes=10_000)
    await shown.shows("9,999", "10,000 in all")
    assert shown.node.looks[-1].limit <= 60
    await shown.press("pagedown", "pagedown")
    await shown.until(lambda: shown.node.looks[-1].limit > 60, "more rows")


def test_without_colours_and_in_ascii_the_marks_stay() -> None:
    async def main() -> None:
        async with top((80, 24), Preferences(Settings(theme="ansi", ascii=True))) as shown:
            assert "▌" in shown.marked
            await shown.press("p")
            await shown.shows("▏serve 80%")

    asyncio.run(main())


def test_text_of_the_node_cannot_command_the_terminal() -> None:
    async def main() -> None:
        async with top((80, 24)) as shown:
            shown.node.processes = [process(1, name="evil\x1b[2J", queue=1)]
            await shown.shows("evil␛[2J")
            await shown.press("enter")
            await shown.shows("evil␛[2J  1.1")

    asyncio.run(main())


NAMES = st.sampled_from(["till", "ledger", "1.5", "a name that is far too long for its column", "漢字"])
KINDS: list[Kind] = ["sent", "received", "spawned", "exited", "linked", "called", "returned", "raised", "note", "ended"]
EVENTS = st.builds(
    Traced, st.sampled_from(KINDS), st.just(NOW), NAMES, NAMES, st.text(max_size=40), st.integers(0, 9), st.just(0.1)
)


@given(st.lists(EVENTS, max_size=30), st.integers(40, 200))
def test_each_event_is_a_row_that_fits_its_lanes(events: list[Traced], width: int) -> None:
    head, rows = diagram(events, width, Palette())
    assert len(rows) == len(events)
    assert all("\n" not in row.plain and "\x1b" not in row.plain for row in rows)
    assert len(lanes(events, 3)) <= 3
    assert cell_len(head.plain) <= width + 44


LATER = (
    *("PIL", "resvg_py", "pygments", "tomllib", "tomlkit", "unittest", "doctest", "httpx", "numpy"),
    *("notebook_tui.ui.app", "notebook_tui.ui.notebook_screen", "notebook_tui.ui.cells", "notebook_tui.ui.editing"),
    *("notebook_tui.ui.top.trace_screen", "notebook_tui.ui.top.flame_screen", "notebook_tui.ui.dialogs.help_screen"),
    *("notebook_tui.document.notebook", "notebook_tui.runtime.server", "notebook_tui.ui.pictures.draw"),
)

PROGRAM = f"""
import sys
from notebook_tui.cli import main, top
from notebook_tui.ui.top.app import watch
print([name for name in {LATER} if name in sys.modules])
"""


def test_the_view_loads_nothing_that_only_a_key_needs(tmp_path: Path) -> None:
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, env=environment, cwd=tmp_path
    )
    assert (said.stdout, said.stderr) == ("[]\n", "")


def test_what_is_named_there_is_there() -> None:
    for name in LATER:
        if name.startswith("notebook_tui"):
            importlib.import_module(name)


def test_the_played_node_is_a_source() -> None:
    from notebook_tui.ui.top.source import Source

    source: Source = PlayedNode()
    assert source.node == "shop@127.0.0.1"


@in_top()
async def test_a_key_that_does_nothing_says_so(shown: TopTerminal) -> None:
    await shown.press("Z")
    await shown.shows("Z does nothing here.")


@in_top()
async def test_of_keys_that_do_nothing_the_last_one_is_told_of_and_no_other(shown: TopTerminal) -> None:
    await shown.press(*"ZZZXZ")
    assert [each.message.split(".")[0] for each in shown.app._notifications] == ["Z does nothing here"]
