"""One reference among a few nodes, by chance: copies, messages in any order, duplicates, deaths, lost connections.

`World` carries what the nodes tell each other, in order for each pair, and what they pickle, in any order. It knows by
itself which copies must be good: those whose way to the home was never cut, and whose token was neither late nor used.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flame.tracking.counting import (
    Arrived,
    CameHome,
    Claim,
    Dropped,
    Event,
    Free,
    Heard,
    HolderDown,
    Holding,
    Kept,
    Lost,
    Note,
    Pinned,
    Tell,
    TimePassed,
    apply,
)
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

TRANSIT = 60.0
NAMES = ("home", "a", "b", "c")

Life = tuple[str, int]
"""A node's name, and which of its lives it is."""


@dataclass(frozen=True)
class Down:
    """What a node hears last from one that it has lost."""


@dataclass(eq=False)
class Pickled:
    sender: Life
    to: str
    token: int
    until: float
    arrived: bool = False


class World:
    def __init__(self) -> None:
        self.now = 0.0
        self.lives: dict[str, Life] = {name: (name, 1) for name in NAMES}
        self.holdings: dict[Life, Holding] = {}
        self.notes: dict[tuple[Life, Life], deque[Note | Down]] = {}
        self.pickled: list[Pickled] = []
        self.tokens = 0
        self.freed = 0
        self.cut: set[frozenset[Life]] = set()
        self.excused: set[Life] = set()
        """Those whose claim was made by a token that was late, or had been used."""
        self.copies: Counter[Life] = Counter({self.lives["home"]: 1})
        self.was_excused = False
        self.claims: dict[Life, Pickled] = {}
        self.home = self.lives["home"]
        self.happens(self.home, Kept())

    def is_up(self, life: Life) -> bool:
        return self.lives.get(life[0]) == life

    def happens(self, life: Life, event: Event) -> None:
        holding, effects = apply(self.holdings.get(life), event)
        if holding is None:
            self.holdings.pop(life, None)
            self.claims.pop(life, None)
        else:
            self.holdings[life] = holding
        for effect in effects:
            match effect:
                case Free():
                    assert life == self.home
                    self.freed += 1
                case Tell(to, note):
                    assert isinstance(to, tuple)
                    assert to != life, "a node told itself"
                    self.tell(life, to, note)

    def tell(self, life: Life, to: Life, note: Note) -> None:
        if self.is_up(to):
            self.notes.setdefault((life, to), deque()).append(note)
        elif isinstance(note, Claim):  # it watches who is dead already
            self.notes.setdefault((to, life), deque()).append(Down())

    def drop(self, life: Life) -> None:
        self.copies[life] -= 1
        self.happens(life, Dropped())

    def send(self, life: Life, to: str) -> None:
        self.tokens += 1
        self.pickled.append(Pickled(life, to, self.tokens, self.now + TRANSIT))
        self.happens(life, Pinned(self.tokens, self.now + TRANSIT))

    def arrive(self, pickled: Pickled) -> None:
        life = self.lives[pickled.to]
        sender = None if pickled.sender == life else pickled.sender
        used, pickled.arrived = pickled.arrived, True
        if used:  # it takes the pin away from those who have not claimed it yet
            self.excuse(*(other for other, claimed in self.claims.items() if claimed is pickled))
        if life == self.home:
            self.copies[life] += life not in self.holdings or self.is_lost(life)
            self.happens(life, CameHome(sender, pickled.token))
            return
        self.copies[life] += 1
        if life not in self.holdings:
            self.claims[life] = pickled
            self.excused.discard(life)
            if used or pickled.until <= self.now:
                self.excuse(life)
        self.happens(life, Arrived(sender, pickled.token, self.tokens + 1))

    def hear(self, pair: tuple[Life, Life]) -> None:
        sender, to = pair
        note = self.notes[pair].popleft()
        if not self.notes[pair]:
            del self.notes[pair]
        if self.is_up(to):
            self.happens(to, HolderDown(sender, "down") if isinstance(note, Down) else Heard(sender, note))

    def lose(self, one: Life, other: Life) -> None:
        self.cut.add(frozenset((one, other)))
        for pair in ((one, other), (other, one)):
            kept = [note for note in self.notes.pop(pair, ()) if isinstance(note, Down)]
            self.notes[pair] = deque([*kept, Down()])

    def die(self, name: str) -> None:
        dead = self.lives[name]
        self.lives[name] = (name, dead[1] + 1)
        self.holdings.pop(dead, None)
        del self.copies[dead]
        for life in self.lives.values():
            self.notes.pop((life, dead), None)
            self.notes.setdefault((dead, life), deque()).append(Down())

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for life, pickled in self.claims.items():
            if pickled.until <= self.now and self.is_pinned(pickled):  # the claim will come too late
                self.excuse(life)
        for life in tuple(self.holdings):
            self.happens(life, TimePassed(self.now))

    def excuse(self, *lives: Life) -> None:
        self.excused.update(lives)
        self.was_excused = self.was_excused or bool(lives)

    def is_pinned(self, pickled: Pickled) -> bool:
        holding = self.holdings.get(pickled.sender)
        return holding is not None and pickled.token in holding.pins

    def has_way_home(self, life: Life) -> bool:
        """Whether a value must be there for it, since nothing was ever in the way."""
        met, before = set(), None
        while life != self.home:
            assert life not in met, "nodes hold a reference for each other"
            met.add(life)
            holding = self.holdings.get(life)
            if life in self.excused or holding is None or holding.lost or holding.via is None:
                assert self.was_disturbed, "lost, and nothing was ever in the way"
                assert holding is not None or before is None or self.will_hear_of_loss(before)
                return False
            via = holding.via
            assert isinstance(via, tuple)
            if not self.is_up(via) or frozenset((life, via)) in self.cut:
                return False
            before, life = life, via
        return self.is_up(self.home) and not self.is_lost(self.home)

    def leads_home(self, life: Life) -> bool:
        """Whether each on the way knows that it holds the value for the next."""
        met = set()
        while life != self.home:
            assert life not in met, "nodes hold a reference for each other"
            met.add(life)
            via = self.holdings[life].via
            assert isinstance(via, tuple)
            if via not in self.holdings or life not in self.holdings[via].holders or self.is_lost(via):
                return False
            life = via
        return self.is_up(self.home) and not self.freed

    def is_lost(self, life: Life) -> bool:
        return life in self.holdings and bool(self.holdings[life].lost)

    def hear_all(self) -> None:
        while self.notes:
            self.hear(min(self.notes))

    @property
    def was_disturbed(self) -> bool:
        return bool(self.cut) or self.was_excused or any(number > 1 for _, number in self.lives.values())

    def will_hear_of_loss(self, life: Life) -> bool:
        return any(isinstance(note, Lost) for pair, notes in self.notes.items() if pair[1] == life for note in notes)


