"""A request on its way to a server."""

from __future__ import annotations

from typing import Any, TypeAlias

from beamlike.kernel.terms import Alias, Pid

Client: TypeAlias = Alias
"""Who asked, as the address for the reply: give it to `reply`, now or later, from any process."""


class Question(Alias):
    """A request on its way, which is the address for the reply as well: one object for each call instead of three."""

    __slots__ = ("request",)
    __match_args__ = ("client", "request")

    def __init__(self, pid: Pid, id: int, request: Any) -> None:
        self.pid = pid
        self.id = id
        self.request = request

    @property
    def client(self) -> Client:
        return self

    def __reduce__(self) -> tuple[type[Question], tuple[Any, ...]]:
        return type(self), (self.pid, self.id, self.request)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.request!r} from {self.pid})"


class Call(Question):
    """What `call` sends, unless it is told to send another kind of Question."""

    __slots__ = ()
