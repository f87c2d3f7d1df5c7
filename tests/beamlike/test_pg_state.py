"""What a scope of process groups decides, event by event."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from beamlike.distribution.process_groups.roster import Members
from beamlike.distribution.process_groups.scope_state import Change, Demonitor, Effect, Monitor, ScopeState, Send
from beamlike.distribution.process_groups.watchers import Watch
from beamlike.kernel.terms import Pid, Ref

ME, PEER, SUCCESSOR = Pid("a@host", 1), Pid("b@host", 1), Pid("b@host", 9)
P, Q, R = Pid("a@host", 2), Pid("b@host", 2), Pid("b@host", 3)
WATCHER, REF = Pid("a@host", 7), Ref("a@host", 8)


@pytest.fixture
def state() -> ScopeState:
    return ScopeState("pg", ME)


def sent(state: ScopeState) -> list[tuple[object, ...]]:
    return [effect.message for effect in state.take_effects() if isinstance(effect, Send)]


def meet(state: ScopeState, members: Members, version: int = 5) -> None:
    """The peer is met, has these members, and nothing is left to be done."""
    state.synced(PEER, version, members)
    state.take_effects()


def test_a_node_that_comes_is_asked_by_the_name_of_the_scope(state: ScopeState) -> None:
    state.node_up("b@host")
    assert state.take_effects() == [Send(("pg", "b@host"), ("discover", ME))]


def test_who_asks_is_told_all_and_monitored_first(state: ScopeState) -> None:
    state.join("g", (P, P))
    state.take_effects()
    state.discovered(PEER)
    assert state.take_effects() == [Monitor(PEER), Send(PEER, ("sync", ME, 1, {"g": [P, P]}))]
    assert state.members("g") == [P, P]


def test_who_tells_unasked_is_told_in_turn_and_once(state: ScopeState) -> None:
    for _ in range(2):
        state.synced(PEER, 5, {"g": [Q]})
    assert state.take_effects() == [Monitor(PEER), Send(PEER, ("sync", ME, 0, {}))]
    assert state.members("g") == [Q]


def test_a_peer_that_asks_again_is_told_again(state: ScopeState) -> None:
    meet(state, {})
    state.discovered(PEER)
    assert state.take_effects() == [Send(PEER, ("sync", ME, 0, {}))]


def test_two_that_connect_know_each_other_after_a_question_and_an_answer_each() -> None:
    scopes = {"a@host": ScopeState("pg", ME), "b@host": ScopeState("pg", PEER)}
    scopes["a@host"].join("g", (P,))
    scopes["b@host"].join("g", (Q,))
    for scope in scopes.values():
        scope.take_effects()
    scopes["a@host"].node_up("b@host")
    scopes["b@host"].node_up("a@host")
    messages = list(exchanged(scopes))
    assert [message[0] for message in messages] == ["discover", "discover", "sync", "sync"]
    assert scopes["a@host"].members("g") == [P, Q]
    assert scopes["b@host"].members("g") == [Q, P]


def exchanged(scopes: dict[str, ScopeState]) -> Iterator[tuple[object, ...]]:
    """Delivers what they send to each other, until nothing is left."""
    while effects := [(effect, scope) for scope in scopes.values() for effect in scope.take_effects()]:
        for effect, _ in effects:
            match effect:
                case Send((_, node), ("discover", peer) as message):
                    scopes[node].discovered(peer)
                    yield message
                case Send(Pid(node=node), ("sync", peer, version, members) as message):
                    scopes[node].synced(peer, version, members)
                    yield message


def test_a_change_here_is_told_to_every_peer_that_was_met(state: ScopeState) -> None:
    meet(state, {})
    state.discovered(SUCCESSOR)
    state.take_effects()
    state.join("g", (P, P))
    state.leave("g", (P,))
    assert [effect for effect in state.take_effects() if isinstance(effect, Send)] == [
        Send(to, message)
        for message in (("join", ME, 1, {"g": [P, P]}), ("leave", ME, 2, {"g": [P]}))
        for to in (PEER, SUCCESSOR)
    ]


def test_the_end_of_a_process_is_one_change_whatever_it_was_in(state: ScopeState) -> None:
    meet(state, {})
    for group in ("g", "g", "h"):
        state.join(group, (P,))
    state.take_effects()
    state.down(P)
    assert state.take_effects() == [Send(PEER, ("leave", ME, 4, {"g": [P, P], "h": [P]}))]
    assert state.groups() == []


def test_a_leave_that_races_with_the_end_is_told_once(state: ScopeState) -> None:
    meet(state, {})
    state.join("g", (P,))
    state.take_effects()
    state.leave("g", (P,))
    assert state.take_effects() == [Demonitor(P), Send(PEER, ("leave", ME, 2, {"g": [P]}))]
    assert state.leave("g", (P,)) is False
    assert state.take_effects() == []


def test_a_group_that_is_empty_after_a_leave_elsewhere_is_none(state: ScopeState) -> None:
    meet(state, {"g": [Q]})
    state.changed("leave", PEER, 6, {"g": [Q]})
    assert (state.groups(), state.members("g")) == ([], [])


@pytest.mark.parametrize("change", ["join", "leave"])
def test_a_change_of_a_stranger_is_of_another_time(state: ScopeState, change: Change) -> None:
    state.changed(change, PEER, 1, {"g": [Q]})
    assert (state.take_effects(), state.groups()) == ([], [])


def test_a_change_that_is_not_the_next_is_not_applied_but_asked_about_once(state: ScopeState) -> None:
    meet(state, {"g": [Q]})
    state.changed("leave", PEER, 7, {"g": [Q]})
    state.changed("join", PEER, 8, {"g": [R]})
    assert (state.members("g"), sent(state)) == ([Q], [("discover", ME)])
    state.synced(PEER, 8, {"g": [R]})
    state.changed("join", PEER, 9, {"g": [Q]})
    assert (state.members("g"), sent(state)) == ([R, Q], [])


def test_after_a_message_that_could_not_be_sent_both_sides_say_all_again(state: ScopeState) -> None:
    meet(state, {"g": [Q]})
    state.met_again("b@host")
    assert state.take_effects() == [Send(PEER, ("sync", ME, 0, {})), Send(("pg", "b@host"), ("discover", ME))]


def test_a_change_that_comes_again_is_not_applied_again(state: ScopeState) -> None:
    meet(state, {})
    state.changed("join", PEER, 6, {"g": [Q]})
    state.changed("join", PEER, 6, {"g": [Q]})
    assert state.members("g") == [Q]


def test_the_changes_of_one_who_has_been_met_and_not_told_yet_wait_for_its_sync(state: ScopeState) -> None:
    state.discovered(PEER)
    state.changed("join", PEER, 6, {"g": [R]})
    assert state.members("g") == []
    state.synced(PEER, 6, {"g": [Q, R]})
    assert state.members("g") == [Q, R]


def test_a_peer_that_is_lost_takes_its_members_along_and_not_those_of_its_successor(state: ScopeState) -> None:
    meet(state, {"g": [Q]})
    state.synced(SUCCESSOR, 1, {"g": [R]})
    state.down(PEER)
    state.changed("join", PEER, 6, {"g": [Q]})
    assert (state.members("g"), state.knows(PEER), state.knows(SUCCESSOR)) == ([R], False, True)


def test_a_monitor_is_told_of_a_sync_what_it_changes(state: ScopeState) -> None:
    meet(state, {"g": [Q, Q], "h": [Q]})
    state.join("g", (P,))
    assert state.watch(Watch(REF, WATCHER)) == {"g": [P, Q, Q], "h": [Q]}
    state.take_effects()
    state.synced(PEER, 9, {"g": [Q, R]})
    assert told(state.take_effects()) == [("leave", "g", [Q]), ("join", "g", [R]), ("leave", "h", [Q])]
    state.down(PEER)
    assert told(state.take_effects()) == [("leave", "g", [Q, R])]


def told(effects: list[Effect]) -> list[tuple[object, ...]]:
    """What the watcher is told."""
    return [effect.message[1:] for effect in effects if isinstance(effect, Send) and effect.to == WATCHER]


def test_a_monitor_of_a_group_is_told_of_that_alone_and_of_nothing_once_it_has_ended(state: ScopeState) -> None:
    assert state.watch(Watch(REF, WATCHER, one=True, group="g")) == {}
    state.synced(PEER, 5, {"g": [Q], "h": [Q]})
    assert told(state.take_effects()) == [("join", "g", [Q])]
    assert (state.unwatch(REF), state.unwatch(REF)) == (True, False)
    state.down(PEER)
    assert state.take_effects() == [Demonitor(WATCHER)]
