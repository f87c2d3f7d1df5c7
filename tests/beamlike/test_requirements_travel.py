"""How locks get to other nodes, and how terms wait for packages."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from weakref import ref

import pytest

from beamlike.code.codec import CodeCodec
from beamlike.code.requirements.errors import BadRequirements
from beamlike.code.requirements.lock import Pin
from beamlike.code.requirements.needs import NEEDS, Needs
from beamlike.code.requirements.travel import PackagesHere, PackagesThere
from beamlike.code.uses import NOTHING, Image, Uses
from beamlike.distribution.terms_codec import NotYet
from tests.support.environments import (
    ALPHA,
    PATIENCE,
    WHEELS,
    A,
    B,
    C,
    Make,
    declared,
    lock_of,
    making_environments,
)
from tests.support.shelf import Shelf
from tests.support.wheels import Wheel

CODE = Uses(has_code=True)


def shown(uses: Uses) -> Image:
    """An image that refers to these."""
    return Image(ref(Image), b"", uses)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(*WHEELS)


@pytest.fixture
def make(tmp_path: Path, shelf: Shelf) -> Iterator[Make]:
    with making_environments(tmp_path / "environments", shelf) as make:
        yield make


def test_terms_that_carry_code_or_name_a_module_of_theirs_need_the_packages(make: Make) -> None:
    needs = Needs()
    there = PackagesThere(needs)
    code, plain, named = Uses(has_code=True), Uses(modules={"json"}), Uses(modules={"json", f"{ALPHA}.inner"})
    assert there.marked(b"term", code) == b"term"
    declared(make(needs), B)
    for uses in (plain, Uses(images=[shown(plain)]), NOTHING):
        assert there.news(uses) == []
        assert there.marked(b"term", uses) == b"term"
    for uses in (code, named, Uses(images=[shown(code)]), Uses(images=[shown(named)])):
        there.news(uses)
        assert there.marked(b"term", uses) != b"term"
    assert there.marked(b"term", plain) == b"term"


def test_a_lock_goes_ahead_once_and_a_new_one_again(make: Make) -> None:
    needs = Needs()
    there, environments = PackagesThere(needs), make(needs)
    declared(environments, A)
    assert len(there.news(CODE)) == 1
    assert there.news(CODE) == []
    declared(environments, C, source="another")
    assert len(there.news(CODE)) == 1


def test_a_term_is_marked_with_what_went_ahead_of_it_whatever_is_declared_meanwhile() -> None:
    needs = Needs()
    there = PackagesThere(needs)
    needs.say([b"one"], frozenset())
    there.news(CODE)
    marked = there.marked(b"term", CODE)
    needs.say([b"one", b"two"], frozenset())
    assert there.marked(b"term", CODE) == marked
    there.news(CODE)
    assert there.marked(b"term", CODE) != marked


def test_a_marked_term_is_held_back_until_its_packages_are_there(make: Make, shelf: Shelf) -> None:
    needs = Needs()
    there, origin, environments = PackagesThere(needs), make(needs), make()
    declared(origin, A)
    origin.close()
    here = PackagesHere("b@127.0.0.1", environments)
    shelf.wheels[A, "2.0"] = Wheel(A, "2.0")
    needs.say([lock_of(Pin(C, "1.0"))], frozenset())
    shelf.open.clear()
    ((_, content),) = there.news(CODE)
    here.hear(content)
    marked = there.marked(b"\x80\x05term", CODE)
    with pytest.raises(NotYet) as caught:
        here.opened(marked)
    assert here.opened(b"\x80\x05plain") == b"\x80\x05plain"
    shelf.open.set()
    caught.value.ready.result(PATIENCE)
    assert here.opened(marked) == b"\x80\x05term"


def test_a_marked_term_whose_packages_cannot_be_had_fails_with_the_reason(make: Make) -> None:
    needs = Needs()
    needs.say([b"{}"], frozenset())
    there, here = PackagesThere(needs), PackagesHere("b@127.0.0.1", make())
    here.hear(there.news(CODE)[0][1])
    marked = there.marked(b"term", CODE)
    for _ in range(2):  # each term has an error of its own, which says which node it is of
        with pytest.raises(BadRequirements, match=r"^b@127\.0\.0\.1: expected a lock") as caught:
            here.opened(marked)
        assert len(caught.traceback) < 4


def test_a_node_that_hears_of_no_packages_reads_the_term_all_the_same(make: Make) -> None:
    needs = Needs()
    needs.say([b"a lock"], frozenset())
    there = PackagesThere(needs)
    assert len(there.news(CODE)) == 1
    marked = there.marked(b"term", CODE)
    assert marked != b"term"
    assert PackagesHere("b@127.0.0.1", make()).opened(marked) == b"term"


OPERATOR = """
class Operator:
    def __reduce__(self):
        return "add"

add = Operator()

class Thing:
    pass
"""


def test_whatever_goes_by_the_name_of_a_package_marks_its_term(make: Make, shelf: Shelf) -> None:
    shelf.wheels[A, "2.0"] = Wheel(A, "2.0", modules={f"{ALPHA}.py": OPERATOR})
    declared(make(NEEDS), A)
    alpha = importlib.import_module(ALPHA)
    for value in (alpha, alpha.add, alpha.Thing, alpha.Thing(), [alpha.Thing()], lambda: 1, {"f": alpha.Operator}):
        assert CodeCodec().encode(value).data[:1] == b"\xe5"
    for plain in ("a text", [1, 2.0], len, json.dumps, ValueError("no"), Pin(A, "1.0")):
        assert CodeCodec().encode(plain).data[:1] == b"\x80"
