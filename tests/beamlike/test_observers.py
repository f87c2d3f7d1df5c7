"""Who holds the observers' secret asks the process `inspect`, and reaches nothing else, whatever it sends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.code.modules.messages import FindModule, encode_question
from beamlike.distribution import observed
from beamlike.distribution.handshake import Listener
from beamlike.distribution.heartbeat.lane import LaneQuestion
from beamlike.distribution.observers import MOST_MONITORS, Allowance, Gate
from beamlike.distribution.refusal import HandshakeRefused, Refused, Status
from beamlike.distribution.secret import OBSERVE, Secret, load_observe_secret
from beamlike.distribution.terms_codec import PickleCodec
from beamlike.distribution.wire import DEMONITOR, DOWN, EXIT, MONITOR, POST, SEND, SignalCodec
from beamlike.kernel import signals
from beamlike.kernel.question import Call
from beamlike.kernel.terms import Alias, Down, Exit, Pid, Ref, Reply
from tests.support.handshakes import A, B, dialler, shake_hands
from tests.support.local_nodes import PATIENCE, until_nobody_blocks

OWN, OBSERVERS = b"the service's own secret", b"a secret for those who look"
HERE, THERE, THIRD = "service@127.0.0.1", "observer-1@127.0.0.1", "third@127.0.0.1"
ran: list[str] = []


class Bomb:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return ran.append, ("unpickled",)


def observing(value: bytes = OBSERVERS) -> Secret:
    return Secret(value, role=OBSERVE)


# The handshake.


def meeting(dialled_with: Secret, observers: Secret | None) -> tuple[Listener, Any, Any]:
    listener = Listener(B, b"l" * 32, lambda _: Secret(OWN), lambda _: Status.OK, lambda _: observers)
    return listener, *shake_hands(dialler(secret=dialled_with), listener)


def test_the_secret_that_was_proved_decides_the_role() -> None:
    listener, there, here = meeting(observing(), observing())
    assert (there, here, listener.role) == (B, A, "observe")
    listener, there, here = meeting(Secret(OWN), observing())
    assert (there, here, listener.role) == (B, A, "evaluate")


@pytest.mark.parametrize(
    ("dialled_with", "observers"),
    [
        (Secret(OBSERVERS), observing()),  # the right bytes, taken for the node's own secret
        (observing(OWN), observing()),  # the node's own, taken for that of observers
        (observing(b"a guess"), observing()),
        (observing(), None),
    ],
)
def test_a_secret_proves_nothing_in_another_role(dialled_with: Secret, observers: Secret | None) -> None:
    _, there, here = meeting(dialled_with, observers)
    assert isinstance(there, Refused)
    assert isinstance(here, Refused)
    assert here.status is Status.WRONG_SECRET


def test_the_observers_secret_comes_of_the_environment_or_a_file_that_only_its_owner_reads(tmp_path: Any) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert load_observe_secret(environment) is None
    file = tmp_path / "beamlike" / "observe-secret"
    file.parent.mkdir()
    file.write_text("look\n")
    with pytest.raises(bl.UnusableSecret, match="chmod 600"):
        load_observe_secret(environment)
    file.chmod(0o600)
    found = load_observe_secret(environment)
    assert found == Secret(b"look")
    assert found is not None
    assert found.role == "observe"
    assert load_observe_secret({**environment, "BEAMLIKE_OBSERVE_SECRET": "other"}) == Secret(b"other")


def test_one_secret_for_both_roles_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(bl.UnusableSecret, match="another than its own"):
            await bl.start("one@127.0.0.1", secret="same", observers="same")

    asyncio.run(main())


# The gate.

ids = st.integers(0, 9)
nodes = st.sampled_from([HERE, THERE, THIRD])
pids = st.builds(Pid, nodes, ids)
refs = st.builds(Ref, nodes, ids)
names = st.tuples(st.sampled_from(["inspect", "victim"]), nodes)
terms = st.recursive(
    st.none() | ids | st.text(max_size=3) | pids | refs | st.builds(Exit, pids, st.text(max_size=3)),
    lambda inner: st.lists(inner, max_size=3) | st.builds(Reply, refs, inner),
    max_leaves=5,
)
fields = ids | pids | refs | names | terms | st.builds(Alias, pids, ids) | st.booleans()
items = st.tuples(st.integers(0, 15), st.lists(fields, max_size=7)).map(lambda it: [it[0], *it[1]])
INSPECTOR = 7


def reached(item: list[Any]) -> object:
    """Whose process an item is for, as `inbound` and `wire` read it."""
    return item[1] if item[0] == POST or item[0] == 1 else item[2]


@given(items)
def test_nothing_passes_the_gate_but_for_the_process_inspect(item: list[Any]) -> None:
    gate = Gate(HERE, THERE, was_dialled=False, inspector=lambda: INSPECTOR)
    refusal = gate.refusal(item)
    if refusal is None:
        assert reached(item) in (INSPECTOR, Pid(HERE, INSPECTOR), ("inspect", HERE))
        assert item[0] in (0, 1, SEND, 3, 9, 10, DOWN)
        said = item[3] if item[0] in (0, 1, SEND) else None
        assert not isinstance(said, Down | Exit | Reply)
    elif refusal.answer is not None:
        answered = refusal.answer.target
        assert isinstance(answered, Pid)
        assert answered.node == THERE


@given(items)
def test_an_observer_takes_answers_and_starts_nothing_for_whom_it_observes(item: list[Any]) -> None:
    gate = Gate(THERE, HERE, was_dialled=True, inspector=lambda: None)
    if gate.refusal(item) is None:
        assert item[0] in (0, 1, SEND, 4, 9, 10, DOWN)


def test_what_the_kernel_alone_says_is_no_message_of_an_observer() -> None:
    gate = Gate(HERE, THERE, was_dialled=False, inspector=lambda: INSPECTOR)
    assert gate.refusal([POST, INSPECTOR, 1, Exit(Pid(HERE, 1), "shutdown")]) is not None
    assert gate.refusal([EXIT, Pid(THERE, 1), Pid(HERE, INSPECTOR), "kill", False]) is not None
    assert gate.refusal([POST, INSPECTOR, 1, ["processes", {}]]) is None


def test_an_observer_has_so_many_monitors_at_a_time() -> None:
    gate = Gate(HERE, THERE, was_dialled=False, inspector=lambda: INSPECTOR)

    def monitor(kind: int, number: int) -> object:
        return gate.refusal([kind, Pid(THERE, 1), ("inspect", HERE), Ref(THERE, number)])

    assert all(monitor(MONITOR, number) is None for number in range(MOST_MONITORS))
    assert monitor(MONITOR, MOST_MONITORS) is not None
    assert monitor(DEMONITOR, 0) is None
    assert monitor(MONITOR, MOST_MONITORS) is None
    assert monitor(MONITOR, 0) is not None


def test_an_observer_has_an_allowance_that_grows_again() -> None:
    allowance = Allowance(0.0, burst=10, per_second=5)
    assert allowance.takes(10, 0.0)
    assert not allowance.takes(1, 0.1)
    assert allowance.takes(4, 1.0)


# Real links.


async def inspector() -> None:
    while True:
        match await bl.receive():
            case Call(request=request) as call:
                bl.GenServer.reply(call, ("told", request))
            case ("many", bl.Pid() as asker):
                bl.send(asker, [{"number": number} for number in range(5000)])
            case message:
                heard.append(message)


heard: list[object] = []


def between(test: Callable[[bl.Node, bl.Node], Awaitable[None]], *, name: str = "observer-1@127.0.0.1") -> None:
    """`test` gets a service and the node of an observer that is connected to it."""
    ran.clear()
    heard.clear()

    async def main() -> None:
        async with (
            bl.Node(HERE, secret=OWN, observers=OBSERVERS) as service,
            bl.Node(name, secret="none", listen=False) as observer,
        ):
            service.unregister("inspect")  # in its place one that notes what reaches it
            service.register("inspect", service.spawn(inspector))
            await observer.connect(HERE, secret=observing())
            await test(service, observer)

    asyncio.run(main())


async def told(observer: bl.Node, question: object = "how are you") -> object:
    return await observer.call(observer.name, ask, question, timeout=PATIENCE)


async def ask(question: object) -> object:
    return await bl.GenServer.call(("inspect", HERE), question, timeout=PATIENCE)


def test_an_observer_asks_inspect_and_is_answered_in_plain_terms_of_any_size(caplog: pytest.LogCaptureFixture) -> None:
    async def test(service: bl.Node, observer: bl.Node) -> None:
        assert await told(observer) == ("told", "how are you")
        observer.send(("inspect", HERE), ("many", observer.self()))
        answer = await observer.receive(timeout=PATIENCE)
        assert len(answer) == 5000
        assert service.role_of(observer.name) == "observe"
        await until_nobody_blocks(lambda: observer.who_is_blocking(HERE, timeout=PATIENCE))
        assert service.nodes() == []
        assert service.nodes(hidden=True) == [observer.name]

    with caplog.at_level(logging.WARNING, "beamlike"):
        between(test)
    assert [record.getMessage() for record in caplog.records if record.name != "beamlike.watchdog"] == []


def test_an_observer_sees_what_the_inspector_of_a_node_tells() -> None:
    async def main() -> None:
        async with (
            bl.Node(HERE, secret=OWN, observers=OBSERVERS) as service,
            bl.Node("observer-1@127.0.0.1", secret="none", listen=False) as observer,
        ):
            pid = service.spawn(asyncio.sleep, 60)
            await observer.connect(HERE, secret=observing())
            found = await observer.call(observer.name, bl.inspect.processes, HERE, timeout=PATIENCE)
            assert pid in [facts.pid for facts in found]

    asyncio.run(main())


@pytest.mark.parametrize(("secret", "sees"), [(observing(), False), (Secret(OWN), True)])
def test_who_may_only_observe_is_told_no_value_of_a_call_as_the_nodes_own_secret_is_one(
    secret: Secret, sees: bool
) -> None:
    async def main() -> list[str]:
        async with (
            bl.Node(HERE, secret=OWN, observers=OBSERVERS),
            bl.Node("observer-1@127.0.0.1", secret="none", listen=False) as observer,
        ):
            await observer.connect(HERE, secret=secret)
            return await observer.call(observer.name, traced_while_somebody_connects, timeout=PATIENCE)

    told = "\n".join(asyncio.run(main()))
    assert "hmac:digest(" in told
    assert (repr(OWN) in told) == sees
    assert OWN.decode() not in told.replace(repr(OWN), "") or sees
    assert ("only the types" in told) != sees


async def traced_while_somebody_connects() -> list[str]:
    functions = ("hmac:digest", "beamlike.distribution.secret:Secret.sign")
    knocking = asyncio.create_task(knock())
    told = [str(event) async for event in bl.inspect.trace(HERE, *functions, limit=40, seconds=10)]
    knocking.cancel()
    await asyncio.wait([knocking])  # its node has stopped
    return told


async def knock() -> None:
    async with bl.Node("observer-2@127.0.0.1", secret="wrong", listen=False) as other:
        while True:
            await asyncio.sleep(0.2)
            with pytest.raises(HandshakeRefused):
                await other.connect(HERE)


def test_what_an_observer_may_not_do_fails_at_once_and_in_words() -> None:
    async def test(service: bl.Node, observer: bl.Node) -> None:
        victim = service.spawn(asyncio.sleep, 60)
        with pytest.raises(bl.UnencodableTerm, match="may only observe"):
            await observer.call(HERE, ran.append, "called")
        ref = observer.monitor(victim)
        down = await observer.receive(ref=ref, timeout=PATIENCE)
        assert "observers' secret" in down.reason
        with pytest.raises(PermissionError, match="observers' secret"):
            await observer.interrupt(HERE)
        observer.exit(victim, "kill")
        assert await told(observer) == ("told", "how are you")  # what came before has been acted on by now
        assert service.is_alive(victim)

    between(test)


def test_an_observer_must_not_have_the_name_of_a_node_that_others_send_to() -> None:
    async def test(_service: bl.Node, _observer: bl.Node) -> None:
        raise AssertionError("it was let in")

    with pytest.raises(HandshakeRefused, match="observer-") as caught:
        between(test, name="partner@127.0.0.1")
    assert caught.value.status is Status.OBSERVERS_NAME


# A hostile one: it has the secret, and its own end keeps to nothing.


def unleash(observer: bl.Node) -> Any:
    """Its link, by which anything leaves and comes in as between nodes that trust each other."""
    cluster = observer.cluster
    link = cluster._peers[HERE].link
    connection: Any = link._connection
    connection.signals = SignalCodec(PickleCodec(), observer.name, HERE)
    connection._largest = 1 << 30
    cluster._observed.clear()
    return link


def attacks(me: Pid, victim: Pid, monitor: Ref) -> list[signals.Signal]:
    """One of each kind of signal, and some that tell another source than their own."""
    new = Pid(HERE, 900)
    inspect = ("inspect", HERE)
    return [
        signals.Send(me, victim, "hello"),
        signals.Send(me, victim, Bomb()),
        signals.Send(me, ("victim", HERE), ("a", 1)),
        signals.Send(None, Alias(victim, 3), "to an alias"),
        signals.Send(me, inspect, Bomb()),
        signals.Send(me, inspect, Exit(victim, "shutdown")),
        signals.Send(me, inspect, Reply(Ref(HERE, 1), "forged")),
        signals.Ask(me, victim, Call(me, 5, "call")),
        signals.Ask(me, inspect, Call(me, 6, Bomb())),
        signals.Answer(me, Alias(victim, 3), "an answer"),
        signals.Link(me, victim),
        signals.Unlink(me, victim, 1),
        signals.UnlinkAck(me, victim, 1),
        signals.Exit(me, victim, "kill", linked=False),
        signals.Exit(me, victim, "kill", linked=True),
        signals.Monitor(me, victim, Ref(me.node, 4)),
        signals.Monitor(victim, inspect, Ref(HERE, 4)),  # a Down for somebody else
        signals.Demonitor(me, victim, Ref(me.node, 4)),
        signals.Down(me, victim, monitor, "forged"),
        signals.Spawn(me, new, ran.append, ("spawned",), False, None, None),
        signals.Spawn(me, new, ran.append, ("spawned",), True, Ref(me.node, 8), victim),
        signals.Apply(me, new, ran.append, ("applied",), False, Ref(me.node, 9), victim),
    ]


@pytest.mark.parametrize("first", range(len(attacks(Pid(THERE, 1), Pid(HERE, 1), Ref(HERE, 1)))))
def test_nothing_of_a_hostile_observer_runs_or_reaches_another_process(first: int) -> None:
    """Each kind first, before any other has been refused."""
    seen: list[object] = []

    async def victim() -> None:
        bl.trap_exit(True)
        while True:
            seen.append(await bl.receive())

    async def test(service: bl.Node, observer: bl.Node) -> None:
        pid = service.spawn(victim)
        service.register("victim", pid)
        before = set(service.processes())
        link = unleash(observer)
        signals_ = attacks(observer.self(), pid, Ref(HERE, 1))
        for signal in [*signals_[first:], *signals_[:first]]:
            link.send(signal)
        async with bl.Node("observer-2@127.0.0.1", secret="none", listen=False) as other:
            for _ in range(2):
                await other.connect(HERE, secret=observing())
                assert await other.call(other.name, ask, "still there", timeout=PATIENCE) == ("told", "still there")
        assert service.is_alive(pid)
        assert seen == []
        assert ran == []
        assert heard == []
        assert set(service.processes()) == before

    between(test)


@pytest.mark.parametrize(
    "item",
    [
        [18, b"ahead"],
        [64, 1, [1 << 40]],
        [68, 0],
        [66],
        [67, 3],
        ["text"],
        [0],
        [3, None, None],
        [None],
        [[1], 2],
        [99, 1],
    ],
    ids=str,
)
def test_items_of_the_wire_itself_do_no_harm_either(item: list[Any]) -> None:
    async def test(service: bl.Node, observer: bl.Node) -> None:
        link = unleash(observer)
        link._connection.outbox.put_item(msgpack.packb(item))
        link._flush_soon()
        async with bl.Node("observer-2@127.0.0.1", secret="none", listen=False) as other:
            await other.connect(HERE, secret=observing())
            assert await other.call(other.name, ask, "still there", timeout=PATIENCE) == ("told", "still there")

    between(test)


def test_an_observer_asks_by_its_lane_who_is_blocking_and_gets_no_source_and_no_interrupt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test(_service: bl.Node, observer: bl.Node) -> None:
        heartbeat = observer.cluster.heartbeat
        heartbeat._lanes.neighbours[HERE].observes = False  # at its own end
        question = encode_question(FindModule(HERE, "tests"))
        assert await asyncio.to_thread(heartbeat.ask_code, HERE, question, PATIENCE) == b""
        assert await heartbeat.ask(HERE, LaneQuestion.INTERRUPT, PATIENCE) is None
        await until_nobody_blocks(lambda: heartbeat.ask(HERE, LaneQuestion.WHO_IS_BLOCKING, PATIENCE))

    with caplog.at_level(logging.WARNING, "beamlike"):
        between(test)
    assert sum("a question by its lane" in record.getMessage() for record in caplog.records) == 1


def test_an_observer_that_floods_is_cut_off_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async def test(service: bl.Node, observer: bl.Node) -> None:
        link = unleash(observer)
        observer.monitor_node(HERE)
        for number in range(3000):
            link.send(signals.Send(observer.self(), ("inspect", HERE), number))
        assert (await observer.receive(lambda it: isinstance(it, bl.NodeDown), timeout=PATIENCE)).node == HERE
        assert len(heard) < 3000
        async with bl.Node("observer-2@127.0.0.1", secret="none", listen=False) as other:
            await other.connect(HERE, secret=observing())
            assert await other.call(other.name, ask, "still there", timeout=PATIENCE) == ("told", "still there")

    with caplog.at_level(logging.WARNING, "beamlike"):
        between(test)
    assert any("signals a second" in record.getMessage() for record in caplog.records)


def test_an_observer_that_asks_and_does_not_read_is_cut_off(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observed, "MOST_UNREAD", 1000)

    async def test(service: bl.Node, observer: bl.Node) -> None:
        link: Any = service.cluster._peers[observer.name].link
        monkeypatch.setattr(type(link), "waiting", property(lambda it: 5000 if it is link else 0))
        observer.monitor_node(HERE)
        observer.send(("inspect", HERE), "one more")
        assert (await observer.receive(lambda it: isinstance(it, bl.NodeDown), timeout=PATIENCE)).node == HERE

    with caplog.at_level(logging.WARNING, "beamlike"):
        between(test)
    assert any("to read what it asked for" in record.getMessage() for record in caplog.records)


def test_a_name_that_is_invited_is_not_opened_by_the_observers_secret() -> None:
    async def test(service: bl.Node, _observer: bl.Node) -> None:
        service.invite("observer-2@127.0.0.1")
        async with bl.Node("observer-2@127.0.0.1", secret="none", listen=False) as other:
            with pytest.raises(HandshakeRefused):
                await other.connect(HERE, secret=observing())

    between(test)


def test_who_stands_in_for_the_service_runs_nothing_at_the_observer() -> None:
    """All observers hold the secret; one that listens in the service's place must not get at the others."""

    async def test(service: bl.Node, observer: bl.Node) -> None:
        cluster: Any = service.cluster
        link = cluster._peers[observer.name].link
        link._connection.signals = SignalCodec(PickleCodec(), HERE, observer.name)
        cluster._observed.clear()
        me, victim = service.self(), observer.self()
        new = Pid(observer.name, 900)
        link.send(signals.Spawn(me, new, ran.append, ("spawned",), False, None, None))
        link.send(signals.Apply(me, new, ran.append, ("applied",), False, Ref(HERE, 9), None))
        link.send(signals.Send(me, victim, Bomb()))
        link.send(signals.Link(me, victim))
        link.send(signals.Exit(me, victim, "kill", linked=False))
        link.send(signals.Send(me, victim, "the end"))
        assert await observer.receive(timeout=PATIENCE) == "the end"
        assert ran == []

    between(test)
