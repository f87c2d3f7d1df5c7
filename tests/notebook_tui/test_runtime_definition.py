"""Where the name under the caret is defined, which stands at the `|` of each text."""

from __future__ import annotations

import functools
import inspect
import json
import linecache
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from beamlike.code.notebook_module import NotebookModule
from notebook_tui.runtime.answers import Location
from notebook_tui.runtime.definition import definition
from notebook_tui.runtime.static_analysis import static_location

NOTHING: Mapping[str, object] = {}
HERE = str(Path(__file__))


def decorated(function: Any) -> Any:
    @functools.wraps(function)
    def around(*args: object) -> object:
        return function(*args)

    return around


class Box:
    @property
    def lid(self) -> int:
        raise AssertionError("a property was run")

    def open(self) -> None: ...

    @classmethod
    def of(cls) -> None: ...


@decorated
def wrapped() -> None: ...


def line_of(thing: Any) -> int:
    return inspect.getsourcelines(thing)[1]


def nobody(_source: str, _offset: int) -> None:
    return None


def found(
    text: str, names: Mapping[str, object] = NOTHING, above: str = "", hidden: tuple[str, ...] = ()
) -> Location | None:
    before, after = text.split("|")
    return definition(before + after, len(before), names, nobody, above=above, hidden=hidden)


def place(text: str, names: Mapping[str, object] = NOTHING, above: str = "") -> tuple[str, int, str] | None:
    location = found(text, names, above)
    return (location.where, location.line, location.path) if location is not None else None


def test_what_this_text_binds_is_defined_here_at_its_last_binding_before_the_caret() -> None:
    assert place("x = 1\nx = 2\nprint(x|)\nx = 3") == ("here", 2, "")
    assert place("def f(size):\n    return si|ze", {"size": 1}) == ("here", 1, "")


def test_what_a_cell_above_binds_that_has_not_run_is_defined_in_its_text() -> None:
    assert place("par|sed()", above="import json\ndef parsed(): ...") == ("above", 2, "")
    assert place("x = 1\nx|", above="x = 2\nx = 3") == ("here", 1, "")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Box|", line_of(Box)),
        ("box.op|en()", line_of(Box.open)),
        ("Box.o|f", line_of(Box.of)),
        ("box.li|d", line_of(vars(Box)["lid"].fget)),
        ("wrap|ped", line_of(inspect.unwrap(wrapped))),
        ("part|ly()", line_of(line_of)),
        ("f'{lin|e_of}'", line_of(line_of)),
    ],
)
def test_a_live_function_or_class_knows_its_file(text: str, line: int) -> None:
    names = {"Box": Box, "box": Box(), "wrapped": wrapped, "partly": functools.partial(line_of, 1), "line_of": line_of}
    location = found(text, names)
    assert location is not None
    assert (location.where, location.line, location.path) == ("file", line, HERE)
    assert location.text == Path(HERE).read_text(encoding="utf-8")


def test_of_a_module_it_is_the_first_line_of_its_file_and_of_its_members_theirs() -> None:
    assert place("js|on", {"json": json}) == ("file", 1, json.__file__)
    assert place("import js|on") == ("file", 1, json.__file__)
    assert place("from json import du|mps") == ("file", line_of(json.dumps), json.__file__)
    assert place("from json import loads\nloa|ds") == ("file", line_of(json.loads), json.__file__)


@pytest.mark.parametrize("text", ["number|", "le|n", "nobody|", "x = |", "'te|xt'", "# com|ment", "if|", "self.x|"])
def test_what_nobody_wrote_down_is_defined_nowhere(text: str) -> None:
    assert found(text, {"number": 1}) is None


def test_a_name_that_the_cell_does_not_see_is_defined_nowhere() -> None:
    assert found("wrapped|", {"wrapped": wrapped}, hidden=("wrapped",)) is None


def test_a_function_and_a_class_of_a_cell_are_defined_in_the_cell_that_ran() -> None:
    text = "x = 1\ndef greet(): ...\n\nclass Own:\n    def hello(self): ..."
    with closing(NotebookModule("defined_in_cells")) as notebook:
        exec(notebook.compile_cell(text, "cell 1"), notebook.namespace)
        cells = {notebook.source_name("cell 1"): "cell-7"}
        for asked, line in (("greet", 2), ("Own", 4), ("Own.hello", 5)):
            location = definition(asked, len(asked), notebook.namespace, nobody, cells=cells)
            assert location == Location("cell", line, "cell-7", text)


def test_a_module_or_class_that_says_anything_of_itself_is_not_asked() -> None:
    class Lying(ModuleType):
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(name)

    class Meta(type):
        @property
        def __module__(cls) -> str:  # type: ignore[override]
            raise AssertionError("__module__ was run")

    names = {"lying": Lying("lying"), "Own": Meta("Own", (), {"__module__": 5})}
    assert found("lyi|ng", names) is None
    assert found("lying.x|", names) is None
    assert found("Ow|n", names) is None


def test_what_lives_nowhere_yet_is_looked_for_in_the_files_of_the_path() -> None:
    source = "from xmlrpc.client import ServerProxy"
    location = definition(source, len(source) - 2, {}, static_location)
    assert location is not None
    assert location.path.endswith("client.py")
    assert linecache.getline(location.path, location.line).startswith("class ServerProxy")


def test_a_place_that_the_analysis_tells_counts_from_the_cell_and_not_from_what_stands_above() -> None:
    told = Location("here", 3)
    assert definition("y.z", 3, {}, lambda _source, _offset: told, above="a = 1\nb = 2") == Location("here", 1)
    assert definition("y.z", 3, {}, lambda _source, _offset: Location("here", 2), above="a = 1\nb = 2") == Location(
        "above", 2
    )
