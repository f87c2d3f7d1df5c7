"""What a watch knows after any history of a cluster and of its faults, by a cluster that is a list of versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.kubernetes.watch_state import (
    LONGEST_PAUSE,
    Effect,
    Ended,
    Event,
    Failed,
    Line,
    List,
    Listed,
    Opened,
    Tell,
    Watch,
    Watched,
    apply,
)

Json = Mapping[str, Any]


def pod(name: str, uid: int, version: int) -> Json:
    return {"metadata": {"name": name, "uid": str(uid), "resourceVersion": str(version)}}


@dataclass
class Cluster:
    """Its versions count up, though nobody may rely on that."""

    version: int = 1
    oldest: int = 0
    """Of what came before, watches are told that it is gone."""
    objects: dict[str, Json] = field(default_factory=dict)
    log: list[tuple[int, Line]] = field(default_factory=list)
    uids: int = 0

    def change(self, name: str, deletes: bool) -> None:
        self.version += 1
        known = self.objects.get(name)
        if known is None and deletes:
            return
        if known is None:
            self.uids += 1
            self.objects[name] = pod(name, self.uids, self.version)
            self.log.append((self.version, Line("ADDED", self.objects[name])))
        elif deletes:
            del self.objects[name]
            last = pod(name, int(known["metadata"]["uid"]), self.version)
            self.log.append((self.version, Line("DELETED", last)))
        else:
            self.objects[name] = pod(name, int(known["metadata"]["uid"]), self.version)
            self.log.append((self.version, Line("MODIFIED", self.objects[name])))

    def since(self, version: str) -> list[Line] | None:
        if int(version) < self.oldest:
            return None
        return [line for at, line in self.log if at > int(version)]


@dataclass
class Watcher:
    """Does what the reducer wants, and holds what was told against what is so."""

    cluster: Cluster
    state: Watched = field(default_factory=Watched)
    todo: List | Watch = field(default_factory=List)
    told: dict[str, Json] = field(default_factory=dict)
    seen_uids: set[str] = field(default_factory=set)
    gone_uids: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def happens(self, event: Event) -> None:
        self.state, effects = apply(self.state, event)
        self.perform(effects)

    def perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Tell):
                self.hear(effect)
            else:
                self.todo = effect
                self.pauses.append(effect.after)

    def hear(self, news: Tell) -> None:
        for it in news.gone:
            uid = it["metadata"]["uid"]
            assert uid in self.seen_uids, "told as gone and never told as there"
            self.gone_uids.append(uid)
            self.told.pop(it["metadata"]["name"])
        for it in news.objects:
            name, uid = it["metadata"]["name"], it["metadata"]["uid"]
            before = self.told.get(name)
            assert uid not in self.gone_uids, "told again after it was gone"
            if before is not None:
                assert before["metadata"]["uid"] == uid, "another one, and the first was not told as gone"
                assert int(before["metadata"]["resourceVersion"]) < int(it["metadata"]["resourceVersion"])
            self.seen_uids.add(uid)
            self.told[name] = it

    def step(self, fault: str, cut: int) -> None:
        """One question to the cluster, and what comes of it."""
        if isinstance(self.todo, List):
            if fault in ("refused", "broken"):
                self.happens(Failed(429 if fault == "refused" else 0, "no", 2.0 if fault == "refused" else None))
            else:
                self.happens(Listed(str(self.cluster.version), list(self.cluster.objects.values())))
            return
        lines = self.cluster.since(self.todo.version)
        if fault == "refused":
            self.happens(Failed(429, "no", 2.0))
        elif lines is None and fault == "in stream":
            self.happens(Line("ERROR", {"code": 410, "reason": "Expired", "message": "too old resource version"}))
        elif lines is None:
            self.happens(Failed(410, "too old resource version"))
        else:
            self.happens(Opened())
            for line in lines if fault == "none" else lines[:cut]:
                self.happens(line)
                if fault == "repeats":
                    self.happens(line)
            if fault == "bookmark" and cut >= len(lines):
                self.happens(Line("BOOKMARK", {"metadata": {"resourceVersion": str(self.cluster.version)}}))
            self.happens(Failed(0, "broken") if fault == "broken" else Ended(30.0))


changes = st.tuples(st.just("change"), st.sampled_from("ab"), st.booleans())
replacements = st.tuples(st.just("replace"), st.sampled_from("ab"), st.none())
asks = st.tuples(
    st.just("ask"),
    st.sampled_from(["none", "refused", "broken", "in stream", "repeats", "bookmark", "cut"]),
    st.integers(0, 4),
)
compactions = st.tuples(st.just("compact"), st.none(), st.none())
histories = st.lists(changes | asks | replacements | compactions, max_size=30)


@settings(max_examples=400)
@given(histories)
def test_whatever_happens_each_pod_is_told_as_it_is_in_the_end_and_each_that_went_is_told_once(
    history: list[tuple[str, Any, Any]],
) -> None:
    cluster = Cluster()
    watcher = Watcher(cluster)
    for kind, first, second in history:
        if kind == "change":
            cluster.change(first, second)
        elif kind == "replace":
            cluster.change(first, deletes=True)
            cluster.change(first, deletes=False)
        elif kind == "compact":
            cluster.oldest = cluster.version
        else:
            watcher.step(first, second)
        assert dict(watcher.state.objects) == watcher.told
    for _ in range(3):  # 410, list, watch
        watcher.step("none", 0)
    assert watcher.told == cluster.objects
    assert watcher.state.trouble == ""
    there = {it["metadata"]["uid"] for it in cluster.objects.values()}
    assert sorted(watcher.gone_uids) == sorted(watcher.seen_uids - there)
    assert all(0 <= pause <= LONGEST_PAUSE for pause in watcher.pauses)


def listed(*objects: Json, version: str = "7") -> Watched:
    state, _ = apply(Watched(), Listed(version, list(objects)))
    return state


def test_an_answer_that_ends_is_asked_on_from_its_last_version_without_a_pause() -> None:
    state, _ = apply(listed(), Line("MODIFIED", pod("a", 1, 9)))
    assert apply(state, Ended(30.0))[1] == [Watch("9")]


def test_a_bookmark_moves_the_version_on_and_tells_nothing() -> None:
    state, effects = apply(listed(), Line("BOOKMARK", {"metadata": {"resourceVersion": "12"}}))
    assert effects == []
    assert apply(state, Ended(30.0))[1] == [Watch("12")]


@pytest.mark.parametrize("event", [Failed(410, "Gone"), Line("ERROR", {"code": 410, "message": "too old"})])
def test_a_version_that_is_too_old_is_listed_anew_at_once_and_what_went_meanwhile_is_told(event: Event) -> None:
    state, effects = apply(listed(pod("a", 1, 5), pod("b", 2, 6)), event)
    assert effects == [List()]
    _, effects = apply(state, Listed("20", [pod("b", 2, 6), pod("c", 3, 15)]))
    assert effects == [Tell((pod("c", 3, 15),), (pod("a", 1, 5),)), Watch("20")]


def test_a_server_that_always_says_that_it_is_too_old_is_not_asked_in_a_tight_circle() -> None:
    state, pauses = Watched(), []
    for _ in range(8):
        state, _ = apply(state, Listed("7", []))
        state, effects = apply(state, Line("ERROR", {"code": 410}))
        pauses += [it.after for it in effects if isinstance(it, List)]
    assert pauses[0] == 0.0
    assert pauses[1:] == sorted(pauses[1:])
    assert pauses[-1] == LONGEST_PAUSE


def test_a_server_that_ends_each_watch_at_once_is_not_asked_in_a_tight_circle() -> None:
    state, pauses = listed(), []
    for _ in range(8):
        state, [effect] = apply(state, Ended(0.01))
        assert isinstance(effect, Watch)
        pauses.append(effect.after)
    assert pauses[0] > 0
    assert pauses[-1] == LONGEST_PAUSE
    assert apply(state, Ended(30.0))[1] == [Watch("7")]


def test_it_waits_for_as_long_as_the_server_asks_and_says_meanwhile_what_is_wrong() -> None:
    state, effects = apply(listed(), Failed(429, "429 TooManyRequests", 7.0))
    assert effects == [Watch("7", 7.0)]
    assert state.trouble == "429 TooManyRequests"
    in_stream = {"code": 429, "message": "slow down", "details": {"retryAfterSeconds": 3}}
    assert apply(state, Line("ERROR", in_stream))[1] == [Watch("7", 3.0)]
    assert apply(state, Line("MODIFIED", pod("a", 1, 9)))[0].trouble == ""
    assert apply(state, Opened()) == (replace(state, trouble=""), [])


def test_another_pod_of_the_same_name_is_told_as_the_end_of_the_first() -> None:
    state = listed(pod("a", 1, 5))
    assert apply(state, Line("ADDED", pod("a", 2, 9)))[1] == [Tell((pod("a", 2, 9),), (pod("a", 1, 5),))]
    assert apply(state, Listed("20", [pod("a", 2, 9)]))[1][0] == Tell((pod("a", 2, 9),), (pod("a", 1, 5),))


def test_the_last_version_of_a_deleted_pod_is_told_for_it_says_how_it_ended() -> None:
    last = {**pod("a", 1, 9), "status": {"phase": "Failed"}}
    assert apply(listed(pod("a", 1, 5)), Line("DELETED", last))[1] == [Tell((), (last,))]
