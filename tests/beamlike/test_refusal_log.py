from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.refusal_log import RefusalLog


def test_the_first_refusal_of_a_peer_is_news_and_the_others_are_counted() -> None:
    refusals = RefusalLog()
    assert [refusals.is_news("a", "WRONG_SECRET", float(now)) for now in range(3)] == [True, False, False]
    assert refusals.counts() == {("a", "WRONG_SECRET"): 3}


def test_another_reason_and_another_peer_are_news() -> None:
    refusals = RefusalLog()
    refusals.is_news("a", "WRONG_SECRET", 0.0)
    assert refusals.is_news("a", "MALFORMED", 0.0)
    assert refusals.is_news("b", "WRONG_SECRET", 0.0)


def test_who_has_stayed_away_is_news_again_and_who_keeps_coming_is_not() -> None:
    refusals = RefusalLog(forget_after=10.0)
    for now in (0.0, 6.0, 12.0, 18.0):
        refusals.is_news("keeps coming", "MALFORMED", now)
    refusals.is_news("comes back", "MALFORMED", 0.0)
    assert not refusals.is_news("keeps coming", "MALFORMED", 24.0)
    assert refusals.is_news("comes back", "MALFORMED", 24.0)


def test_a_crowd_is_news_once_and_takes_no_memory() -> None:
    refusals = RefusalLog(capacity=10)
    news = [refusals.is_news(f"10.0.{peer}", "MALFORMED", 0.0) for peer in range(1000)]
    assert news == [True] * 11 + [False] * 989
    assert refusals.counts()["others", "MALFORMED"] == 990
    assert len(refusals.counts()) == 11


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("XY")), max_size=60), st.integers(1, 12))
def test_whatever_comes_each_refusal_is_counted_and_no_peer_is_news_twice(
    history: list[tuple[str, str]], capacity: int
) -> None:
    refusals = RefusalLog(capacity)
    news = [key for key in history if refusals.is_news(*key, now=0.0)]
    assert len(set(news)) == len(news) == min(len(set(history)), capacity + 1)
    assert refusals.counts().items() >= {key: history.count(key) for key in news[:capacity]}.items()
    assert sum(refusals.counts().values()) == len(history)
