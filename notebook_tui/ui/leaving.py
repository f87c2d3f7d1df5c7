"""The way out of a notebook: what is not saved, and what still runs, is asked about first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.notebook_screen import NotebookScreen

_RUNS: Final = "A cell still runs. Its runtime and the nodes that it started end with "
_UNSAVED: Final = "There are changes that are not saved."


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
        ends = "this program." if self._verb == "quit" else "the notebook."
        running = _RUNS + ends if self._client.state.evaluating else ""
        if self._screen.flush() or self._client.state.dirty:
            self._ask(f"{_UNSAVED} {running}", self._ways_out())
        elif running:
            stay = Choice("s", "stay", "Stay")
            self._ask(running, (Choice(self._verb[0], "discard", self._verb.capitalize()), stay))
        else:
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
        elif answer == "save":
            self._screen.run_worker(self.save())

    async def save(self) -> None:
        """Save, and leave if that went well."""
        self._screen.flush()
        try:
            await self._client.save()
        except OSError as error:
            self._screen.say(f"Not saved, so the notebook stays open: {error}", "error")
        else:
            self._then()
