"""Proposals by the place of the caret, at the `|` of each text: only what fits there, and from what the cell sees."""

from __future__ import annotations

import asyncio
import builtins
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.runtime.completion import Item, complete
from notebook_tui.runtime.definition import definition
from notebook_tui.runtime.description import describe
from notebook_tui.runtime.live import Kind
from notebook_tui.runtime.signature import signatures
from notebook_tui.runtime.static_analysis import static_names

NOTHING: Mapping[str, object] = {}


class OwnError(Exception):
    pass


def nobody(_source: str, _offset: int) -> dict[str, Kind]:
    return {}


def items(
    text: str, names: Mapping[str, object] = NOTHING, above: str = "", hidden: tuple[str, ...] = ()
) -> list[Item]:
    before, after = text.split("|")
    return complete(before + after, len(before), names, nobody, above=above, hidden=hidden)


def labels(text: str, names: Mapping[str, object] = NOTHING, above: str = "") -> list[str]:
    return [item.label for item in items(text, names, above)]


# What the cell sees.


def test_ac38_a_name_that_only_a_cell_below_bound_is_not_offered() -> None:
    names = {"number": 10, "numeral": 5}
    assert [item.label for item in items("num|", names, hidden=("number",))] == ["numeral"]
    assert items("number.rea|", names, hidden=("number",)) == []


def test_names_of_cells_above_that_have_not_run_come_from_their_text() -> None:
    above = "import json as js\ndef parsed(text):\n    return text"
    assert labels("par|", above=above) == ["parsed"]
    assert labels("js|", above=above) == ["js"]
    assert "text" not in labels("te|", above=above)


def test_a_loaded_module_that_the_text_imports_is_looked_at_before_the_text_has_run() -> None:
    assert "loads" in labels("import json\njson.lo|")
    assert "loads" in labels("json.lo|", above="import json")
    assert "JSONDecoder" in labels("from json import decoder as d\nd.JSOND|")
    assert "loads" in labels("from json import loads\nlo|")


def test_local_names_come_first_then_those_of_the_notebook_then_builtins_and_keywords() -> None:
    found = items("def f(pattern):\n    p|", {"price": 1, "print_all": print})
    own = ["pattern", "price", "print_all"]
    lower = [item.label for item in found if item.label not in own and item.label.islower()]
    assert [item.label for item in found[:3]] == own
    assert lower == ["pow", "print", "property", "pass"]
    assert found[-1].kind == "class"
    assert found[-1].label == "ProcessLookupError"


def test_a_local_name_hides_the_value_of_the_same_name() -> None:
    (price,) = items("def f(price):\n    pric|", {"price": 1})
    assert price == Item("price", "variable", "price")


def test_among_one_group_kinds_come_together_and_names_in_order() -> None:
    names = {"a_module": sys, "a_class": OwnError, "a_function": nobody, "a_b": 1, "a_a": 2}
    assert labels("a_|", names) == ["a_a", "a_b", "a_function", "a_class", "a_module"]


class Made:
    def __init__(self, size: int) -> None: ...

    def painted(self, colour: str) -> None: ...


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("x = [1]\nx.app|", "append"),
        ("x = [\n    1,\n]\nx.app|", "append"),
        ("x = [n for n in y]\nx.app|", "append"),
        ("x = {}\nx.ite|", "items"),
        ("x = f'{y}'\nx.upp|", "upper"),
        ("x = 'a'\nx.upp|", "upper"),
        ("x: list[int] = [1]; y = 2\nx.app|", "append"),
        ("def f():\n    x = [1]\n    return x.app|", "append"),
        ("x = Made(\n    1)\nx.pain|", "painted"),
        ("x = module.Made(1)\nx.pain|", "painted"),
    ],
)
def test_what_a_text_plainly_assigns_has_its_attributes_before_it_has_run(text: str, label: str) -> None:
    names = {"Made": Made, "module": sys.modules[__name__]}
    assert labels(text, names) == [label]
    assert label in labels(text, names | {"x": 5})
    assert labels("x = 1\nx = Made(1)\nx.painted|", names) == ["painted"]
    assert items("x = Made(1)\nx.painted|", names)[0].detail == "(colour)"


@pytest.mark.parametrize(
    "text", ["x = nobody()\nx.a|", "x = f = [1]\nx.a|", "x, y = [1]\nx.a|", "x = (\nx.a|", "x =\nx.a|"]
)
def test_of_what_is_not_plain_the_analysis_tells(text: str) -> None:
    assert labels(text) == []


# Where it stands.


def test_in_f_strings_expressions_are_completed_and_text_is_not() -> None:
    names = {"price": 1, "table": {"price": 1}}
    assert labels("f'{pric|}'", names) == ["price"]
    assert labels("f'{price:{pric|", names) == ["price"]
    assert labels("f\"{table['pri|", names) == ["price"]
    assert labels("f'pric|'", names) == []


def test_only_what_can_be_caught_or_raised_comes_after_except_and_raise() -> None:
    names = {"OwnError": OwnError, "OwnName": 1, "own_function": nobody, "asyncio": asyncio, "kept": OwnError()}
    assert labels("try: pass\nexcept Own|", names) == ["OwnError"]
    assert labels("raise Own|", names) == ["OwnError"]
    assert labels("raise kep|", names) == ["kept"]
    assert labels("except asyn|", names) == ["asyncio"]
    assert labels("except Valu|") == ["ValueError"]
    assert labels("except prin|") == []
    assert labels("class TextError(Exception): pass\nraise Tex|") == ["TextError"]


