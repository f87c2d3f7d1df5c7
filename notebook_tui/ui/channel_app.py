"""The terminal program for somebody who has come over a network: one view of many in one process and one event loop.

What else an app of Textual takes for its own is the process's here, and is not touched: its streams, its environment,
its signals, the loop's way to make tasks. Stands on names of Textual that it does not promise to keep (`_display`,
`_capture_stdout`, `_filters`, `_message_queue`, `_screen_stack`): a test looks at two views in one process.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable
from functools import partial
from time import time
from typing import TYPE_CHECKING, Final, Literal

from rich.console import COLOR_SYSTEMS, Console, RenderableType
from textual.filter import NoColor
from textual.message_pump import MessagePump
from textual.screen import Screen

from notebook_tui.ui.app import NotebookApp
from notebook_tui.ui.client import SessionClient
from notebook_tui.ui.drawing.fewer_colours import FewerColours
from notebook_tui.ui.driver.channel import Channel
from notebook_tui.ui.driver.channel_driver import ChannelDriver
from notebook_tui.ui.house import House
from notebook_tui.ui.keys_first import KeysFirst
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.terminal_environment import terminal_environment
from notebook_tui.ui.visit import Visit

if TYPE_CHECKING:
    from textual.driver import Driver

_TRUE_COLOURS: Final = ("truecolor", "24bit")
_COLOURFUL: Final = ("xterm", "tmux", "screen", "alacritty", "foot", "wezterm", "ghostty", "rxvt-unicode", "st-")
"""Terminals that show all colours; ssh does not say so by itself."""
_MOUSE: Final = (b"\x1b[<", b"\x1b[M")
"""How what a mouse does begins."""
_LOOKS_AGAIN: Final = 0.02
"""Seconds after which a view whose frames were dropped sees whether its terminal has caught up."""
_BUSY: Final = 128
"""Messages that wait, after which no more of what was typed is read."""


class ChannelApp(NotebookApp):
    """As `NotebookApp`, on a channel; made and run in a context of its own, in which the environment of its terminal
    has been set."""

    def __init__(
        self,
        opened: SessionClient | Visit | None,
        channel: Channel,
        house: House,
        preferences: Preferences | None = None,
        clock: Callable[[], float] = time,
        *,
        keys_first: KeysFirst | None = None,
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> None:
        """`keys_first` is that of all views of this event loop. `on_failure` is told of each failure of the view, which
        its user is told of here."""
        super().__init__(opened, clock, house=house, preferences=preferences)
        self._channel = channel
        self._keys_first = keys_first or KeysFirst()
        self._on_failure = on_failure
        self._missed = False
        self.dropped = 0
        """Frames that were not sent, for the terminal was behind."""
        environment = terminal_environment()
        if "NO_COLOR" in environment and not self.no_color:
            self.no_color = True
            self._filters.append(NoColor())
        colours = colour_system(environment.get("TERM", ""), environment.get("COLORTERM", ""))
        if colours != "truecolor":
            self._filters.append(FewerColours(COLOR_SYSTEMS[colours]))
        driver: Callable[..., Driver] = partial(ChannelDriver, channel=channel)
        self.driver_class = driver  # type: ignore[assignment]
        self.console = Console(
            color_system=colours,
            file=self.console.file,
            markup=True,
            highlight=False,
            emoji=False,
            legacy_windows=False,
            _environ={key: value for key, value in environment.items() if key != "NO_COLOR"},
            force_terminal=True,
            safe_box=False,
            soft_wrap=False,
        )
        self._complaints = io.StringIO()
        self.error_console = Console(file=self._complaints, markup=False, highlight=False, width=100)
        # Textual redirects the streams of the process to itself and back: to what they are already is no change.
        self._capture_stdout = sys.stdout  # type: ignore[assignment]
        self._capture_stderr = sys.stderr  # type: ignore[assignment]
        self._settings_changed(self.preferences.now)

    @property
    def complaints(self) -> str:
        """What Textual had to say of a failure, for whoever keeps the log."""
        return self._complaints.getvalue()

    def feed(self, data: bytes) -> None:
        """What came from the terminal."""
        if has_keys(data):
            self._keys_first.pressed(self)
        if isinstance(self._driver, ChannelDriver):
            self._driver.feed(data)

    @property
    def is_busy(self) -> bool:
        """Whether what was typed can only wait: much is to be acted on already, or the terminal is not set up."""
        if not isinstance(self._driver, ChannelDriver) or not self._driver.is_up:
            return True
        stack = self._screen_stack if self._running else []
        pumps: list[MessagePump | None] = [self, *stack[-1:], stack[-1].focused if stack else None]
        return any(each is not None and each._message_queue.qsize() > _BUSY for each in pumps)

    @property
    def held(self) -> int:
        """So many characters came that are no whole key or paste yet."""
        return self._driver.held if isinstance(self._driver, ChannelDriver) else 0

    def resized(self) -> None:
        if isinstance(self._driver, ChannelDriver):
            self._driver.resized()

    def lets_others_first(self, since: float) -> bool:
        return self._keys_first.goes_before(self, since)

    def note_failure(self, failure: BaseException) -> None:
        if self._on_failure is not None:
            self._on_failure(failure)

    async def _save_quietly(self) -> None:
        """The session goes on without this view, with what was typed here."""
        self.rescue()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if renderable is None or not self._channel.is_behind():
            super()._display(screen, renderable)
            if renderable is not None:
                self._keys_first.painted(self)
            return
        # What is drawn now would be old when it arrives: the terminal gets one whole frame when it has caught up.
        self.dropped += 1
        if not self._missed:
            self._missed = True
            asyncio.get_running_loop().call_later(_LOOKS_AGAIN, self._look_again)

    def _look_again(self) -> None:
        if not self._running:
            return
        if self._channel.is_behind():
            asyncio.get_running_loop().call_later(_LOOKS_AGAIN, self._look_again)
            return
        self._missed = False
        with self._context():
            self.screen.refresh()


def has_keys(data: bytes) -> bool:
    """Whether somebody has pressed a key, and not only moved the mouse: that comes by the hundred, and paints little.

    >>> has_keys(b"x"), has_keys(b"\\x1b[A"), has_keys(b"\\x1b[<35;10;5M")
    (True, True, False)
    """
    return not data.startswith(_MOUSE)


def colour_system(term: str, colorterm: str) -> Literal["standard", "256", "truecolor"]:
    """Rich's word for the colours of that terminal.

    >>> colour_system("xterm-256color", ""), colour_system("vt100", ""), colour_system("screen", "truecolor")
    ('truecolor', 'standard', 'truecolor')
    """
    if colorterm.lower() in _TRUE_COLOURS or term.startswith(_COLOURFUL):
        return "truecolor"
    return "256" if "256" in term else "standard"


def keep_task_factory(loop: asyncio.AbstractEventLoop) -> None:
    """From Python 3.12 on Textual has the loop begin each task at once, all tasks of the process: here it may not."""
    eager = getattr(asyncio, "eager_task_factory", None)
    keep = loop.set_task_factory

    def set_task_factory(factory: object) -> None:
        if eager is None or factory is not eager:
            keep(factory)  # type: ignore[arg-type]

    loop.set_task_factory = set_task_factory  # type: ignore[method-assign]
