"""A typist's questions, put to a runtime that answers as it is told, or to none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from notebook_tui.document.completion import Completion
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.state import State
from notebook_tui.runtime.answers import Description, Location, SignatureHelp
from notebook_tui.runtime.formatting import Formatted, NotFormatted
from notebook_tui.runtime.typing_questions import Complete, Describe, Format, Place, Question
from notebook_tui.session import typing_help
from notebook_tui.session.hover import docs_as_markdown, hover
from notebook_tui.session.typing_help import Definition, TypingHelp, same_line
from tests.support.documents import all_run, state_of
from tests.support.local_nodes import in_node

CELLS = {"s": {"a": "import json\ndef greet(name):\n    'Says hello.'", "b": "x = 1\ny = 2", "c": "greet"}}


class Runtime(bl.GenServer):
    def init(self, answer: Callable[[Question], Any], asked: list[Question]) -> None:
        self._answer = answer
        self._asked = asked

    def handle_call(self, request: Any, _client: object) -> Any:
        self._asked.append(request)
        return self._answer(request)


async def with_runtime(
    answer: Callable[[Question], Any], state: State | None = None
) -> tuple[TypingHelp, list[Question]]:
    asked: list[Question] = []
    server: bl.Pid = await Runtime.start(answer, asked)

    async def server_of() -> bl.Pid:
        return server

    return TypingHelp(lambda: state or state_of(CELLS), server_of), asked


def without_runtime(state: State | None = None) -> TypingHelp:
    async def server_of() -> None:
        return None

    return TypingHelp(lambda: state or state_of(CELLS), server_of)


@in_node
async def test_without_a_runtime_the_texts_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typing_help, "SECONDS", 60.0)
    help = without_runtime()
    labels = [it.label for it in await help.complete("c", "gre", 3)]
    assert labels == ["greet"]
    assert await help.signatures("c", "greet(", 6) == (SignatureHelp("greet", ("name",), 0),)
    described = await help.describe("c", "greet(", 3)
    assert described is not None
    assert described.markdown == "```python\ndef greet(name)\n```\n\nSays hello."
    assert await help.definition("c", "greet(", 3) == Definition(2, "a")
    assert await help.definition("c", "x", 1) == Definition(1, "b")
    assert await help.definition("c", "k = 1\n\nk", 8) == Definition(1, "c")
    assert await help.format("x  = 1") == Formatted("x = 1")


@in_node
async def test_ac38_a_runtime_is_asked_with_what_the_cell_sees() -> None:
    state = all_run(state_of({"s": {"a": "x = 1", "b": "", "c": "number = 10"}}))
    help, asked = await with_runtime(lambda _question: [], state)
    await help.complete("b", "nu", 2)
    assert asked == [Complete(Place("nu", 2, "", frozenset({"number"}), "", ("setup", "a")))]


@in_node
async def test_a_runtime_that_fails_or_is_gone_has_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_question: Question) -> None:
        raise OSError("gone")

    for help in ((await with_runtime(fail))[0], (await with_runtime(lambda _question: bl.NO_REPLY))[0]):
        monkeypatch.setattr(typing_help, "SECONDS", 0.05)
        assert await help.complete("c", "x", 1) == []
        assert await help.describe("c", "x", 1) is None
        assert await help.signatures("c", "f(", 2) == ()


@in_node
async def test_a_text_is_formatted_here_where_the_runtime_has_no_formatter() -> None:
    help, asked = await with_runtime(lambda _question: NotFormatted("there is none", no_formatter=True))
    assert await help.format("x=1") == Formatted("x = 1")
    assert asked == [Format("x=1")]
    help, _ = await with_runtime(lambda _question: NotFormatted("'(' was never closed", 1))
    assert await help.format("x = (") == NotFormatted("'(' was never closed", 1)


@in_node
async def test_a_proposal_is_described_as_if_it_had_been_taken() -> None:
    described = Description("os.path", "module", "", "Paths.", start=3, end=7)
    help, asked = await with_runtime(lambda _question: described)
    found = await help.describe_completion("c", "os.pa + 1", 5, Completion("path", "module", "path"))
    assert found is not None
    assert (found.start, found.end) == (3, 7)
    (question,) = asked
    assert isinstance(question, Describe)
    assert (question.place.source, question.place.offset) == ("os.path + 1", 7)
    assert await help.describe_completion("c", "d['", 3, Completion("key", "attribute", "key']")) is None


@in_node
async def test_a_definition_in_a_cell_that_ran_is_found_where_its_line_stands_now() -> None:
    def in_cell(cell_id: str, text: str = "y = 2") -> Callable[[Question], Location]:
        return lambda _question: Location("cell", 1, cell_id, text)

    assert await (await with_runtime(in_cell("b")))[0].definition("c", "y", 1) == Definition(2, "b")
    gone = await (await with_runtime(in_cell("gone", "def y(): ...")))[0].definition("c", "y", 1)
    assert gone == Definition(1, text="def y(): ...")


@in_node
async def test_a_definition_in_a_file_comes_with_the_files_text(tmp_path: Path) -> None:
    told = Location("file", 3, str(tmp_path / "far.py"), "a\nb\ndef y(): ...")
    help, _ = await with_runtime(lambda _question: told)
    assert await help.definition("c", "y", 1) == Definition(3, path=told.path, text=told.text)


@pytest.mark.parametrize(
    ("then", "now", "line", "expected"),
    [("a\nb", "a\nb", 2, 2), ("a\nb", "b\nx\nb", 2, 1), ("a\nb", "x", 2, 1), ("a", "", 1, 1), ("", "a\nb", 9, 2)],
)
def test_a_line_is_found_again_where_it_reads_the_same_or_as_near_as_there_is_one(
    then: str, now: str, line: int, expected: int
) -> None:
    assert same_line(then, now, line) == expected


def test_a_hover_tells_where_something_is_defined_in_the_words_of_people() -> None:
    notebook = state_of(CELLS).notebook

    def words(location: Location) -> str:
        found = hover(Description("f", "function", "()", "", location=location), notebook)
        return found.markdown.rpartition("\n")[2]

    assert words(Location("cell", 3, "b")) == "*Defined in cell 2, line 3.*"
    assert words(Location("cell", 3, "gone")) == "*Defined in a cell that is gone, line 3.*"
    assert words(Location("file", 3, "/a/b.py")) == "*Defined in `/a/b.py`, line 3.*"


def test_a_hover_says_what_it_is_and_of_which_value() -> None:
    def title(described: Description) -> str:
        return hover(described, Notebook()).markdown.splitlines()[1]

    assert title(Description("x", "variable", "", "", "int", "1")) == "x: int = 1"
    assert title(Description("C", "class", "(a)", "")) == "class C(a)"
    assert title(Description("os", "module", "", "")) == "module os"
    assert title(Description("f", "function", "", "")) == "def f(…)"


@pytest.mark.parametrize(
    ("docs", "expected"),
    [
        ("Adds.\n\n:param a: A number.", "Adds.\n- `a`: A number."),
        (
            "Adds.\n\nParameters\n----------\na : int\n    A number.",
            "Adds.\n\n#### Parameters\n\n- `a`: int\n    A number.",
        ),
        ("Plain *words*.", "Plain *words*."),
        ("", ""),
    ],
)
def test_documentation_is_shown_as_markdown_whatever_its_style(docs: str, expected: str) -> None:
    assert docs_as_markdown(docs) == expected


DOC_LINES = ("Args:", "Returns:", "    a: b", "    a (int): b", "Parameters", "----------", "a : int", ":param x: y")
MARKS = (
    "::",
    "..  code::",
    ">>> x",
    "`",
    "*",
    "```",
    "",
    "    ",
    "=====",
    ".. note:: a",
    "| a",
    "http://[",
    "\\",
    "é\0",
)


@given(st.lists(st.sampled_from(DOC_LINES + MARKS), max_size=8).map("\n".join))
def test_no_documentation_is_too_odd_to_be_shown(docs: str) -> None:
    assert isinstance(docs_as_markdown(docs), str)
