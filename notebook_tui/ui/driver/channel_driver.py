"""Textual's terminal at the other end of a channel: no threads, no signals, no termios; many stand in one loop."""

from __future__ import annotations

import asyncio
from codecs import getincrementaldecoder
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

from textual import constants, events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message
from textual.messages import InBandWindowResize

from notebook_tui.ui.driver.answered import TerminalAnswered
from notebook_tui.ui.driver.channel import Channel
from notebook_tui.ui.driver.inquiry import Inquiry
from notebook_tui.ui.driver.parser import Parser
from notebook_tui.ui.driver.questions import questions
from notebook_tui.ui.pictures.graphics import Answers

_MARGIN: Final = 0.005
_BEGIN: Final = "\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[?2004h\x1b[?7l"
_MOUSE: Final = "\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h"
_KEYS: Final = "\x1b[>25u"
"""Kitty's protocol: keys are told apart, all are escapes, and the text that they give goes along."""
_SYNCHRONISED: Final = "\x1b[?2026$p"
_END: Final = "\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"


class ChannelDriver(Driver):
    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
        channel: Channel,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._channel = channel
        self._parser = Parser(debug)
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._inquiry = Inquiry(self._tell)
        self._pause: asyncio.TimerHandle | None = None
        self._deaf = False
        self.is_up = False
        """Whether the terminal is set up: keys that come before would be mixed up with its answers."""
        self._pending: list[str] = []
        self.held = 0
        """So many characters came since the last whole key or paste."""

    # What comes.

    def feed(self, data: bytes) -> None:
        """What was typed, clicked, pasted, or answered."""
        if self._deaf:
            return
        self._take(self._inquiry.without_answers(self._decode(data)))
        if self._pause is not None:
            self._pause.cancel()
        # A lone Escape is the key of that name only if nothing follows it.
        self._pause = self._loop.call_later(constants.ESCAPE_DELAY + _MARGIN, self._nothing_followed)

    def resized(self) -> None:
        """The channel's terminal has another size."""
        size = self._channel.size
        if size.columns and size.lines:
            self._size = (size.columns, size.lines)
            told = Size(*self._size)
            self.send_message(events.Resize(told, told))

    def send_message(self, message: Message) -> None:
        self._app.post_message(message)

    def process_message(self, message: Message) -> None:
        # The channel tells of sizes: a second source would tell of each change twice.
        if not isinstance(message, InBandWindowResize):
            super().process_message(message)

    def _take(self, text: str) -> None:
        self.held += len(text)
        for event in self._parser.feed(text) if text else ():
            self.held = 0
            self.process_message(event)

    def _nothing_followed(self) -> None:
        self._pause = None
        if self._deaf:
            return
        if begun := self._inquiry.release():
            # No answer after all: the parser has it only now, and waits in its turn for what may follow.
            self._take(begun)
            self._pause = self._loop.call_later(constants.ESCAPE_DELAY + _MARGIN, self._nothing_followed)
        for event in self._parser.tick():
            self.process_message(event)

    def _tell(self, answers: Answers) -> None:
        if answers.cell is None:
            answers = replace(answers, cell=self._channel.size.cell)
        self.send_message(TerminalAnswered(answers))

    # What goes.

    def write(self, data: str) -> None:
        # A frame is written in several pieces, and each would be a packet of its own.
        if not self._pending:
            self._loop.call_soon(self.flush)
        self._pending.append(data)

    def flush(self) -> None:
        if self._pending:
            data = "".join(self._pending)
            self._pending.clear()
            self._channel.write(data.encode("utf-8", "replace"))

    def start_application_mode(self) -> None:
        self._inquiry = Inquiry(self._tell)
        self.is_up = True
        self.resized()
        self.write(_BEGIN)
        if self._mouse:
            self.write(_MOUSE)
        self.write(_KEYS + _SYNCHRONISED)
        if asked := questions(self._channel.environment):
            self.write(asked)
        else:
            self._inquiry.was_not_made()

    def disable_input(self) -> None:
        self._deaf = True
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def stop_application_mode(self) -> None:
        self.disable_input()
        self.write(_END)
        self.flush()

    # What a browser or a disk on this side would show to nobody.

    def open_url(self, url: str, new_tab: bool = True) -> None:
        self._app.notify(url, title="Open it on your own machine", markup=False, timeout=20)

    def deliver_binary(self, binary: IO[Any], *, delivery_key: str, save_path: Path, **_: Any) -> None:
        binary.close()
        self._app.notify("Nothing is saved on the server by this way.", severity="warning", markup=False)
