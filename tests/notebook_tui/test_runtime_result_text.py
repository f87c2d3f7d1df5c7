"""What a notebook shows of a value."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.runtime.result_text import result_text


class Hostile:
    """Its repr does whatever it was given."""

    def __init__(self, act: Callable[[], str]) -> None:
        self.act = act

    def __repr__(self) -> str:
        return self.act()


def fail() -> str:
    raise ValueError("boom\nand more")


class Table:
    def __repr__(self) -> str:
        return "   a\n0  1\n1  2"


@dataclasses.dataclass
class Order:
    name: str
    amounts: list[int]
    secret: str = dataclasses.field(default="s", repr=False)


@pytest.mark.parametrize(
    "value",
    [
        *(0, "it's", b"x", None, (), (1,), [], {}, set(), frozenset(), {1}, frozenset({1}), [[1], {"a": (2, 3)}]),
        *(deque([1]), deque([1], maxlen=3), defaultdict(int, a=1), range(3), Order("x", [1]), {("k", 1): {2}}),
    ],
)
def test_a_short_value_is_its_repr(value: object) -> None:
    assert result_text(value) == repr(value)


def test_an_ordered_dict_is_told_from_a_plain_one() -> None:
    assert result_text(OrderedDict(a=1)) == "OrderedDict({'a': 1})"


def test_long_sequences_fill_their_lines_and_mappings_take_one_line_an_entry() -> None:
    text = result_text({"numbers": list(range(10)), "rest": [["a" * 12], ["b" * 12]]}, width=30)
    assert text == "\n".join(
        [
            "{'numbers': [0, 1, 2, 3, 4,",
            "             5, 6, 7, 8, 9],",
            " 'rest': [['aaaaaaaaaaaa'],",
            "          ['bbbbbbbbbbbb']]}",
        ]
    )


def test_a_repr_of_several_lines_is_aligned_below_its_own_start() -> None:
    lines = result_text({"table": Table(), "n": 1}).split("\n")
    assert lines == ["{'table':    a", "          0  1", "          1  2,", " 'n': 1}"]


def test_a_dataclass_is_laid_out_by_its_fields() -> None:
    assert result_text(Order("x" * 10, [1, 2]), width=25).split("\n") == [
        "Order(name='xxxxxxxxxx',",
        "      amounts=[1, 2])",
    ]


def test_a_class_with_a_repr_of_its_own_is_not_taken_apart() -> None:
    @dataclasses.dataclass
    class Quiet(Order):
        def __repr__(self) -> str:
            return "quiet"

    assert result_text([Quiet("x", [])]) == "[quiet]"


def test_containers_show_at_most_fifty_entries_and_say_how_many_more() -> None:
    assert result_text(list(range(1000))).endswith(" 49, … 950 more]")
    assert result_text(dict.fromkeys(range(51))).endswith("49: None,\n … 1 more}")


def test_ac37_a_repr_that_raises_is_told_beside_what_can_be_shown() -> None:
    assert result_text([1, Hostile(fail)]) == "[1, <Hostile: its repr raised ValueError: boom and more>]"


def test_ac37_an_exception_whose_own_text_raises_does_no_harm_either() -> None:
    class Worse(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def fail() -> str:
        raise Worse

    assert "its repr raised an exception that cannot be shown" in result_text(Hostile(fail))


def test_an_int_too_long_for_python_to_print_is_told() -> None:
    assert "<int: its repr raised ValueError: Exceeds the limit" in result_text(10**5000)


@pytest.mark.parametrize("value", ["x" * 50_000_000, Hostile(lambda: "y" * 50_000_000), [["z" * 5000] * 50] * 50])
def test_ac37_a_huge_value_is_cut(value: object) -> None:
    text = result_text(value)
    assert 9_000 < len(text) <= 10_000
    assert "…" in text


def test_a_container_in_itself_ends() -> None:
    items: list[object] = [1]
    items.append(items)
    assert result_text(items) == "[1, […]]"


def test_sharing_does_not_multiply_and_depth_ends() -> None:
    value: object = "end"
    for _ in range(300):
        value = [value] * 50
    assert len(result_text(value)) <= 10_000


def test_what_is_nested_too_deeply_is_left_out() -> None:
    value: object = "end"
    for _ in range(100):
        value = [value]
    assert result_text(value) == "[" * 20 + "[…]" + "]" * 20


def test_nothing_is_read_that_cannot_be_shown() -> None:
    calls: list[int] = []

    def count() -> str:
        calls.append(1)
        return ""

    result_text([[[Hostile(count)] * 50] * 50] * 50)
    assert len(calls) <= 5_000


def test_wide_keys_do_not_push_everything_off_the_screen() -> None:
    lines = result_text({"k" * 60: {"l" * 60: list(range(60))}}, width=80).split("\n")
    assert max(len(line) - len(line.lstrip()) for line in lines) <= 40


def test_each_repr_is_called_once() -> None:
    calls: list[int] = []

    def count() -> str:
        calls.append(1)
        return "counted"

    result_text([[[Hostile(count)]] * 1, "x" * 200])
    assert len(calls) == 1


def test_an_interrupt_goes_through() -> None:
    def interrupt() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        result_text([Hostile(interrupt)])


leaves = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=30),
    st.binary(max_size=10),
    # Mapped, for Hypothesis shows the elements of a sample by their repr.
    st.sampled_from([fail, lambda: "q" * 400, lambda: "two\nlines"]).map(Hostile),
)
keys = st.one_of(st.integers(), st.text(max_size=20), st.tuples(st.integers(), st.text(max_size=3)))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=5).map(tuple),
        st.lists(inner, max_size=5).map(deque),
        st.dictionaries(keys, inner, max_size=5),
        st.frozensets(st.integers(), max_size=5),
        st.builds(lambda name, item: Order(name, [item]), st.text(max_size=5), inner),
    ),
    max_leaves=40,
)


@given(values, st.integers(10, 120), st.integers(1, 400), st.integers(0, 10))
def test_whatever_is_nested_how__it_is_shown_within_the_bound(
    value: object, width: int, limit: int, entries: int
) -> None:
    assert len(result_text(value, width=width, limit=limit, entries=entries)) <= limit


plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(st.text(max_size=5), inner, max_size=6)),
    max_leaves=60,
)


@given(plain, st.integers(10, 120))
def test_layout_changes_nothing_but_white_space_between_entries(value: object, width: int) -> None:
    assert eval(result_text(value, width=width, limit=1_000_000)) == value


def test_a_long_value_is_laid_out_for_a_terminal_of_80_columns() -> None:
    text = result_text({"numbers": list(range(50)), "words": ["word"] * 40})
    assert max(map(len, text.splitlines())) <= 72
