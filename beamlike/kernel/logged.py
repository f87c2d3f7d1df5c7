"""A log record on its way to another interpreter.

What is plain travels as it is: the message with its arguments, an exception whose arguments are plain, what `extra`
added. All else is formatted where it was logged, since it may be of any size, or not be to be had over there.
"""

from __future__ import annotations

import logging
from typing import Any

from beamlike.kernel.errors import RemoteError
from beamlike.kernel.record import frozen

PLAIN_CHARACTERS = 1000
"""A longer text does not count as plain."""
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_DROPPED = frozenset({"msg", "args", "exc_info", "message", "asctime"})
_FORMAT = logging.Formatter(logging.BASIC_FORMAT)


@frozen
class Logged:
    """A log record as its attributes. `tag` starts each of its lines where it is shown as text."""

    attributes: dict[str, Any]
    exception: BaseException | None
    tag: str

    @property
    def name(self) -> str:
        return str(self.attributes["name"])

    @property
    def level(self) -> int:
        return int(self.attributes["levelno"])

    def record(self) -> logging.LogRecord:
        """The record, made anew."""
        record = logging.makeLogRecord(self.attributes)
        if record.exc_text is not None:
            error = self.exception or RemoteError(record.exc_text.rpartition("\n")[2])
            record.exc_info = (type(error), error, None)
        return record

    def text(self) -> str:
        """The record as lines of text.

        >>> told = logged(logging.makeLogRecord({"name": "lib", "levelname": "INFO", "msg": "%d files"}), "[cpu-1] ")
        >>> told.text()
        '[cpu-1] INFO:lib:%d files\\n'
        """
        return "".join(f"{self.tag}{line}\n" for line in _FORMAT.format(self.record()).splitlines())


def logged(record: logging.LogRecord, tag: str, **more: object) -> Logged:
    """`record` as it travels, with `more` attributes."""
    attributes = {
        name: value if name in _STANDARD or is_plain(value) else repr(value)
        for name, value in vars(record).items()
        if name not in _DROPPED
    }
    attributes.update(_message(record), **more)
    exception = None
    if record.exc_info and record.exc_info[1] is not None:
        exception = record.exc_info[1] if _is_plain_exception(record.exc_info[1]) else None
        attributes["exc_text"] = record.exc_text or _FORMAT.formatException(record.exc_info)
    return Logged(attributes, exception, tag)


def _message(record: logging.LogRecord) -> dict[str, Any]:
    args = record.args.values() if isinstance(record.args, dict) else record.args or ()
    if is_plain(record.msg) and all(map(is_plain, args)):
        return {"msg": record.msg, "args": record.args}
    return {"msg": record.getMessage(), "args": None}


def is_plain(value: object) -> bool:
    """Whether `value` can go to any interpreter, and is small."""
    if isinstance(value, str | bytes):
        return type(value) in (str, bytes) and len(value) <= PLAIN_CHARACTERS
    return value is None or type(value) in (bool, int, float)


def _is_plain_exception(error: BaseException) -> bool:
    return (
        type(error).__module__ == "builtins"
        and not isinstance(error, BaseExceptionGroup)
        and all(map(is_plain, (*error.args, *vars(error).values())))
    )
