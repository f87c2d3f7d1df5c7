"""A call that stands for a slot which its holder uses by itself."""

from __future__ import annotations

from collections.abc import Callable

import beamlike as bl
from beamlike.kernel.question import Client
from flame.calls import Call, Request


class Hold(Call):
    """`granted` is called when it has got the slot."""

    __slots__ = ("curious", "granted", "holder", "keeper", "placed")

    def __init__(self, request: Request, granted: Callable[[Call], None]) -> None:
        super().__init__(request)
        self.granted = granted
        self.holder: bl.Ref
        self.placed: bl.Pid | None = None
        self.keeper: bl.Pid | None = None
        """That of the placed process, until that was told to end."""
        self.curious: list[Client] = []
        """Who waits for the word what became of its runner."""
