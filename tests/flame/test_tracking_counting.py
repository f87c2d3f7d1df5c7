"""Who holds a reference, on one node: what each event does."""

from __future__ import annotations

import pytest

from flame.tracking.counting import (
    RELEASED,
    Arrived,
    CameHome,
    Claim,
    Dropped,
    Effect,
    Event,
    Free,
    Heard,
    HolderDown,
    Holding,
    Kept,
    Landed,
    Lost,
    Pinned,
    Release,
    Tell,
    TimePassed,
    apply,
)


def after(*events: Event) -> tuple[Holding | None, list[Effect]]:
    """What is known after them, and the effects of the last."""
    holding: Holding | None = None
    effects: list[Effect] = []
    for event in events:
        holding, effects = apply(holding, event)
    return holding, effects


def test_a_value_is_freed_with_its_last_copy() -> None:
    assert after(Kept(), Dropped()) == (None, [Free()])


def test_a_value_is_not_freed_while_a_reference_is_under_way() -> None:
    holding, effects = after(Kept(), Pinned(1, until=60), Dropped())
    assert holding is not None
    assert effects == []


def test_a_claim_takes_the_place_of_the_pin() -> None:
    holding, effects = after(Kept(), Pinned(1, until=60), Dropped(), Heard("b", Claim(1)))
    assert holding == Holding(holders=frozenset({"b"}))
    assert effects == []
    assert apply(holding, Heard("b", Release())) == (None, [Free()])


def test_a_pin_that_nobody_claims_ends_by_time() -> None:
    kept = [Kept(), Pinned(1, until=60), Dropped()]
    assert after(*kept, TimePassed(59.9))[1] == []
    assert after(*kept, TimePassed(60)) == (None, [Free()])


def test_the_first_copy_claims_and_the_last_releases() -> None:
    assert after(Arrived("a", 1))[1] == [Tell("a", Claim(1))]
    assert after(Arrived("a", 1), Dropped()) == (None, [Tell("a", Release())])
    assert after(Arrived("a", 1), Arrived("a", 2), Dropped())[1] == []


def test_what_comes_by_the_same_way_is_claimed_once_more() -> None:
    """Had the connection been lost meanwhile, the other side would have forgotten the first claim."""
    assert after(Arrived("a", 1), Arrived("a", 2))[1] == [Tell("a", Claim(2))]


def test_what_comes_by_another_way_is_not_claimed_there() -> None:
    holding, effects = after(Arrived("a", 1), Arrived("c", 5))
    assert effects == [Tell("c", Landed(5))]
    assert holding is not None
    assert (holding.via, holding.copies) == ("a", 2)


def test_what_comes_home_needs_no_claim() -> None:
    assert after(Kept(), CameHome("b", 5)) == (Holding(copies=1), [Tell("b", Landed(5))])


def test_what_comes_back_to_the_node_that_pickled_it_is_no_longer_under_way() -> None:
    assert after(Arrived("a", 1), Pinned(9, 60), Arrived(None, 9)) == (Holding("a", copies=2), [])
    assert after(Kept(), Pinned(9, 60), CameHome(None, 9)) == (Holding(copies=1), [])


def test_a_node_that_passed_it_on_holds_it_for_the_others() -> None:
    passed = [Arrived("a", 1), Pinned(9, 60), Heard("c", Claim(9)), Dropped()]
    assert after(*passed)[1] == []
    assert after(*passed, Heard("c", Release())) == (None, [Tell("a", Release())])


@pytest.mark.parametrize("end", [Heard("c", Release()), HolderDown("c", "c is down")])
def test_a_holder_that_dies_holds_nothing(end: Event) -> None:
    assert after(Kept(), Pinned(9, 60), Heard("c", Claim(9)), Dropped(), end) == (None, [Free()])


def test_who_loses_its_way_tells_those_who_have_it_from_here() -> None:
    holding, effects = after(Arrived("a", 1), Pinned(9, 60), Heard("c", Claim(9)), HolderDown("a", "a is down"))
    assert effects == [Tell("c", Lost("a is down"))]
    assert holding == Holding("a", copies=1, lost="a is down")


def test_who_hears_that_it_is_lost_tells_the_others_and_owes_nothing() -> None:
    heard = [Arrived("a", 1), Pinned(9, 60), Heard("c", Claim(9)), Heard("a", Lost("why"))]
    assert after(*heard)[1] == [Tell("c", Lost("why"))]
    assert after(*heard, Dropped()) == (None, [])


def test_only_the_node_that_it_came_from_can_say_that_it_is_lost() -> None:
    holding, _ = after(Arrived("a", 1), Heard("c", Lost("why")))
    assert holding is not None
    assert not holding.lost


def test_a_claim_that_comes_too_late_is_answered() -> None:
    assert after(Heard("b", Claim(1))) == (None, [Tell("b", Lost(RELEASED))])
    assert after(Arrived("a", 1), HolderDown("a", "down"), Heard("b", Claim(1)))[1] == [Tell("b", Lost("down"))]


def test_a_claim_by_a_token_from_an_earlier_life_is_too_late() -> None:
    """Who claims so may be the one from whom it is here now: each would hold it for the other."""
    assert after(Arrived("b", 5, next_token=2), Heard("b", Claim(1)))[1] == [Tell("b", Lost(RELEASED))]
    assert after(Arrived("b", 5, next_token=2), Pinned(2, 60), Heard("c", Claim(2)))[1] == []


def test_what_comes_home_when_it_is_freed_is_lost_and_claimed_nowhere() -> None:
    assert after(CameHome("b", 5)) == (Holding(copies=1, lost=RELEASED), [Tell("b", Landed(5))])
    assert after(CameHome("b", 5), CameHome("b", 6), Heard("b", Claim(1)))[1] == [Tell("b", Lost(RELEASED))]
    assert after(CameHome("b", 5), Dropped()) == (None, [])


def test_a_lost_reference_is_not_claimed_again_before_it_is_forgotten() -> None:
    lost = [Arrived("a", 1), HolderDown("a", "down")]
    holding, effects = after(*lost, Arrived("c", 5))
    assert holding is not None
    assert (holding.lost, effects) == ("down", [Tell("c", Landed(5))])
    assert after(*lost, Dropped(), Arrived("c", 5))[1] == [Tell("c", Claim(5))]


@pytest.mark.parametrize(
    "event",
    [Dropped(), Pinned(1, 2.0), Heard("b", Release()), Heard("b", Landed(1)), HolderDown("b", ""), TimePassed(9)],
)
def test_what_comes_after_the_end_does_nothing(event: Event) -> None:
    assert after(event) == (None, [])