def test_only_functions_classes_and_modules_are_decorators() -> None:
    names = {"own_cache": nobody, "own_class": OwnError, "own_module": sys, "own_value": 1}
    assert labels("@own_|", names) == ["own_cache", "own_class", "own_module"]
    assert labels("x @ own_v|", names) == ["own_value"]


def test_what_a_call_takes_comes_also_from_a_function_that_has_not_run() -> None:
    def found(text: str) -> list[str]:
        return [item.label for item in complete(text, len(text), {}, static_names)]

    assert "colour=" in found("def paint(colour): pass\npaint(col")


def test_paths_come_in_strings_that_look_like_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "it's.csv").touch()
    (tmp_path / "data" / ".hidden").touch()
    (tmp_path / "date.txt").touch()
    assert labels("open('da|")[:2] == ["data/", "date.txt"]
    assert labels("pd.read_csv('dat|')") == ["data/", "date.txt"]
    assert labels("x = './da|'") == ["data/", "date.txt"]
    assert labels("x = 'data/|'") == ["it's.csv", ".hidden"]
    assert [item.insert for item in items("x = 'data/i|'")] == [r"it\'s.csv"]
    assert [item.insert for item in items("open('date.t|")] == ["txt'"]
    assert labels("x = 'da|'") == []
    assert labels("x = 'see data/|'") == []
    assert labels("open('https://da|") == []
    assert labels(f"open('{tmp_path}/dat|") == ["data/", "date.txt"]


# Bounded, whatever there is.


def test_a_dictionary_of_a_million_keys_is_not_read_to_its_end() -> None:
    huge = {f"key_{number}": number for number in range(1_000_000)}
    found = items("huge['key_|", {"huge": huge})
    assert len(found) == 10_000
    assert found[0].insert == "key_0']"


def test_a_module_of_ten_thousand_functions_is_listed_with_details_for_the_first() -> None:
    module = ModuleType("huge")
    module.__dict__.update({f"function_{number:05}": nobody for number in range(10_000)})
    found = items("huge.function_|", {"huge": module})
    assert len(found) == 10_000
    assert found[0].detail == "(_source, _offset)"
    assert found[-1].detail == ""


def test_wrappers_that_wrap_each_other_have_a_signature() -> None:
    def first(a: int) -> None: ...

    def second(b: int) -> None: ...

    first.__wrapped__ = second  # type: ignore[attr-defined]
    second.__wrapped__ = first  # type: ignore[attr-defined]
    assert items("firs|", {"first": first})[0].detail in ("(a)", "(b)")


# Whatever is typed.


class Recording:
    """An object, a class and a module whose every hook would be noted."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        hooks = {name: self._hook(name) for name in HOOKS}
        meta = type("Meta", (type,), {name: hook for name, hook in hooks.items() if name not in _OF_CLASSES})
        kind: Any = type.__new__(meta, "Kind", (), {**hooks, "computed": property(hooks["__getattr__"])})
        value = object.__new__(kind)
        lazy = type("Lazy", (ModuleType,), {name: hooks[name] for name in ("__getattr__", "__dir__", "__repr__")})
        table = type("Table", (dict,), {name: hooks[name] for name in _OF_TABLES})
        self.names: dict[str, object] = {"value": value, "Kind": kind, "table": dict.__new__(table)}
        self.names |= {"lazy": lazy("lazy"), "holder": {"key": value, "other": [value]}}
        self.calls.clear()

    def _hook(self, name: str) -> Any:
        def hook(*_args: object, **_keywords: object) -> None:
            self.calls.append(name)
            raise RuntimeError(name)

        return hook


HOOKS = [
    *("__getattr__", "__getattribute__", "__dir__", "__repr__", "__str__", "__eq__", "__hash__", "__bool__", "__len__"),
    *("__iter__", "__getitem__", "__contains__", "__call__", "__get__", "__format__", "__instancecheck__"),
    *("__subclasscheck__", "__index__", "keys", "items", "_repr_mimebundle_", "_ipython_key_completions_"),
]
_OF_CLASSES = {"__call__", "__get__", "__hash__"}
_OF_TABLES = ("keys", "items", "__iter__", "__getitem__", "__len__", "__contains__", "__repr__")

NAMES = ("value", "Kind", "table", "lazy", "holder", ".computed", "['key']", "['other']", "[0]")
MARKS = (".", "(", ")", "['", '["', "=", ", ", "\n", "f'{", "}", "@", "# ", " ")
WORDS = ("import ", "from json import ", "raise ", "except ", "def f(", "):\n    ", "x = ")
pieces = st.sampled_from([*NAMES, *MARKS, *WORDS])


@given(st.lists(pieces, max_size=10).map("".join), st.data())
def test_ac38_any_text_has_an_answer_and_nothing_of_the_users_is_run(source: str, data: st.DataObject) -> None:
    recording = Recording()
    offset = data.draw(st.integers(0, len(source)))
    complete(source, offset, recording.names, nobody)
    describe(source, offset, recording.names, lambda source, offset: None)
    definition(source, offset, recording.names, lambda source, offset: None)
    signatures(source, offset, recording.names)
    assert recording.calls == []


identifiers = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_é]{0,8}", fullmatch=True)


@given(st.lists(identifiers, min_size=1, max_size=5, unique=True), st.data())
def test_an_inserted_name_is_the_name(known: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(known))
    typed = name[: data.draw(st.integers(0, len(name)))]
    before = data.draw(st.sampled_from(["", "x = ", "f(1, ", "f'{", "[a for a in ", "if not "]))
    source = before + typed
    found = complete(source, len(source), dict.fromkeys(known, 1), nobody)
    inserts = {item.label: re.sub(r"\w*\Z", "", source) + item.insert for item in found}
    if not (hasattr(builtins, typed) and typed == name):
        assert inserts[name] == before + name
