"""How many come in, and who waits at the door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.ssh.gate import Gate, Limits
from notebook_tui.ssh.options import SshOptions
from notebook_tui.ssh.server import SshServer, Visitor
from tests.support.in_loop import in_loop

HERE, THERE = "10.0.0.1", "10.0.0.2"


def fail(gate: Gate, address: str, now: float) -> None:
    gate.came(address)
    gate.failed(address, now)


def test_who_fails_too_often_waits_longer_each_time_and_others_do_not() -> None:
    gate = Gate(Limits(failures=2, delay=2.0))
    for _ in range(2):
        fail(gate, HERE, 0.0)
    assert not gate.refusal(HERE, 0.0)
    fail(gate, HERE, 0.0)
    assert "in 2 s" in gate.refusal(HERE, 0.0)
    assert not gate.refusal(HERE, 2.0)
    assert not gate.refusal(THERE, 0.0)
    fail(gate, HERE, 2.0)
    assert "in 4 s" in gate.refusal(HERE, 2.0)


def test_failures_are_forgotten_by_a_login_and_with_time() -> None:
    gate = Gate(Limits(failures=1))
    fail(gate, HERE, 0.0)
    gate.came(HERE)
    gate.logged_in(HERE, "key")
    fail(gate, HERE, 1.0)
    assert not gate.refusal(HERE, 1.0)
    fail(gate, HERE, 1_000.0)
    assert not gate.refusal(HERE, 1_000.0)


def test_a_whole_network_of_version_6_is_one_address() -> None:
    gate = Gate(Limits(failures=0))
    fail(gate, "2001:db8::1", 0.0)
    assert gate.refusal("2001:db8::ffff", 0.0)
    assert not gate.refusal("2001:db8:1::1", 0.0)


def test_the_most_connections_of_each_kind() -> None:
    gate = Gate(Limits(connections=4, strangers=3, per_address=2, per_key=1))
    gate.came(HERE)
    gate.came(HERE)
    assert "from there" in gate.refusal(HERE, 0.0)
    gate.came(THERE)
    gate.logged_in(HERE, "a")
    assert "use this key" in gate.key_refusal("a")
    assert not gate.key_refusal("b")
    gate.came("10.0.0.3")
    assert "the most that this server takes" in gate.refusal(THERE, 0.0)
    assert "just logging in" in _crowded().refusal(THERE, 0.0)
    gate.left("a")
    assert not gate.key_refusal("a")


def _crowded() -> Gate:
    gate = Gate(Limits(strangers=2))
    gate.came(HERE)
    gate.came(THERE)
    return gate


def test_where_the_most_are_logging_in_one_makes_room_for_who_comes_from_elsewhere() -> None:
    gate = Gate(Limits(connections=5, strangers=4, per_address=3))
    for address in (HERE, HERE, HERE, THERE):
        gate.came(address)
    assert (gate.refusal("10.0.0.3", 0.0), gate.makes_room("10.0.0.3")) == ("", HERE)
    assert (gate.refusal(THERE, 0.0), gate.makes_room(THERE)) == ("", HERE)
    assert "from there" in gate.refusal(HERE, 0.0)
    gate.made_room(HERE)
    assert gate.makes_room("10.0.0.3") == ""


def test_who_makes_room_again_and_again_waits_for_nothing() -> None:
    gate = Gate(Limits(failures=1))
    for _ in range(10):
        gate.came(HERE)
        gate.made_room(HERE)
    assert gate.refusal(HERE, 0.0) == ""
    assert gate.connections == 0


def test_who_is_logged_in_makes_room_for_nobody() -> None:
    gate = Gate(Limits(connections=2))
    for address in (HERE, THERE):
        gate.came(address)
        gate.logged_in(address, address)
    assert gate.makes_room("10.0.0.3") == ""
    assert "the most that this server takes" in gate.refusal("10.0.0.3", 0.0)


def test_from_very_many_addresses_it_remembers_only_so_many() -> None:
    gate = Gate(Limits(failures=0))
    for number in range(10_000):
        fail(gate, f"10.{number >> 8}.{number & 255}.1", 0.0)
    assert len(gate._failures) == 4_096
    assert gate.refusal("10.39.15.1", 0.0)


@given(
    st.lists(
        st.tuples(st.sampled_from(["come", "login", "leave", "fail", "make room"]), st.integers(0, 2)), max_size=60
    )
)
def test_however_they_come_and_go_the_counts_are_those_who_are_there(history: list[tuple[str, int]]) -> None:
    gate = Gate(Limits(connections=1_000, strangers=1_000, per_address=1_000))
    strangers: list[int] = []
    guests: list[int] = []
    for act, who in history:
        address, key = f"10.0.0.{who}", f"key {who}"
        if act == "come":
            gate.came(address)
            strangers.append(who)
        elif act == "login" and who in strangers:
            strangers.remove(who)
            guests.append(who)
            gate.logged_in(address, key)
        elif act == "fail" and who in strangers:
            strangers.remove(who)
            gate.failed(address, 0.0)
        elif act == "make room" and who in strangers:
            strangers.remove(who)
            gate.made_room(address)
        elif act == "leave" and who in guests:
            guests.remove(who)
            gate.left(key)
        assert gate.connections == len(strangers) + len(guests)


class Connection:
    """One that was opened from an address and says nothing."""

    def __init__(self, server: SshServer, address: str) -> None:
        self._address = address
        self._visitor = Visitor(server)
        self._transport = None
        self.is_open = True
        me: Any = self
        self._visitor.connection_made(me)

    def get_extra_info(self, name: str) -> object:
        return (self._address, 1) if name == "peername" else None

    def abort(self) -> None:
        self.is_open = False
        self._visitor.connection_lost(None)


@in_loop
async def test_a_connection_that_is_sent_away_for_others_is_charged_no_failed_login(tmp_path: Path) -> None:
    opens: Any = None
    options = SshOptions(directory=tmp_path, state=tmp_path, authorized_keys=tmp_path / "keys", limits=Limits())
    server = SshServer(options, opens, clock=lambda: 0.0)
    for again in range(server.gate.limits.failures + 2):
        waits = Connection(server, HERE)
        others = [Connection(server, f"10.0.{again + 1}.{n}") for n in range(server.gate.limits.strangers)]
        assert not waits.is_open
        for each in others:
            each.abort()
    assert server.gate.refusal(HERE, 0.0) == ""
