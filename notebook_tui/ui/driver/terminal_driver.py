"""Textual's driver for Linux and macOS, which also asks the terminal how it shows pictures.

Stands on names of Textual that it does not promise to keep (`_key_thread`'s loop, `XTermParser`): a test drives it
through a pseudo-terminal.
"""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from typing import Final, Protocol, runtime_checkable

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from notebook_tui.ui.driver.answered import TerminalAnswered
from notebook_tui.ui.driver.inquiry import Inquiry
from notebook_tui.ui.driver.questions import questions
from notebook_tui.ui.pictures.graphics import Answers

_BLINK: Final = 0.1
_CHUNK: Final = 4_096


@runtime_checkable
class SaysGoodbye(Protocol):
    def farewell(self) -> str:
        """What the terminal is told before the program leaves it."""


class TerminalDriver(LinuxDriver):
    def start_application_mode(self) -> None:
        self._inquiry = Inquiry(self._tell)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        asked = questions(os.environ) if self.input_tty else ""
        if asked:
            self.write(asked)
            self.flush()
        else:
            self._inquiry.was_not_made()

    def stop_application_mode(self) -> None:
        if isinstance(self._app, SaysGoodbye):
            self.write(self._app.farewell())
        super().stop_application_mode()

    def run_input_thread(self) -> None:
        """As the original, but that answers do not reach the parser."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_BLINK):
                    data = os.read(self.fileno, _CHUNK)
                    if not data:
                        # The terminal is gone: there is nothing to read, and there will never be.
                        self.exit_event.wait(_BLINK)
                    text = self._inquiry.without_answers(decode(data))
                else:
                    text = self._inquiry.release()
                for event in parser.feed(text) if text else ():
                    self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
        try:
            for _ in parser.feed(""):
                pass
        except (EOFError, ParseError):
            pass

    def _tell(self, answers: Answers) -> None:
        self.send_message(TerminalAnswered(answers))
