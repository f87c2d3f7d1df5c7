"""Signals to the payloads of SIGNAL frames and back; values in, values out.

A payload is a packed list: the number of the signal's kind, then its fields. Addresses are always plain, so who is
meant can be read even where the term beside them (message, reason, function) cannot be decoded:

- an undecodable message is an `Undelivered`, for the log; if it is the value of a Reply, who waits for that gets a
  Down in its place, with the reason in words, instead of waiting for ever;
- an undecodable reason becomes its description: an exit always arrives;
- an undecodable function becomes one that raises UndecodableTerm: who spawned it learns why by link or monitor.

Towards the other side, a message or function that the codec cannot encode is the sender's UnencodableTerm, and a
reason that it cannot encode goes as its `repr`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias, assert_never

from beamlike.distribution.errors import ProtocolError, UndecodableTerm, UnencodableTerm
from beamlike.distribution.packing import Packing, Undecodable, is_plain
from beamlike.distribution.terms_codec import TermCodec
from beamlike.kernel import terms
from beamlike.kernel.signals import (
    Demonitor,
    Down,
    Exit,
    Link,
    Monitor,
    Send,
    Signal,
    Spawn,
    Unlink,
    UnlinkAck,
)
from beamlike.kernel.terms import Alias, Pid, Reason, Ref, RemoteName

# The numbers are the protocol, as in `packing`.
_SEND: Final = 0
_LINK: Final = 1
_UNLINK: Final = 2
_UNLINK_ACK: Final = 3
_EXIT: Final = 4
_MONITOR: Final = 5
_DEMONITOR: Final = 6
_DOWN: Final = 7
_SPAWN: Final = 8

_LONGEST_DESCRIPTION: Final = 500

Term: TypeAlias = Any
"""A term as it was packed, or `Undecodable`."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message that arrived and could not be decoded."""

    source: Pid | None
    target: Pid | Alias | RemoteName
    error: UndecodableTerm


class SignalCodec:
    """Signals of one connection to bytes and back. Payloads must be decoded in the order of their encoding.

    >>> from beamlike.distribution.terms_codec import PickleCodec
    >>> codec = SignalCodec(PickleCodec())
    >>> codec.decode(codec.encode(Send(None, ("shell", "b@127.0.0.1"), "hello")))
    Send(source=None, target=('shell', 'b@127.0.0.1'), message='hello')
    """

    def __init__(self, codec: TermCodec) -> None:
        self._packing = Packing(codec)

    def encode(self, signal: Signal) -> bytes:
        """Raises UnencodableTerm if a message or function cannot travel."""
        return self._packing.pack(self._fields(signal))

    def decode(self, payload: bytes) -> Signal | Undelivered:
        """Raises ProtocolError for what `encode` never made."""
        try:
            kind, *fields = self._packing.unpack(payload)
            return _BUILDERS[kind](*fields)
        except Exception as error:
            raise ProtocolError(
                f"expected a signal, got {len(payload)} bytes that are none ({type(error).__name__}: {error})"
            ) from error

    def _fields(self, signal: Signal) -> list[object]:
        # By attribute: patterns with positions cost five times as much, more than half of the packing.
        match signal:
            case Send():
                message = self._message(signal.message, signal.target)
                return [_SEND, signal.source, signal.target, message]
            case Link():
                return [_LINK, signal.source, signal.target]
            case Unlink():
                return [_UNLINK, signal.source, signal.target, signal.id]
            case UnlinkAck():
                return [_UNLINK_ACK, signal.source, signal.target, signal.id]
            case Exit():
                return [_EXIT, signal.source, signal.target, self._reason(signal.reason), signal.linked]
            case Monitor():
                return [_MONITOR, signal.source, signal.target, signal.ref]
            case Demonitor():
                return [_DEMONITOR, signal.source, signal.target, signal.ref]
            case Down():
                return [_DOWN, signal.source, signal.target, signal.ref, self._reason(signal.reason)]
            case Spawn():
                work = self._message((signal.function, signal.args), signal.pid)
                return [_SPAWN, signal.source, signal.pid, work, signal.link, signal.monitor, signal.group_leader]
            case _:
                assert_never(signal)

    def _message(self, message: object, target: Pid | Alias | RemoteName) -> object:
        if is_plain(message):
            return message
        try:
            if type(message) is terms.Reply:
                return terms.Reply(message.ref, self._packing.code(message.value))
            return self._packing.code(message)
        except Exception as error:
            raise UnencodableTerm(
                f"expected something that can be copied to another node, got {_what(message)} for {target}: {error}"
            ) from error

    def _reason(self, reason: Reason) -> object:
        if is_plain(reason):
            return reason
        try:
            return self._packing.code(reason)
        except Exception:
            return _in_words(reason)


def _send(source: Pid | None, target: Pid | Alias | RemoteName, message: Term) -> Send | Undelivered:
    if type(message) is Undecodable:
        return Undelivered(source, target, message.error)
    if type(message) is terms.Reply and type(message.value) is Undecodable:
        message = terms.Down(message.ref, source or _owner(target), _readable(message.value))
    return Send(source, target, message)


def _exit(source: Pid, target: Pid, reason: Term, linked: bool) -> Exit:
    return Exit(source, target, _readable(reason), linked)


def _down(source: Pid | RemoteName, target: Pid, ref: Ref, reason: Term) -> Down:
    return Down(source, target, ref, _readable(reason))


def _spawn(source: Pid, pid: Pid, work: Term, link: bool, monitor: Ref | None, group_leader: Pid | None) -> Spawn:
    function, args = (_raise, (work.error,)) if type(work) is Undecodable else work
    return Spawn(source, pid, function, args, link, monitor, group_leader)


_BUILDERS: Final[dict[int, Callable[..., Signal | Undelivered]]] = {
    _SEND: _send,
    _LINK: Link,
    _UNLINK: Unlink,
    _UNLINK_ACK: UnlinkAck,
    _EXIT: _exit,
    _MONITOR: Monitor,
    _DEMONITOR: Demonitor,
    _DOWN: _down,
    _SPAWN: _spawn,
}


async def _raise(error: UndecodableTerm) -> NoReturn:
    raise error


def _owner(target: Pid | Alias | RemoteName) -> Pid | RemoteName:
    return target.pid if isinstance(target, Alias) else target


def _readable(reason: Term) -> Reason:
    return str(reason.error) if type(reason) is Undecodable else reason


def _in_words(reason: Reason) -> object:
    """A reason that cannot travel: a tuple keeps its shape, so that ("shutdown", ...) stays a quiet one."""
    if type(reason) is tuple:
        return tuple(part if is_plain(part) else _what(part) for part in reason)
    return _what(reason)


def _what(term: object) -> str:
    try:
        text = repr(term)
    except Exception:  # a broken __repr__ must not hide the failure it was to describe
        text = object.__repr__(term)
    return text if len(text) <= _LONGEST_DESCRIPTION else text[:_LONGEST_DESCRIPTION] + "..."
