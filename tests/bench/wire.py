"""What a signal costs between the sender's call and the socket, and back: `python -m tests.bench.wire`.

In nanoseconds per signal, the least of several runs; the limit is what msgpack and pickle take for the bare parts.
"""

from __future__ import annotations

import pickle
import timeit
from collections.abc import Callable
from functools import partial

import msgpack

from beamlike.distribution.connection import Connection
from beamlike.distribution.handshake import Dialler, Listener
from beamlike.distribution.handshake_frames import Identity
from beamlike.distribution.refusal import Status
from beamlike.distribution.secret import Secret
from beamlike.distribution.terms_codec import PickleCodec
from beamlike.distribution.wire import SignalCodec
from beamlike.kernel.signals import Send
from beamlike.kernel.terms import Pid, Ref, Reply
from tests.bench.lines import emit

ROUNDS = 2_000
REPEATS = 5
BATCH = 100

HERE, THERE = Pid("a@127.0.0.1", (7 << 32) + 1), Pid("b@127.0.0.1", (9 << 32) + 2)
REF = Ref("a@127.0.0.1", (7 << 32) + 3)

MESSAGES: dict[str, object] = {
    "int": 42,
    "tuple": ("hello", 42, 1.5),
    "request": ("$call", HERE, REF, ("get", "key")),
    "reply": Reply(REF, "value"),
    "set_by_codec": {1, 2, 3},
}


def connected() -> tuple[Connection, Connection]:
    """Two connections in memory whose handshake is over."""
    secret = Secret(b"bench")
    a, b = (Identity(name, 1, False, b"\0" * 4, "3.1") for name in (HERE.node, THERE.node))
    dialler = Connection(Dialler(a, b"a" * 32, secret, b.name), PickleCodec())
    listener = Connection(Listener(b, b"b" * 32, lambda _: secret, lambda _: Status.OK), PickleCodec())
    while data := dialler.data_to_send():
        listener.receive_data(data)
        dialler.receive_data(listener.data_to_send())
    return dialler, listener


def measure(system: str, metric: str, action: Callable[[], object], per_action: int = 1) -> None:
    fastest = min(timeit.repeat(action, number=ROUNDS, repeat=REPEATS)) / ROUNDS / per_action
    emit(system, "wire", metric, "ns", round(fastest * 1e9))


def signals() -> None:
    codec = SignalCodec(PickleCodec())
    for name, message in MESSAGES.items():
        signal = Send(HERE, THERE, message)
        payload = codec.encode(signal)
        assert codec.decode(payload) == signal
        measure("beamlike", f"encode_{name}", partial(codec.encode, signal))
        measure("beamlike", f"decode_{name}", partial(codec.decode, payload))


def connections() -> None:
    sender, receiver = connected()
    signal = Send(HERE, THERE, MESSAGES["tuple"])
    sender.send(signal)
    stream = sender.data_to_send() * BATCH
    measure("beamlike", "send_tuple", partial(sender.send, signal))
    measure("beamlike", "receive_tuple", partial(receiver.receive_data, stream), per_action=BATCH)


def limits() -> None:
    parts = [1, HERE.node, HERE.id, THERE.node, THERE.id, "hello", 42, 1.5]
    measure("limit:msgpack", "encode", partial(msgpack.Packer().pack, parts))
    measure("limit:msgpack", "decode", partial(msgpack.unpackb, msgpack.packb(parts)))
    measure("limit:pickle", "encode", partial(pickle.dumps, parts, 5))
    measure("limit:pickle", "decode", partial(pickle.loads, pickle.dumps(parts, 5)))


def main() -> None:
    signals()
    connections()
    limits()


if __name__ == "__main__":
    main()
