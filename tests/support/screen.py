"""The terminal as a user sees it: lines of text on a screen, keys pressed, and patience that has an end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.keys import _character_to_key
from textual.pilot import Pilot

from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.state import State
from notebook_tui.session.people import OWNER, Person
from notebook_tui.ui.app import NotebookApp
from notebook_tui.ui.cells.cell_list import MakePainter
from notebook_tui.ui.cells.cell_strips import Painter
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import Settings
from tests.support.fake_session import FakeSession, notebook_of

NOW = 1_790_000_000.0
PATIENCE = 40.0
_HOPS = 6
"""More queues than any message goes through: app, editor, view, list, screen."""
_CHARACTERS = {"space": " ", "question_mark": "?"}
_NAMES = {"?": "question_mark", " ": "space", "\n": "enter", "\t": "tab"} | {
    character: _character_to_key(character) for character in "!\"#$%&'()*+,-./:;<=>@[\\]^_`{|}~"
}


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Terminal:
    def __init__(self, session: FakeSession, pilot: Pilot[None], clock: Clock) -> None:
        self.session = session
        self.pilot = pilot
        self.clock = clock
        self.may_fail = False
        """Whether the test wants to see what becomes of a view that fails; else that fails the test."""

    @property
    def app(self) -> NotebookApp:
        app = self.pilot.app
        assert isinstance(app, NotebookApp)
        return app

    @property
    def has_ended(self) -> bool:
        """Whether the program has quit."""
        return not self.app.is_running

    @property
    def lines(self) -> list[str]:
        """What is on the screen, line by line, without trailing space."""
        width, height = self.app.size
        compositor = self.app.screen._compositor
        return [strip.crop(0, width).text.rstrip() for strip in compositor.render_strips()][:height]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def status(self) -> str:
        return self.lines[-2]

    @property
    def hints(self) -> str:
        return self.lines[-1]

    async def press(self, *keys: str) -> None:
        """The keys one by one; each is answered before the next."""
        for key in keys:
            self.post_key(key)
            await self.settle()

    def post_key(self, key: str) -> None:
        """A key in the app's queue, as the terminal's driver puts it there."""
        # Most terminals send Alt and a letter as Escape and the letter: Textual keeps the letter with the key.
        letter = key.removeprefix("alt+")
        character = _CHARACTERS.get(key, letter if len(letter) == 1 else None)
        name = _NAMES.get(key, key)
        self.app.post_message(events.Key(name, character))

    async def settle(self) -> None:
        """Until every part of the app has handled its queue, what others put there meanwhile, and the layout."""
        await _handle_queues(self.app)
        if self.app.crashes and not self.may_fail:
            raise AssertionError("the view has failed") from self.app.crashes[0]
        await _lay_out(self.app)

    async def type(self, text: str) -> None:
        await self.press(*text)

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait until it holds, and what came with it has been handled; the screen is told where it does not."""
        # A clock instead of `asyncio.timeout`: its cancellation comes once, and `wait_for` of Python 3.11 may lose it.
        end = asyncio.get_running_loop().time() + PATIENCE
        if condition():
            return
        while not condition():
            assert asyncio.get_running_loop().time() < end, f"never came true: {what}\n{self.text}"
            await asyncio.sleep(0.01)
            await self.settle()
        await self.settle()

    async def shows(self, text: str) -> None:
        await self.until(lambda: text in self.text, f"{text!r} on the screen")

    async def hides(self, text: str) -> None:
        await self.until(lambda: text not in self.text, f"no {text!r} on the screen")

    def cursor_line(self) -> str:
        """The line in which the terminal's own cursor stands."""
        return self.lines[self.app.cursor_position.y]

    def focused_line(self) -> str:
        """The first line beside which the rail of the focus stands."""
        return next(line for line in self.lines if "▌" in line)


async def settle(app: App[Any]) -> None:
    """Until every part of the app has handled its queue, what others put there meanwhile, and the layout."""
    await _handle_queues(app)
    await _lay_out(app)


async def _lay_out(app: App[Any]) -> None:
    laid_out = asyncio.Event()
    if app.screen.call_after_refresh(laid_out.set):
        await _all_set(app, [laid_out])
    await _handle_queues(app)


async def _handle_queues(app: App[Any]) -> None:
    for _ in range(_HOPS):
        parts = [app, *app.screen.walk_children(with_self=True)]
        handled = [asyncio.Event() for _ in parts]
        waiting = [event for part, event in zip(parts, handled, strict=True) if part.call_later(event.set)]
        await _all_set(app, waiting)


async def _all_set(app: App[Any], waiting: list[asyncio.Event]) -> None:
    """Until all are, or the app has ended, or another screen has come, and they are set no more."""
    screens = app._screen_stack[:]
    for event in waiting:
        while not event.is_set() and app.is_running and app._screen_stack == screens:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), 0.1)


@contextmanager
def patient(longest_wait: float = 600.0) -> Iterator[None]:
    """Keys wait so long for a session: one that answers is not given up where this machine stands still for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("notebook_tui.ui.notebook_screen._LONGEST_WAIT", longest_wait)
        yield


def in_terminal(
    notebook: Notebook | Cell,
    *more: Cell,
    size: tuple[int, int] = (80, 24),
    state: State | None = None,
    settings: Settings | None = None,
    person: Person = OWNER,
) -> Callable[[Callable[[Terminal], Coroutine[None, None, None]]], Callable[[], None]]:
    """Makes a coroutine function a test that runs in a terminal of that size on that notebook."""

    def as_test(body: Callable[[Terminal], Coroutine[None, None, None]]) -> Callable[[], None]:
        async def main() -> None:
            preferences = Preferences(settings)
            async with terminal(
                notebook, *more, size=size, state=state, preferences=preferences, person=person
            ) as shown:
                await body(shown)

        def test() -> None:
            asyncio.run(main())

        test.__name__, test.__doc__, test.__module__ = body.__name__, body.__doc__, body.__module__
        return test

    return as_test


@asynccontextmanager
async def terminal(
    notebook: Notebook | Cell,
    *more: Cell,
    size: tuple[int, int] = (80, 24),
    state: State | None = None,
    make_painter: MakePainter = Painter,
    delay: float = 0.0,
    longest_wait: float = 600.0,
    preferences: Preferences | None = None,
    person: Person = OWNER,
) -> AsyncIterator[Terminal]:
    """A terminal on a notebook, or on one of these cells in one section; `delay` is the session's, and `longest_wait`
    is how long keys wait for it."""
    whole = notebook if isinstance(notebook, Notebook) else notebook_of(notebook, *more)
    clock = Clock()
    session = FakeSession(state or State(whole, path="test.livemd"), clock, delay)
    session.person = person
    app = NotebookApp(session, clock, make_painter, preferences=preferences)
    with patient(longest_wait):
        async with app.run_test(size=size, notifications=True) as pilot:
            shown = Terminal(session, pilot, clock)
            await shown.settle()
            yield shown
    if app.crashes and not shown.may_fail:
        raise AssertionError("the view has failed") from app.crashes[0]
    assert session.closed, "the terminal is gone and has not told the session"
