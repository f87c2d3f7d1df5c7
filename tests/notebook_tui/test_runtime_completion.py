"""Proposals for the caret, which stands at the `|` of each text."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.runtime.budget import WithinBudget
from notebook_tui.runtime.completion import Item, complete
from notebook_tui.runtime.live import Kind
from notebook_tui.runtime.static_analysis import static_names

NOTHING: Mapping[str, object] = {}


def nobody(_source: str, _offset: int) -> dict[str, Kind]:
    return {}


def items(text: str, names: Mapping[str, object] = NOTHING) -> list[Item]:
    """From what is alive alone."""
    before, after = text.split("|")
    return complete(before + after, len(before), names, nobody)


def labels(text: str, names: Mapping[str, object] = NOTHING) -> list[str]:
    return [item.label for item in items(text, names)]


def from_text(text: str, names: Mapping[str, object] = NOTHING) -> list[str]:
    """From what is alive and from the text itself, however long that takes."""
    before, after = text.split("|")
    return [item.label for item in complete(before + after, len(before), names, static_names)]


class Point:
    """Completing it must run nothing."""

    shared = 0
    _hidden = 0

    def __init__(self) -> None:
        self.x = 1

    @property
    def computed(self) -> int:
        raise AssertionError("a property was run")

    def __getattr__(self, name: str) -> int:
        raise AssertionError("__getattr__ was run")

    def move(self, dx: int, dy: int = 0) -> None: ...


def test_without_a_run_there_are_builtins_and_keywords__AC38() -> None:
    assert labels("pri|") == ["print"]
    assert items("whi|") == [Item("while", "keyword", "while")]


def test_names_of_the_notebook_come_with_kind_and_detail__AC38() -> None:
    def number_of(a: int, b: str = "x") -> None: ...

    names = {"number": 10, "number_of": number_of, "Number": Point, "numbers": json}
    assert items("num|", names) == [
        Item("number", "variable", "number", "int"),
        Item("number_of", "function", "number_of", "(a, b='x')"),
        Item("numbers", "module", "numbers"),
        Item("Number", "class", "Number", "()"),
    ]


def test_attributes_come_from_objects_and_classes_and_no_property_is_run__AC38() -> None:
    assert items("p.|", {"p": Point()})[:6] == [
        Item("computed", "attribute", "computed", "property"),
        Item("shared", "attribute", "shared", "int"),
        Item("x", "attribute", "x", "int"),
        Item("move", "function", "move", "(dx, dy=0)"),
        Item("_hidden", "attribute", "_hidden", "int"),
        Item("__class__", "attribute", "__class__"),
    ]


def test_the_same_letter_case_comes_first_private_late_and_special_last() -> None:
    names = dict.fromkeys(["Zeta", "zeta_2", "_zeta", "__zeta__", "__zeta", "zeta_1"])
    assert [label for label in labels("z|", names) if label in names] == ["zeta_1", "zeta_2", "Zeta"]
    in_order = ["Zeta", "zeta_1", "zeta_2", "_zeta", "__zeta", "__zeta__"]
    assert [label for label in labels("|", names) if label in names] == in_order


def test_a_name_of_the_notebook_hides_the_builtin() -> None:
    assert items("prin|", {"print": 1}) == [Item("print", "variable", "print", "int")]


def test_the_names_of_arguments_come_where_one_may_begin() -> None:
    names = {"move": Point().move}
    assert labels("move(|", names)[:2] == ["dx=", "dy="]
    assert labels("move(1, d|", names)[0] == "dy="
    assert "dx=" not in labels("move(dx=1, d|", names)
    assert "dx=" not in labels("move(1 + d|", names)


def test_what_is_inserted_takes_the_place_of_the_identifier() -> None:
    assert items("f(x, PRI|)", {"print_out": 1})[0].insert == "print_out"


@pytest.mark.parametrize(
    ("text", "inserted"),
    [
        ("d['pr|", ["price']", r"pro\'s']"]),
        ("d['pr|']", ["price", r"pro\'s"]),
        ("d['pr|]", ["price'", r"pro\'s'"]),
        ('d["pro|', ["pro's\"]"]),
        ("d['say \"s|", ["so\"']"]),
        (r'd["say \"s|', [r'so\""]']),
        ("d['two|", [r"two\nlines']"]),
        ("d['none|", []),
        ("[d['pr|", ["price']", r"pro\'s']"]),
    ],
)
def test_keys_of_live_dictionaries_come_as_they_must_be_written(text: str, inserted: list[str]) -> None:
    names = {"d": {"price": 1, "pro's": 2, 'say "so"': 3, "two\nlines": 4, 5: 6}}
    assert [item.insert for item in items(text, names)] == inserted


keys = st.text(st.characters(codec="utf-8"), max_size=8)


@given(keys, st.integers(0, 8), st.sampled_from("'\""))
def test_a_completed_key_is_the_key(key: str, length: int, quote: str) -> None:
    typed = key[:length] if key.isalnum() else ""
    source = f"d[{quote}{typed}"
    (item,) = complete(source, len(source), {"d": {key: 1}}, nobody)
    assert eval(re.sub(r"\w*\Z", "", source) + item.insert, {"d": {key: "found"}}) == "found"


def test_only_real_dictionaries_are_asked_for_keys() -> None:
    class Fake:
        def keys(self) -> list[str]:
            raise AssertionError("keys was run")

        __iter__ = __getitem__ = _ipython_key_completions_ = keys

    assert items("d['|", {"d": Fake()}) == []


@pytest.mark.parametrize(
    "text", ["# pri|", "'pri|", "'''\npri|", "def pri|", "class pri|", "x = 'pri|'", "import a as pri|"]
)
def test_nothing_comes_in_strings_comments_and_new_names__AC38(text: str) -> None:
    assert items(text, {"print_out": 1}) == []


def test_modules_are_listed_and_not_imported() -> None:
    script = """
        import sys
        from notebook_tui.runtime.completion import complete
        from notebook_tui.runtime.static_analysis import static_names
        def labels(text): return [item.label for item in complete(text, len(text), {}, static_names)]
        path = list(sys.path)
        print(labels("import xmlr"), labels("from xmlrpc."), labels("import os, xmlrpc.cl"))
        print(labels("from xmlrpc import cl"))
        print(labels("from xmlrpc.client import ServerP"), labels("import xmlrpc.client\\nxmlrpc.client.ServerP"))
        print(labels("import decimal\\ndecimal.Decim")[0])
        print([name for name in sys.modules if "xmlrpc" in name or "decimal" in name], sys.path == path)
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)], capture_output=True, text=True, timeout=50, check=True
    )
    assert done.stdout.splitlines() == [
        "['xmlrpc'] ['client', 'server'] ['client']",
        "['client']",
        "['ServerProxy'] ['ServerProxy']",
        "Decimal",
        "[] True",
    ]


