"""The way out of a notebook: what is not saved, and what still runs, is asked about first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.notebook_screen import NotebookScreen

_RUNS: Final = "A cell still runs. Its runtime and the nodes that it started end with "
_UNSAVED: Final = "There are changes that are not saved."
_SERVED: Final = "A server holds this notebook's session: it goes on when you leave."
_CELLS_TOO: Final = " So do the cells that run."
_AWAY: Final = "The session is out of reach."
_ENDED: Final = "The session has ended."
_LOST: Final = " What you wrote since then is nowhere but here, and is lost if you leave."


class Leaving:
    """`verb` says what is about to happen: "quit", or "close" where the program goes on."""

    def __init__(self, screen: NotebookScreen, verb: str, then: Callable[[], None]) -> None:
        self._screen = screen
        self._client = screen.client
        self._verb = verb
        self._then = then

    def begin(self) -> None:
        if isinstance(self._screen.app.screen, ChoiceScreen):
            return
        if self._client.away or self._client.ended:
            stay = Choice("s", "stay", "Stay")
            why = _ENDED if self._client.ended else _AWAY
            self._ask(why + _LOST, (stay, Choice(self._verb[0], "leave", f"{self._verb.capitalize()} all the same")))
            return
        if self._client.served:
            self._begin_served()
            return
        ends = "this program." if self._verb == "quit" else "the notebook."
        running = _RUNS + ends if self._client.state.evaluating else ""
        if self._screen.flush() or self._client.state.dirty:
            self._ask(f"{_UNSAVED} {running}", self._ways_out())
        elif running:
            stay = Choice("s", "stay", "Stay")
            self._ask(running, (Choice(self._verb[0], "discard", self._verb.capitalize()), stay))
        else:
            self._then()

    def _begin_served(self) -> None:
        self._screen.flush()
        if not self._client.person.may("admin"):
            self._then()
            return
        question = _SERVED + (_CELLS_TOO if self._client.state.evaluating else "")
        stop = Choice("s", "stop", "Stop: it ends, and its runtime, for all who look at it")
        self._ask(question, (Choice("d", "leave", "Detach: it goes on"), stop))

    def _stop_served(self) -> None:
        if self._client.state.dirty:
            ways = (
                Choice("s", "save_and_stop", "Save and stop"),
                Choice("d", "discard_and_stop", "Stop without saving"),
            )
            self._ask(_UNSAVED, ways)
        else:
            self._screen.run_worker(self._stop())

    async def _stop(self) -> None:
        try:
            await self._client.end_session()
        except TimeoutError:
            self._screen.say("A machine of the notebook is not gone yet: beamlike flame ps shows it.", "error")
        self._then()

    def _ways_out(self) -> tuple[Choice, ...]:
        return (
            Choice("s", "save", f"Save and {self._verb}"),
            Choice("d", "discard", f"{self._verb.capitalize()} without saving"),
        )

    def _ask(self, question: str, choices: tuple[Choice, ...]) -> None:
        self._screen.app.push_screen(ChoiceScreen(question, choices), self._answered)

    async def _answered(self, answer: str | None) -> None:
        if answer == "discard":
            await self._client.discard()
            self._then()
        elif answer == "leave":
            self._then()
        elif answer == "stop":
            self._stop_served()
        elif answer == "discard_and_stop":
            await self._client.discard()
            self._screen.run_worker(self._stop())
        elif answer == "save_and_stop":
            self._screen.run_worker(self.save(self._stop))
        elif answer == "save":
            self._screen.run_worker(self.save())

    async def save(self, then: Callable[[], Awaitable[None]] | None = None) -> None:
        """Save, and leave if that went well, or do `then`."""
        self._screen.flush()
        try:
            await self._client.save()
        except OSError as error:
            self._screen.say(f"Not saved, so the notebook stays open: {error}", "error")
        else:
            if then is None:
                self._then()
            else:
                await then()
