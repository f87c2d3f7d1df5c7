"""Whatever is pressed, in whatever state, while whatever arrives: the terminal stands, and no text is lost."""

from __future__ import annotations

import asyncio
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notebook_tui.document.outputs import Error, Result, Text
from notebook_tui.ui.keys.maps import all_rows
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import KeyMapName, Settings
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, terminal
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

KNOWN = sorted(
    {key for entry in all_rows() for keys in entry.keys for key in keys.split() if entry.action != "app.quit"}
)
OTHERS = [
    "a",
    "b",
    " ",
    "(",
    "漢",
    "tab",
    *"$:/%*~",
    "left",
    "right",
    "backspace",
    "delete",
    "f9",
    "ctrl+w",
    "shift+down",
    "s",
    "q",
]
EVENTS = ["print", "fail", "finish", "lose", "say", "small", "large", "later"]
steps = st.lists(
    st.one_of(st.sampled_from(KNOWN), st.sampled_from(OTHERS), st.sampled_from(EVENTS)), min_size=5, max_size=40
)


async def act(shown: Terminal, step: str) -> None:
    session = shown.session
    running = session.state.evaluating
    match step:
        case "print" if running:
            session.output(running, Text("stderr", "\x1b[1mline\r\n" * 30))
        case "fail" if running:
            session.output(running, Error("ValueError", "no", "Traceback\n", 1))
            session.finish(running, "error")
        case "finish" if running:
            session.output(running, Result("{'a': 1}"))
            session.finish(running)
        case "lose" if session.state.runtime.phase == "connected":
            session.lose_runtime("gone")
        case "say":
            session.say("something")
        case "small" | "large":
            await shown.pilot.resize_terminal(*((30, 8) if step == "small" else (120, 50)))
        case "later":
            shown.clock.now += 3
        case _ if step not in EVENTS:
            shown.post_key(step)
    await shown.settle()


@settings(max_examples=count(8, 200, part=100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps, st.sampled_from(get_args(KeyMapName)))
def test_no_keys_and_events_bring_the_terminal_down(chosen: list[str], keymap: KeyMapName) -> None:
    async def main() -> None:
        preferences = Preferences(Settings(keymap=keymap))
        cells = (code("a", "x = 1"), prose("b", "# Hi\n\n- there"), code("c", "x\n" * 9))
        async with terminal(*cells, preferences=preferences) as shown:
            for step in chosen:
                await act(shown, step)
                if shown.has_ended and shown.app.return_code == 0 and keymap != "default":
                    return  # Ctrl+X Ctrl+C, or ZZ
            assert not shown.has_ended
            assert len(shown.lines) == shown.app.size.height

    asyncio.run(main())
