"""A requirement is added to the block of a text, or taken away, and all else stays as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.code.requirements.block_edit import with_requirement, without_requirement
from beamlike.code.requirements.errors import BadRequirements
from beamlike.code.requirements.script_block import script_block

MANY = """import sys
# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "attrs",  # for records, as ["x"]
#     'rich[all]>=13',
# ]
# ///
print("dependencies = []")
"""


def declared(text: str) -> tuple[str, ...]:
    found = script_block(text)
    assert found is not None
    return found.dependencies


def test_a_list_of_several_lines_gets_one_more_and_keeps_its_comments() -> None:
    text = with_requirement(MANY, "numpy >= 2")
    assert declared(text) == ("attrs", "numpy>=2", "rich[all]>=13")
    assert text == MANY.replace("#     'rich[all]>=13',\n", "#     'rich[all]>=13',\n#     \"numpy>=2\",\n")


def test_one_of_the_same_package_is_replaced_in_its_place() -> None:
    text = with_requirement(MANY, "Rich==14")
    assert declared(text) == ("Rich==14", "attrs")
    assert text == MANY.replace("'rich[all]>=13'", '"Rich==14"')


def test_a_text_without_a_list_gets_one() -> None:
    bare = "# /// script\n# requires-python = '>=3.11'\n# ///\nx"
    assert declared(with_requirement(bare, "a")) == ("a",)
    empty = "# /// script\n# dependencies = []\n# ///\n"
    assert with_requirement(empty, "a") == '# /// script\n# dependencies = ["a"]\n# ///\n'


def test_what_is_no_requirement_or_no_block_is_refused_and_nothing_is_written() -> None:
    with pytest.raises(BadRequirements, match="expected a requirement"):
        with_requirement(MANY, "a b")
    with pytest.raises(BadRequirements, match="is not one"):
        with_requirement("# /// script\nx = 1\n", "a")


def test_removing_takes_one_away_wherever_it_stands() -> None:
    assert declared(without_requirement(MANY, "rich")) == ("attrs",)
    assert declared(without_requirement(MANY, "ATTRS")) == ("rich[all]>=13",)
    assert without_requirement(MANY, "numpy") == MANY
    assert without_requirement("x = 1", "numpy") == "x = 1"
    last = '# /// script\n# dependencies = ["a",]\n# ///\n'
    assert declared(without_requirement(last, "a")) == ()


@given(st.lists(st.sampled_from(["a", "b>=1", "c[x]", "d==2.0"]), unique=True), st.booleans(), st.booleans())
def test_whatever_is_added_and_removed_the_block_says_just_that(names: list[str], lines: bool, comma: bool) -> None:
    between = ",\n#   " if lines else ", "
    inside = between.join(f'"{name}"' for name in names) + ("," if comma and names else "")
    text = f"# /// script\n# dependencies = [{inside}]\n# ///\nrest()\n"
    added = with_requirement(text, "zebra>=1")
    assert set(declared(added)) == {*names, "zebra>=1"}
    assert added.endswith("# ///\nrest()\n")
    assert set(declared(without_requirement(added, "zebra"))) == set(names)
    for name in names:
        without = without_requirement(added, name[0])
        assert set(declared(without)) == {*names, "zebra>=1"} - {name}