def test_what_is_typed_is_parsed_without_a_warning_into_the_cell_that_runs() -> None:
    script = r"""
        from notebook_tui.runtime.completion import complete
        from notebook_tui.runtime.formatting import formatted
        for text in (r"'\d'.up", "x = '\\d'\nx.up", "def f(a='\\d'): ...\nf("):
            assert complete(text, len(text), {}, lambda source, offset: {}), text
        assert formatted("x  = '\\d'").source
    """
    command = [sys.executable, "-W", "always", "-c", dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    assert "invalid escape" not in done.stderr


def test_what_a_loaded_module_holds_comes_from_it() -> None:
    assert items("from json import du|") == [
        Item(item.label, item.kind, item.insert, item.detail) for item in items("json.du|", {"json": json})
    ]
    assert labels("from json import d|") == ["detect_encoding", "dump", "dumps", "decoder"]
    assert labels("from no_such_package import |") == []


CLASS = """
class Drawn:
    def __init__(self, first):
        self.first = first
    def second(self):
        pass
drawn = Drawn(1)
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CLASS + "drawn.|", ["first", "second"]),
        (CLASS + "dra|", ["drawn", "Drawn"]),
        (CLASS + "Drawn(fir|", ["first="]),
        ("def outer(argument):\n    arrow = 1\n    ar|", ["argument", "arrow", "ArithmeticError"]),
        ("import decimal as d\nd.ROUND_HALF_E|", ["ROUND_HALF_EVEN"]),
        ("x = [1]\nx.|\nx = 1", labels("[].|")),
    ],
)
def test_what_the_cell_defines_above_comes_before_it_has_run(text: str, expected: list[str]) -> None:
    assert [label for label in from_text(text) if label[0] != "_"] == [label for label in expected if label[0] != "_"]


def test_what_lives_goes_before_what_the_text_says() -> None:
    before = "price = 'text'\npri"
    (price, *_) = complete(before, len(before), {"price": 1}, static_names)
    assert price == Item("price", "variable", "price", "int")


def test_an_answer_beyond_the_budget_is_none_and_nobody_else_is_asked_meanwhile() -> None:
    begun, release, asked = Event(), Event(), []

    def slow(source: str, _offset: int) -> dict[str, Kind]:
        asked.append(source)
        begun.set()
        release.wait(20)
        return {"late": "variable"}

    within = WithinBudget(slow, {}, seconds=0.01)
    assert within("first", 0) == {}
    assert within("second", 0) == {}
    assert begun.wait(20)
    assert asked == ["first"]
    release.set()
    patient = WithinBudget(slow, {}, seconds=20)
    assert patient("third", 0) == {"late": "variable"}
    assert patient("fourth", 0) == {"late": "variable"}


def test_ten_thousand_names_are_no_burden() -> None:
    names = {f"name_{number}": number for number in range(10_000)}
    assert len(labels("name_|", names)) == 10_000
    assert len(labels("name_99|", names)) == 111


pieces = st.sampled_from([*"()[]{}.,=\n '\"", "p", "d", "import ", "from ", "json", "f'", "x_1", "é"])


@given(st.lists(pieces, max_size=12).map("".join), st.data())
def test_no_text_is_too_broken_and_each_proposal_fits(source: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(source)))
    found = re.search(r"\w*\Z", source[:offset])
    assert found is not None
    for item in complete(source, offset, {"p": Point(), "d": {"key": 1}}, nobody):
        assert item.insert.lower().startswith(found[0].lower())


def test_a_namespace_may_hold_keys_that_are_no_names() -> None:
    odd: dict[object, object] = {5: "five", ("a", 1): 2, "price": 3}
    assert labels("pric|", odd) == ["price"]  # type: ignore[arg-type]


def test_half_a_file_in_jedis_cache_is_no_end_of_its_answers(tmp_path: Path) -> None:
    """As an interpreter leaves it that is killed while it writes."""
    code = f"""
import jedi, parso.cache, pathlib
jedi.settings.cache_directory = {str(tmp_path)!r}
from notebook_tui.runtime.static_analysis import static_names
first = static_names("import decimal as d\\nd.ROUND_HALF_E", 34)
files = [path for path in pathlib.Path({str(tmp_path)!r}).rglob("*.pkl")]
for path in files:
    path.write_bytes(path.read_bytes()[:100])
parso.cache.parser_cache.clear()
print(len(files) > 0, "ROUND_HALF_EVEN" in first, static_names("import decimal as d\\nd.ROUND_HALF_E", 34) == first)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout == "True True True\n", result.stderr
