"""Lines of a log: what others have named (files, people, programs) neither commands the terminal that shows the log nor
begins a line that looks like the log's own."""

from __future__ import annotations

import logging
from typing import Any, Final

FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LogLines(logging.Formatter):
    """
    >>> LogLines("%(message)s").format(logging.makeLogRecord({"msg": "%s is open", "args": ("a\\x1b[2J\\nb",)}))
    'a␛[2J␊b is open'
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        from notebook_tui.ui.drawing.printable import printable_row

        return printable_row(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        from notebook_tui.ui.drawing.printable import printable

        return printable(super().formatException(ei))
