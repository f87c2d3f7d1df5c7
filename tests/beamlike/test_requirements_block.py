"""The block of PEP 723, in scripts and in cells."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.code.requirements.declaration import Requirements, union
from beamlike.code.requirements.errors import BadRequirements
from beamlike.code.requirements.script_block import script_block

BLOCK = """\
# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "rich >=13",
#     "numpy",
# ]
# ///
"""


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        f"#!/usr/bin/env python\n\n{BLOCK}\nimport rich\n",
        BLOCK.replace("\n", "\r\n"),
        BLOCK.removesuffix("\n"),
        f"# /// other\n# x = 1\n# ///\n\n{BLOCK}",
        f"{BLOCK}\n# ///\n",
    ],
    ids=["alone", "behind a first line", "with CRLF", "at the end", "behind another block", "before a lone end"],
)
def test_a_block_declares_requirements_wherever_it_stands(text: str) -> None:
    assert script_block(text) == Requirements(("numpy", "rich>=13"), ">=3.11")


def test_a_line_of_the_block_may_be_a_lone_hash_and_toml_may_have_comments() -> None:
    text = '# /// script\n#\n# dependencies = ["rich"] # for tables\n#\n# ///\n'
    assert script_block(text) == Requirements(("rich",))


@pytest.mark.parametrize(
    "text", ["", "import rich", "# // script\n# ///", "x = '# /// script'", "# /// scripts\n# ///"]
)
def test_a_text_without_a_block_declares_nothing(text: str) -> None:
    assert script_block(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('x = 1\n# /// script\n# dependencies = ["a"]\n', "in line 2 is not one"),
        ('# /// script\ndependencies = ["a"]\n# ///\n', "in line 1 is not one"),
        ("# /// script\n# dependencies = [rich]\n# ///\n", "at line 2, column 19"),
        ('\n\n# /// script\n#\n# dependencies = ["a"\n# ///\n', "in line 3 is no TOML: Unclosed array"),
        (f"{BLOCK}\n{BLOCK}", "another in line 9"),
        ('# /// script\n# dependancies = ["a"]\n# ///\n', "the key `dependancies`"),
        ('# /// script\n# dependencies = "a"\n# ///\n', "a list of strings, got 'a'"),
        ("# /// script\n# dependencies = [1]\n# ///\n", "a list of strings, got [1]"),
        ("# /// script\n# requires-python = 3.11\n# ///\n", "as a string, got 3.11"),
        ('# /// script\n# requires-python = "3.x"\n# ///\n', "got '3.x'"),
        ('# /// script\n# dependencies = ["rich>>13"]\n# ///\n', "got 'rich>>13'"),
        ('# /// script\n# dependencies = ["-r x"]\n# ///\n', "got '-r x'"),
        (
            '# /// script\n# dependencies = ["a @ https://u:p@h/a"]\n# ///\n',
            "in line 1: expected the URL of a without",
        ),
        (
            '# /// script\n# dependencies = ["a @ https://u:p@h/a", 1]\n# ///\n',
            "got ['a @ https://…@h/a', 1]",
        ),
    ],
)
def test_an_error_names_the_line_or_what_stands_there(text: str, expected: str) -> None:
    with pytest.raises(BadRequirements) as caught:
        script_block(text)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    "settings", ['# [[tool.uv.index]]\n# url = "https://x"\n', '# [tool.uv.sources]\n# a = { git = "https://x" }\n']
)
def test_a_place_that_only_uv_reads_is_refused_for_a_package_of_that_name_may_lie_elsewhere(settings: str) -> None:
    with pytest.raises(BadRequirements, match="only uv reads"):
        script_block(f'# /// script\n# dependencies = ["a"]\n{settings}# ///\n')


def test_where_uv_finds_this_package_itself_is_its_own_business() -> None:
    text = '# /// script\n# dependencies = ["beamlike"]\n# [tool.uv.sources]\n# beamlike = { path = "." }\n# ///\n'
    assert script_block(text) == Requirements(("beamlike",))


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(>=[0-9]{1,2})?", fullmatch=True)


@given(st.lists(NAMES), st.text(alphabet="ab \n#", max_size=30), st.text(alphabet="ab \n", max_size=30))
def test_what_is_written_as_a_block_is_read_from_it(dependencies: list[str], before: str, after: str) -> None:
    content = f"dependencies = {dependencies}".replace("'", '"')
    assert tomllib.loads(content)
    block = f"# /// script\n# {content}\n# ///"
    assert script_block(f"{before}\n{block}\n{after}") == Requirements.of(dependencies)


def test_requirements_are_for_a_python() -> None:
    Requirements.of([], ">=3.11").check_python("3.12.1")
    Requirements.of([], ">=3.11").check_python()
    with pytest.raises(BadRequirements, match=r"a Python >=3\.13, this node runs 3\.11\.7"):
        Requirements.of([], ">=3.13").check_python("3.11.7")


def test_what_several_declare_holds_at_once() -> None:
    several = [Requirements.of(["b", "a"], ">=3.11"), Requirements.of(["a", "c"], "<4"), Requirements.of(["d"])]
    assert union(several) == Requirements(("a", "b", "c", "d"), "<4,>=3.11")