nodes = st.sampled_from(NAMES)
places = st.integers(0, 30)
seldom = st.sampled_from([False, False, True])


class Histories(RuleBasedStateMachine):
    """Each with some of the disturbances only: with all of them little lives long enough to be seen."""

    @initialize(disturbances=st.sets(st.sampled_from(["death", "loss", "time", "waste"])))
    def begin(self, disturbances: set[str]) -> None:
        self.world = World()
        self.disturbances = disturbances

    @rule(name=nodes, to=nodes)
    def send(self, name: str, to: str) -> None:
        life = self.world.lives[name]
        if self.world.copies[life]:
            self.world.send(life, to)

    @precondition(lambda self: self.world.pickled)
    @rule(place=places)
    def arrive(self, place: int) -> None:
        self.world.arrive(self.world.pickled.pop(place % len(self.world.pickled)))

    @precondition(lambda self: self.world.pickled)
    @rule(place=places, to=nodes)
    def arrive_and_come_again(self, place: int, to: str) -> None:
        pickled = self.world.pickled[place % len(self.world.pickled)]
        if "waste" in self.disturbances:
            self.world.arrive(pickled)
            pickled.to = to

    @precondition(lambda self: self.world.pickled)
    @rule(place=places)
    def never_arrive(self, place: int) -> None:
        if "waste" in self.disturbances:
            self.world.pickled.pop(place % len(self.world.pickled))

    @rule(name=nodes)
    def drop(self, name: str) -> None:
        life = self.world.lives[name]
        if self.world.copies[life]:
            self.world.drop(life)

    @precondition(lambda self: self.world.notes)
    @rule(place=places)
    def hear(self, place: int) -> None:
        pairs = sorted(self.world.notes)
        self.world.hear(pairs[place % len(pairs)])

    @rule(name=nodes, happens=seldom)
    def die(self, name: str, happens: bool) -> None:
        if happens and "death" in self.disturbances and (name != "home" or self.world.now > TRANSIT):
            self.world.die(name)

    @rule(one=nodes, other=nodes, happens=seldom)
    def lose(self, one: str, other: str, happens: bool) -> None:
        if happens and "loss" in self.disturbances and one != other:
            self.world.lose(self.world.lives[one], self.world.lives[other])

    @rule(seconds=st.sampled_from([1.0, TRANSIT / 2, TRANSIT]), happens=seldom)
    def pass_time(self, seconds: float, happens: bool) -> None:
        if happens and "time" in self.disturbances:
            self.world.pass_time(seconds)

    @invariant()
    def what_somebody_has_is_not_freed(self) -> None:
        world = self.world
        for life in +world.copies:
            assert life in world.holdings, f"{life} has a copy and knows nothing of it"
            if not world.is_lost(life) and world.has_way_home(life):
                assert not world.freed, f"freed, and {life} has a copy"

    @invariant()
    def what_is_under_way_is_not_freed(self) -> None:
        world = self.world
        for pickled in world.pickled:
            on_time = not pickled.arrived and pickled.until > world.now and world.is_up(pickled.sender)
            if on_time and not world.is_lost(pickled.sender) and world.has_way_home(pickled.sender):
                assert not world.freed, "freed, and a copy is under way"

    def teardown(self) -> None:
        """Who has a copy has a good one or knows that it is lost; and when nobody has one, nothing is left of it."""
        world = self.world
        world.hear_all()
        for life in world.holdings:
            assert world.is_lost(life) or world.leads_home(life), f"{life} does not know that it has lost it"
        while world.pickled:
            world.arrive(world.pickled.pop())
        for life in tuple(world.holdings):
            while world.copies[life]:
                world.drop(life)
        world.hear_all()
        if self.disturbances:  # else it is freed without delay
            world.pass_time(TRANSIT)
            world.hear_all()
        assert not world.holdings, f"left: {world.holdings}"
        assert world.freed == 1 or not world.is_up(world.home)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=count(400, 5000),
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
