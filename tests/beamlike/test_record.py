"""What `frozen` and `record` have in common with dataclasses, and where a record is other."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, field, fields, is_dataclass, replace
from itertools import pairwise
from typing import ClassVar

import pytest

from beamlike.kernel.record import frozen, record


@frozen
class Point:
    x: int
    y: int = 0
    seen: list[int] = field(default_factory=list, compare=False)
    name: str = field(default="p", repr=False)
    origin: ClassVar[int] = 0


@frozen
class Named(Point):
    label: str = "none"


@frozen
class Only:
    """Documented."""

    value: object


@frozen
class Wrapped:
    within: object


@frozen
class Nothing:
    pass


@frozen
class Counted:
    number: int
    double: int = field(init=False, default=-1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "double", 2 * self.number)


@frozen
class Spoken:
    word: str

    def __repr__(self) -> str:
        return f"<{self.word}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spoken) and other.word.lower() == self.word.lower()

    def __hash__(self) -> int:
        return 7


@record
class Sent:
    target: str
    message: object = None


def test_it_is_made_by_position_by_name_and_by_default() -> None:
    assert (Point(1).x, Point(1).y, Point(x=1, y=2).y, Point(1, 2, [3]).seen) == (1, 0, 2, [3])


def test_each_has_a_default_of_its_own_where_a_factory_makes_it() -> None:
    assert Point(1).seen is not Point(1).seen


def test_what_is_missing_or_too_much_is_told_with_the_name_of_the_class() -> None:
    with pytest.raises(TypeError, match=r"Point.__init__\(\) missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        Point(1, z=2)  # type: ignore[call-arg]


def test_a_field_without_a_default_may_not_follow_one_that_has_one() -> None:
    with pytest.raises(TypeError, match="expected a default of 'y'"):

        @frozen
        class _Wrong:
            x: int = 0
            y: str  # type: ignore[misc]


def test_classes_whose_fields_are_alike_keep_their_own_names() -> None:
    values = [Only("a"), Wrapped("b")]
    assert [repr(value) for value in values] == ["Only(value='a')", "Wrapped(within='b')"]
    assert Wrapped(within=1).within == 1


def test_values_compare_and_hash_without_the_fields_that_are_not_compared() -> None:
    assert Point(1, 2, [3]) == Point(1, 2, [4]) != Point(1, 3)
    assert len({Point(1, 2, [3]), Point(1, 2, [4]), Point(2, 2)}) == 2


def test_equal_fields_of_another_class_are_not_equal() -> None:
    values: list[object] = [Point(1), Named(1), Only(1), 1, (1,)]
    assert [value == other for value, other in pairwise(values)] == [False] * 4


@pytest.mark.parametrize("value", [Only(float("nan")), Nothing()])
def test_a_class_of_one_field_or_none_is_equal_to_itself(value: object) -> None:
    assert value == copy.copy(value)
    assert hash(value) == hash(copy.copy(value))


def test_it_shows_its_fields_but_those_that_are_not_to_be_shown() -> None:
    assert repr(Point(1)) == "Point(x=1, y=0, seen=[])"
    assert repr(Nothing()) == "Nothing()"


def test_one_that_holds_itself_can_be_shown() -> None:
    around: list[object] = []
    around.append(Only(around))
    assert repr(around[0]) == "Only(value=[...])"


@pytest.mark.parametrize("name", ["x", "other"])
def test_what_is_frozen_refuses_to_be_changed(name: str) -> None:
    with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
        setattr(Point(1), name, 2)
    with pytest.raises(FrozenInstanceError, match=f"cannot delete field '{name}'"):
        delattr(Point(1), name)


@pytest.mark.parametrize("value", [Point(1, 2, [3], "q"), Named(1), Only("x"), Nothing(), Counted(4), Sent("a", {})])
def test_it_can_be_pickled_and_copied(value: object) -> None:
    for copied in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert copied == value


def test_what_works_on_dataclasses_works_on_it() -> None:
    assert is_dataclass(Sent)
    assert [it.name for it in fields(Named)] == ["x", "y", "seen", "name", "label"]
    assert replace(Point(1), y=5) == Point(1, 5)
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_it_says_what_it_takes() -> None:
    assert str(inspect.signature(Sent)) == "(target: 'str', message: 'object' = None) -> None"
    assert (Sent.__doc__, Only.__doc__) == ("Sent(target, message)", "Documented.")


def test_a_class_that_inherits_takes_the_fields_of_both() -> None:
    assert repr(Named(1, label="n")) == "Named(x=1, y=0, seen=[], label='n')"


def test_what_is_to_be_done_at_last_is_done() -> None:
    assert Counted(4).double == 8


def test_what_its_author_has_written_stays() -> None:
    assert repr(Spoken("a")) == "<a>"
    assert Spoken("a") == Spoken("A")
    assert hash(Spoken("a")) == 7


def test_it_has_slots_and_nothing_else() -> None:
    assert not hasattr(Point(1), "__dict__")


def test_a_record_is_frozen_for_the_type_checker_alone() -> None:
    sent = Sent("a")
    sent.message = "b"  # type: ignore[misc]
    assert sent == Sent("a", "b")
    assert hash(sent) == hash(Sent("a", "b"))
