"""A session of this program goes to a server, and the terminal is free: what goes along, and what does not, is said
first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.house import House
from notebook_tui.ui.notebook_screen import NotebookScreen
from notebook_tui.ui.visit import Visit

_RUNS: Final = (
    "A cell runs in a runtime of this program, which a server cannot take over. Wait for it, or interrupt it."
)
_ALONE: Final = "This program has nobody to hand its notebook to."
_TEXT: Final = "Text and outputs go to a server in the background, and the session goes on there."
_VALUES: Final = (
    " The variables are lost: they are in this program's runtime, which ends with it. beamlike notebook --keep opens "
    "one whose variables are kept."
)


class HandingOver:
    def __init__(
        self, screen: NotebookScreen, visit: Visit | None, house: House | None, then: Callable[[], None]
    ) -> None:
        self._screen = screen
        self._visit = visit
        self._house = house
        self._then = then

    def begin(self) -> None:
        state = self._screen.client.state
        if self._house is None or self._visit is None or state.path is None:
            self._screen.say(_ALONE, "information")
        elif state.evaluating:
            self._screen.say(_RUNS, "warning")
        else:
            values = _VALUES if state.runtime.phase == "connected" else ""
            ways = (Choice("d", "detach", "Detach"), Choice("s", "stay", "Stay"))
            self._screen.app.push_screen(ChoiceScreen(_TEXT + values, ways), self._answered)

    def _answered(self, answer: str | None) -> None:
        if answer == "detach":
            self._screen.run_worker(self._hand_over())

    async def _hand_over(self) -> None:
        assert self._house is not None
        try:
            await self._house.ready_to_hand_over()
        except OSError as error:
            self._screen.say(f"The session stays here: {error}", "error")
        else:
            # When nothing is shown any more: a session that has ended has no answer to what a screen asks.
            self._then()
