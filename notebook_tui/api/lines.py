"""JSON-RPC 2.0, one object in a line: bytes to requests and answers to bytes. Knows no socket.

Batches are refused: a client that wants several things at once sends several lines, and gets each answer as it comes.
"""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.api.errors import ApiError

LONGEST_REQUEST: Final = 2_000_000
"""Bytes of a line that a client sends."""
LONGEST_ANSWER: Final = 24_000_000
"""Bytes of a line that it gets: all that a cell keeps, pictures in base64 included."""

Id: TypeAlias = str | int | float | None


@frozen
class Request:
    method: str
    params: Any
    id: Id
    answered: bool = True
    """False for a notification, which gets no answer, whatever comes of it."""


class NoRequest(Exception):
    """A line that is none; `answer` is the line that says so."""

    def __init__(self, error: ApiError, id: Id = None) -> None:
        super().__init__(str(error))
        self.answer = refused(id, error)


def request_of(line: bytes) -> Request:
    """
    >>> request_of(b'{"jsonrpc": "2.0", "id": 1, "method": "list"}')
    Request(method='list', params={}, id=1, answered=True)
    """
    try:
        plain = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise NoRequest(ApiError("parse", f"expected a line with one JSON object: {reason}")) from error
    if not isinstance(plain, dict):
        raise NoRequest(ApiError("request", "expected one object in the line; batches are sent line by line"))
    id, answered = plain.get("id"), "id" in plain
    if isinstance(id, bool) or not isinstance(id, str | int | float | None):
        raise NoRequest(ApiError("request", "id: expected text, a number or null"))
    if not _can_be_said(id):
        raise NoRequest(ApiError("request", "id: expected text, or a number that JSON has"))
    if plain.get("jsonrpc") != "2.0":
        raise NoRequest(ApiError("request", 'expected "jsonrpc": "2.0" in the object'), id)
    method, params = plain.get("method"), plain.get("params", {})
    if not isinstance(method, str):
        raise NoRequest(ApiError("request", "method: expected the name of a method"), id)
    unknown = plain.keys() - {"jsonrpc", "id", "method", "params"}
    if unknown:
        raise NoRequest(ApiError("request", "expected jsonrpc, id, method and params, and nothing else"), id)
    return Request(method, params, id, answered)


def _can_be_said(id: Id) -> bool:
    try:
        return len(_line({"id": id})) < 1_000
    except ValueError:  # NaN, or an integer of more digits than Python writes
        return False


def answered(id: Id, result: Any) -> bytes:
    """
    >>> answered(1, {"ok": True})
    b'{"jsonrpc":"2.0","id":1,"result":{"ok":true}}\\n'
    """
    line = _line({"jsonrpc": "2.0", "id": id, "result": result})
    if len(line) > LONGEST_ANSWER:
        words = f"the answer has {len(line):,} bytes, and may have {LONGEST_ANSWER:,}; ask for less at a time"
        return refused(id, ApiError("size", words))
    return line


def refused(id: Id, error: ApiError) -> bytes:
    return _line({"jsonrpc": "2.0", "id": id, "error": error.as_json()})


def asked(id: Id, method: str, params: Any) -> bytes:
    """A request, as a client sends it."""
    return _line({"jsonrpc": "2.0", "id": id, "method": method, "params": params})


def told(method: str, params: Any) -> bytes:
    """A notification."""
    return _line({"jsonrpc": "2.0", "method": method, "params": params})


def _line(plain: Any) -> bytes:
    # Escaped: a cell may print a lone surrogate, which no UTF-8 has.
    return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode() + b"\n"
