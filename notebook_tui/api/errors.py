"""What a request may be refused with: a closed list, each with the number that JSON-RPC wants and a word of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from beamlike.kernel.record import frozen


@frozen
class Kind:
    code: int
    says: str
    """When it comes, and what helps."""


KINDS: Final[Mapping[str, Kind]] = {
    "parse": Kind(-32700, "The line is no JSON, or longer than it may be. Send one object in one line."),
    "request": Kind(-32600, "The line is JSON, but no request: an object with `jsonrpc`, `method`, `params`, `id`."),
    "method": Kind(-32601, "There is no method of that name."),
    "params": Kind(-32602, "A parameter is missing, unknown, or not what the method takes; the message names it."),
    "internal": Kind(-32603, "A fault of this program. It is in its log; the connection goes on."),
    "hello": Kind(-32000, "The first request of a connection must be `hello`, and no other may be."),
    "version": Kind(-32001, "The protocol's version is another. `data.versions` has those that are spoken."),
    "forbidden": Kind(-32002, "The client's role, or the notebooks that it may open, do not allow it. Its owner can "
                              "make another token."),
    "notebook": Kind(-32003, "There is no such notebook, or it is not open in this connection: call `open` first."),
    "cell": Kind(-32004, "There is no such cell, section, run or question any more. `state` has those that there "
                         "are."),
    "conflict": Kind(-32005, "The text is another than was expected, for somebody has changed it. `data` has what "
                             "stands there now, with its digest."),
    "refused": Kind(-32006, "The notebook's state does not allow it; the message says why."),
    "untrusted": Kind(-32007, "Nobody has said yet that the code of this notebook may run. A person does so in the "
                              "terminal, or a client with the role `admin` by `trust`."),
    "file": Kind(-32008, "The file cannot be read, written or opened; the message says why."),
    "busy": Kind(-32009, "Too many requests of this connection are under way, or too many notebooks run: wait."),
    "ended": Kind(-32010, "The session of the notebook has ended. `open` begins another."),
    "timeout": Kind(-32011, "The session or its runtime has not answered in time."),
    "size": Kind(-32012, "The answer would be too long. Ask for less at a time."),
}  # fmt: skip


class ApiError(Exception):
    """A refusal: `kind` is a key of `KINDS`, `data` what else a program may want to know.

    >>> ApiError("cell", "there is no cell c9").as_json()
    {'code': -32004, 'message': 'there is no cell c9', 'data': {'kind': 'cell'}}
    """

    def __init__(self, kind: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.kind = kind
        self.data = data

    def as_json(self) -> dict[str, Any]:
        return {"code": KINDS[self.kind].code, "message": str(self), "data": {"kind": self.kind, **self.data}}
