"""What kernel functions raise; an argument that can never be right raises ValueError or TypeError as usual."""

from __future__ import annotations

from beamlike.kernel.terms import Reason


class BeamlikeError(Exception):
    """Of everything that this package raises by itself."""


class NoNode(BeamlikeError):
    """No node runs in this interpreter, so a kernel function cannot know where to act."""

    def __init__(self) -> None:
        super().__init__(
            "expected a running node, found none in this interpreter: start one with "
            "`async with bl.Node('name@127.0.0.1'):` or `await bl.start('name@127.0.0.1')`"
        )


class AmbiguousNode(BeamlikeError):
    """Several nodes run in this interpreter, and nothing says which one is meant."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"expected one current node, found {len(names)} ({', '.join(names)}): "
            "call the method of the node that is meant, or work inside its `async with`"
        )


class NoProcess(BeamlikeError, LookupError):
    """There is no such process: a dead pid was linked to, or code outside any task asked for `self()`."""


class NameTaken(BeamlikeError, ValueError):
    """The name belongs to another process, or the process has a name already."""


class LinkBusy(BeamlikeError):
    """More waits to leave for another node than may, and the sender cannot be made to wait. Nothing was sent."""


class UnencodableTerm(BeamlikeError, TypeError):
    """A term was sent to another node that cannot be turned into bytes."""


class UnknownName(BeamlikeError, LookupError):
    """A message was sent to a bare name that no process of this node holds."""


class NotConnected(BeamlikeError, ConnectionError):
    """The other node cannot be reached, or the connection to it was lost."""


class ProcessExit(BeamlikeError):
    """Raise it in a process to end with any reason: Erlang's exit/1.

    >>> raise ProcessExit("shutdown")
    Traceback (most recent call last):
        ...
    beamlike.kernel.errors.ProcessExit: shutdown
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class RemoteTraceback(BeamlikeError):
    """Stands as the cause of an exception that was raised elsewhere, and shows its traceback from there."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text.rstrip()}\n"""'


class RemoteError(BeamlikeError):
    """Raised in place of a remote exception that could not travel itself; its message holds type and text."""
