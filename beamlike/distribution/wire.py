"""Signals to items of the wire and back; values in, values out.

An item is a packed list: the number of the signal's kind, then its fields. Pids of the two nodes at the ends go by
their ids, so who is meant can be read even where the term beside them (message, reason, function) cannot be decoded:

- an undecodable message is an `Undelivered`, for the log; if it is the value of a Reply, who waits for that gets a
  Down in its place, with the reason in words, instead of waiting for ever;
- an undecodable reason becomes its description: an exit always arrives;
- an undecodable function becomes one that raises UndecodableTerm: who spawned it learns why by link or monitor. Of a
  call it raises what hindered the decoding, at the caller.

Towards the other side, a message or function that the codec cannot encode is the sender's UnencodableTerm, and a
reason that it cannot encode goes as its `repr`.

Nearly all signals are messages of a process to a process, so these have a way of their own, on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias, assert_never

import msgpack

from beamlike.distribution.apply_items import apply_of, fields_of, raises
from beamlike.distribution.errors import ProtocolError, UndecodableTerm, UnencodableTerm
from beamlike.distribution.packing import (
    MANY_COMPOUNDS,
    MOST_COMPOUNDS,
    Draft,
    Packed,
    Packing,
    Undecodable,
    is_plain,
)
from beamlike.distribution.terms_codec import LARGE, Buffer, TermCodec
from beamlike.kernel import terms
from beamlike.kernel.question import Call, Question
from beamlike.kernel.record import frozen, record
from beamlike.kernel.signals import (
    Answer,
    Apply,
    Ask,
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
POST: Final = 0  # a Send from a pid to a pid
POST_TUPLE: Final = 1  # the same, of a tuple of atoms
SEND: Final = 2
ASK: Final = 3
ANSWER: Final = 4
LINK: Final = 5
UNLINK: Final = 6
UNLINK_ACK: Final = 7
EXIT: Final = 8
MONITOR: Final = 9
DEMONITOR: Final = 10
DOWN: Final = 11
SPAWN: Final = 12
APPLY: Final = 13

_LONGEST_DESCRIPTION: Final = 500

_SIMPLE: Final = frozenset({type(None), bool, int, float, str})
"""What packs at once, exactly, and never runs code of ours."""

Term: TypeAlias = Any
"""A term as it was packed, or `Undecodable`."""

Item: TypeAlias = list[Any]
"""A signal as it is packed."""


@frozen
class Undelivered:
    """A message that arrived and could not be decoded. `answer` tells who waits for the reply to it, if anybody."""

    source: Pid | None
    target: Pid | Alias | RemoteName
    error: UndecodableTerm
    answer: Down | None = None


@record
class SignalDraft:
    """A signal as an item that is to be packed, and what goes beside that."""

    signal: Signal
    item: Item
    draft: Draft


class SignalCodec:
    """Signals of one connection to items and back.

    >>> from beamlike.distribution.terms_codec import PickleCodec
    >>> codec = SignalCodec(PickleCodec(), "a@127.0.0.1", "b@127.0.0.1")
    >>> there = SignalCodec(PickleCodec(), "b@127.0.0.1", "a@127.0.0.1")
    >>> there.decode(codec.encode(Send(None, ("shell", "b@127.0.0.1"), "hello")).data)
    Send(source=None, target=('shell', 'b@127.0.0.1'), message='hello')
    """

    def __init__(self, codec: TermCodec, here: str, there: str, *, only_plain: bool = False) -> None:
        """With `only_plain` plain terms of any number of parts travel without the codec."""
        self._codec = codec
        self._packing = Packing(codec, here, there, MANY_COMPOUNDS if only_plain else MOST_COMPOUNDS)
        if there:
            codec.meet(there)
        # Only for what runs no code meanwhile: neither another thread nor a finalizer can enter it.
        self._pack_simple: Callable[[Item], bytes] = msgpack.Packer().pack

    @property
    def there(self) -> str:
        """The node at the other side; "" until it is known."""
        return self._packing.there

    def pids(self, source: int, target: int) -> tuple[Pid, Pid]:
        """The pid of an id here, and that of one there."""
        return Pid(self._packing.here, source), Pid(self._packing.there, target)

    @property
    def packing(self) -> Packing:
        return self._packing

    def meet(self, there: str) -> None:
        """The name of the other side is known now."""
        self._packing.there = there
        self._codec.meet(there)

    def farewell(self) -> bytes | None:
        return self._codec.farewell()

    def close(self) -> None:
        """The connection is over."""
        self._codec.close()

    def encode_post(self, source: int, target: int, message: object) -> bytes | None:
        """A message of simple parts, from and to the pid of these ids. None for any other message."""
        try:
            if is_simple(message):
                return self._pack_simple([POST, target, source, message])
            if type(message) is tuple and _SIMPLE.issuperset(map(type, message)):
                return self._pack_simple([POST_TUPLE, target, source, message])
        except (OverflowError, UnicodeEncodeError):
            pass
        return None

    def draft(self, signal: Signal, *, alone: bool = False) -> SignalDraft:
        """Raises UnencodableTerm if a message or function cannot travel. For any thread; for `alone` see TermCodec."""
        draft = Draft(alone=alone)
        return SignalDraft(signal, self._item(signal, draft), draft)

    def finish(self, drafted: SignalDraft) -> Packed:
        draft = drafted.draft
        return Packed(self._packing.pack(drafted.item), draft.buffers, draft.ahead, draft.contents)

    def encode(self, signal: Signal) -> Packed:
        """A signal, drafted and finished."""
        return self.finish(self.draft(signal))

    def encode_ask(self, source: int, target: int, question: Alias) -> bytes | None:
        """As `encode_post`, of a request that is made as a Call."""
        if type(question) is Call and is_simple(question.request):
            with suppress(OverflowError, UnicodeEncodeError):
                return self._pack_simple([ASK, source, target, question.id, None, question.request])
        return None

    def encode_answer(self, source: int, client: Alias, value: object) -> bytes | None:
        """As `encode_post`, of the reply to such a request."""
        if is_simple(value):
            with suppress(OverflowError, UnicodeEncodeError):
                return self._pack_simple([ANSWER, source, client.pid.id, client.id, value])
        return None

    def items(self, data: Buffer) -> list[Item]:
        """The items of a batch. Raises ProtocolError for what `encode` never made."""
        try:
            items: list[Item] = self._packing.unpack(data)
            if type(items) is not list:
                raise TypeError(f"a {type(items).__name__} is no batch")
        except Exception as error:
            raise _no_signal(data, error) from error
        return items

    def item(self, data: Buffer, buffers: Sequence[Buffer] = ()) -> Item:
        """One item, and what went beside it. Raises ProtocolError for what `encode` never made."""
        try:
            item: Item = self._packing.unpack(data, buffers)
            if type(item) is not list:
                raise TypeError(f"a {type(item).__name__} is no item")
        except Exception as error:
            raise _no_signal(data, error) from error
        return item

    def decode(self, data: Buffer, buffers: Sequence[Buffer] = ()) -> Signal | Undelivered:
        """One signal, as `item`."""
        return self.signal(self.item(data, buffers))

    def signal(self, item: Item) -> Signal | Undelivered:
        """What an item says. Raises ProtocolError for what `encode` never made."""
        try:
            kind, *fields = item
            return _BUILDERS[kind](self, *fields)
        except Exception as error:
            raise ProtocolError(f"expected a signal, got {_what(item)} ({type(error).__name__}: {error})") from error

    # Towards the other side.

    def _item(self, signal: Signal, draft: Draft) -> Item:
        # By attribute: patterns with positions cost five times as much, more than half of the packing.
        match signal:
            case Send():
                message = self._message(signal.message, signal.target, draft)
                source, target = signal.source, signal.target
                if source is not None and type(target) is Pid and self._joins(source, target):
                    return [POST, target.id, source.id, message]
                return [SEND, source, target, message]
            case Ask():
                question, target = signal.question, signal.target
                assert isinstance(question, Question)
                asking = None if type(question) is Call else self._packing.code(type(question), draft)
                request = self._message(question.request, target, draft)
                whom = target.id if type(target) is Pid else target
                return [ASK, signal.source.id, whom, question.id, asking, request]
            case Answer():
                value = self._message(signal.value, signal.target, draft)
                return [ANSWER, signal.source.id, signal.target.pid.id, signal.target.id, value]
            case Link():
                return [LINK, signal.source, signal.target]
            case Unlink():
                return [UNLINK, signal.source, signal.target, signal.id]
            case UnlinkAck():
                return [UNLINK_ACK, signal.source, signal.target, signal.id]
            case Exit():
                return [EXIT, signal.source, signal.target, self._reason(signal.reason, draft), signal.linked]
            case Monitor():
                return [MONITOR, signal.source, signal.target, signal.ref]
            case Demonitor():
                return [DEMONITOR, signal.source, signal.target, signal.ref]
            case Down():
                return [DOWN, signal.source, signal.target, signal.ref, self._reason(signal.reason, draft)]
            case Apply():
                return [APPLY, *self._fields(signal, draft)]
            case Spawn():
                work = self._work(signal, draft)
                return [SPAWN, signal.source, signal.pid, work, signal.link, signal.monitor, signal.group_leader]
            case _:
                assert_never(signal)

    def _joins(self, source: Pid, target: Pid) -> bool:
        return source.node == self._packing.here and target.node == self._packing.there

    def _message(self, message: object, target: Pid | Alias | RemoteName, draft: Draft) -> object:
        try:
            return self._packing.term(message, draft)
        except Exception as error:
            raise _unencodable(message, target, error) from error

    def _work(self, spawn: Spawn, draft: Draft) -> object:
        try:
            return self._packing.term((spawn.function, spawn.args), draft)
        except Exception as error:
            raise _unencodable_call(error) from error

    def _fields(self, apply: Apply, draft: Draft) -> tuple[object, ...]:
        try:
            return fields_of(apply, self._packing, draft)
        except Exception as error:
            raise _unencodable_call(error) from error

    def _reason(self, reason: Reason, draft: Draft) -> object:
        try:
            return self._packing.term(reason, draft)
        except Exception:
            return _in_words(reason)

    # From the other side.

    def _post(self, target: int, source: int, message: Term) -> Send | Undelivered:
        packing = self._packing
        return _send(self, Pid(packing.there, source), Pid(packing.here, target), message)

    def _post_tuple(self, target: int, source: int, parts: list[Any]) -> Send | Undelivered:
        return self._post(target, source, tuple(parts))

    def _ask(self, source: int, target: int | RemoteName, id: int, asking: Term, request: Term) -> Ask | Undelivered:
        packing = self._packing
        asker = Pid(packing.there, source)
        asked = Pid(packing.here, target) if isinstance(target, int) else target
        for part in (asking, request):
            if type(part) is Undecodable:
                down = Down(asked, asker, Ref(packing.there, id), _readable(part))
                return Undelivered(asker, asked, part.error, down)
        return Ask(asker, asked, (asking or Call)(asker, id, request))

    def _apply(self, *fields: Any) -> Apply:
        return apply_of(self._packing.here, self._packing.there, *fields)

    def _answer(self, source: int, client: int, id: int, value: Term) -> Answer | Down:
        packing = self._packing
        server, asker = Pid(packing.there, source), Pid(packing.here, client)
        if type(value) is Undecodable:
            return Down(server, asker, Ref(packing.here, id), _readable(value))
        return Answer(server, Alias(asker, id), value)


def is_simple(term: object) -> bool:
    """Whether `term` packs at once, exactly, and so quickly that this check must not take long either: an atom without
    an address or large bytes, or a dict of such, but no tuple."""
    kind = type(term)
    if kind is dict:
        return _SIMPLE.issuperset(map(type, term.values())) and _SIMPLE.issuperset(map(type, term))  # type: ignore[attr-defined,call-overload]
    return kind in _SIMPLE or (kind is bytes and len(term) <= LARGE)  # type: ignore[arg-type]


def _send(
    codec: SignalCodec, source: Pid | None, target: Pid | Alias | RemoteName, message: Term
) -> Send | Undelivered:
    if type(message) is Undecodable:
        return Undelivered(source, target, message.error)
    if type(message) is terms.Reply and type(message.value) is Undecodable:
        message = terms.Down(message.ref, source or _owner(target), _readable(message.value))
    return Send(source, target, message)


def _exit(codec: SignalCodec, source: Pid, target: Pid, reason: Term, linked: bool) -> Exit:
    return Exit(source, target, _readable(reason), linked)


def _down(codec: SignalCodec, source: Pid | RemoteName, target: Pid, ref: Ref, reason: Term) -> Down:
    return Down(source, target, ref, _readable(reason))


def _spawn(
    codec: SignalCodec, source: Pid, pid: Pid, work: Term, link: bool, monitor: Ref | None, group_leader: Pid | None
) -> Spawn:
    function, args = (raises, (work.error,)) if type(work) is Undecodable else work
    return Spawn(source, pid, function, args, link, monitor, group_leader)


def _as_it_is(kind: Callable[..., Signal]) -> Callable[..., Signal]:
    return lambda _codec, *fields: kind(*fields)


_BUILDERS: Final[dict[int, Callable[..., Signal | Undelivered]]] = {
    POST: SignalCodec._post,
    POST_TUPLE: SignalCodec._post_tuple,
    SEND: _send,
    ASK: SignalCodec._ask,
    ANSWER: SignalCodec._answer,
    LINK: _as_it_is(Link),
    UNLINK: _as_it_is(Unlink),
    UNLINK_ACK: _as_it_is(UnlinkAck),
    EXIT: _exit,
    MONITOR: _as_it_is(Monitor),
    DEMONITOR: _as_it_is(Demonitor),
    DOWN: _down,
    SPAWN: _spawn,
    APPLY: SignalCodec._apply,
}


def _unencodable(term: object, target: Pid | Alias | RemoteName, error: Exception) -> UnencodableTerm:
    return UnencodableTerm(
        f"expected something that can be copied to another node, got {_what(term)} for {target}: {error}"
    )


def _unencodable_call(error: Exception) -> UnencodableTerm:
    """Of a function and its arguments, which the error names."""
    return UnencodableTerm(f"expected something that can be copied to another node: {error}")


def _no_signal(data: Buffer, error: Exception) -> ProtocolError:
    return ProtocolError(f"expected signals, got {len(data)} bytes that are none ({type(error).__name__}: {error})")


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


def sender_of(item: Item) -> object:
    """Whose item it is; the same for all of one process."""
    source = item[2] if item[0] in (POST, POST_TUPLE) else item[1]
    return source.id if isinstance(source, Pid) else source


def receiver_of(item: Item) -> object:
    """Whom it is for: an id, or a name and its node."""
    target = item[1] if item[0] in (POST, POST_TUPLE) else item[2]
    if isinstance(target, Alias):
        return target.pid.id
    return target.id if isinstance(target, Pid) else target


def pair_of(signal: Signal) -> tuple[int, int | str]:
    """Whose signal it is, and for whom: ids of pids, or the name of the receiver; 0 for nobody."""
    target = signal.pid if isinstance(signal, Spawn) else signal.target
    source = signal.source
    return (source.id if isinstance(source, Pid) else 0), _receiver(target)


def _receiver(target: Pid | Alias | RemoteName) -> int | str:
    if isinstance(target, Pid):
        return target.id
    return target.pid.id if isinstance(target, Alias) else target[0]
