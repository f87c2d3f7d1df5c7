"""Over there one sees the source: in tracebacks, through `inspect`, and it was sent once."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER

import pytest

from beamlike.code.notebook_module import NotebookModule
from beamlike.code.peer import Peer
from beamlike.code.pickler import dumps
from beamlike.code.source import UnknownSource
from beamlike.code.sources import SOURCES
from beamlike.code.unsourced import ForeignCode, load_marshalled
from tests.support.cells import run_cell
from tests.support.codecs import in_one
from tests.support.second_interpreter import SecondInterpreter


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("seen")) as module:
        yield module


def test_the_traceback_over_there_shows_cell_line_and_text(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(notebook, "def ratio(a, b):\n    # a comment\n    return a / b", "cell 3")
    outcome = there.outcome(names["ratio"], 1, 0)
    assert isinstance(outcome.error, ZeroDivisionError)
    assert '"<notebook seen, cell 3 #' in outcome.traceback
    assert '>", line 3, in ratio\n    return a / b\n           ~~^~~\n' in outcome.traceback


def test_each_version_of_a_cell_shows_its_own_text(there: SecondInterpreter, notebook: NotebookModule) -> None:
    old = run_cell(notebook, "def go(n):\n    return n / 0  # old", "cell 1")["go"]
    there.outcome(old, 1)
    new = run_cell(notebook, "def go(n):\n    return n % 0  # new", "cell 1")["go"]
    assert "return n % 0  # new" in there.outcome(new, 1).traceback
    assert "return n / 0  # old" in there.outcome(old, 1).traceback


def test_getsource_works_over_there(there: SecondInterpreter, notebook: NotebookModule) -> None:
    text = "def shout(word):\n    return word.upper()\n"
    names = run_cell(notebook, "import math\n\n" + text)
    assert there.call(inspect.getsource, names["shout"]) == text


def test_the_text_is_sent_once_for_each_peer(there: SecondInterpreter, notebook: NotebookModule) -> None:
    text = "def length(word):\n    return len(word)\n" + "# padding\n" * 1000
    length = run_cell(notebook, text)["length"]
    assert (there.call(length, "light"), there.call(length, "dark")) == (5, 4)
    first, second = there.sent[-2:]
    assert first > len(text)
    assert second < 600
    with SecondInterpreter() as another:
        assert another.call(length, "void") == 4
        assert another.sent[0] > len(text)


def test_a_peer_that_forgot_a_source_gets_it_again(notebook: NotebookModule) -> None:
    peer = Peer(limit=2)
    functions = [run_cell(notebook, "def f(): ...", f"cell {n}")["f"] for n in range(3)]
    assert all(b"def f" in (dumps(function, peer).ahead or b"") for function in functions)
    assert len(peer) == 2
    assert b"def f" not in (dumps(functions[2], peer).ahead or b"")
    assert b"def f" in (dumps(functions[0], peer).ahead or b"")


def test_what_cannot_travel_leaves_its_source_unsent(notebook: NotebookModule) -> None:
    peer = Peer()
    names = run_cell(notebook, "import threading\nlock = threading.Lock()\ndef f(): return lock")
    with pytest.raises(TypeError):
        dumps(names["f"], peer)
    assert len(peer) == 0


def test_bytecode_of_another_python_is_refused_in_words(there: SecondInterpreter) -> None:
    generated = eval("lambda: 1")  # of no source that anybody knows
    frame = in_one(dumps((generated, ()), Peer()))
    assert there.exchange(frame).value == 1
    other = bytes([MAGIC_NUMBER[0] ^ 1, *MAGIC_NUMBER[1:]])
    refused = there.exchange(frame.replace(MAGIC_NUMBER, other)).error
    assert isinstance(refused, ForeignCode)
    assert "expected code that Python 3." in str(refused)
    assert "got `<lambda>` as bytecode of Python" in str(refused)


def test_marshalled_code_of_this_python_loads(notebook: NotebookModule) -> None:
    import marshal

    code = (lambda: 5).__code__
    assert load_marshalled(MAGIC_NUMBER, "3.x", "<lambda>", marshal.dumps(code)) == code


def test_code_whose_source_never_came_is_an_error_in_words(there: SecondInterpreter, notebook: NotebookModule) -> None:
    lost = run_cell(notebook, "def lost(): return 'nobody sent me'")["lost"]
    peer = Peer()
    dumps([lost], peer)  # and its bytes go nowhere
    unknown = there.exchange(in_one(dumps((lost, ()), peer))).error
    assert isinstance(unknown, UnknownSource)
    assert SOURCES.find(lost.__code__)[0].hash.hex() in str(unknown)  # type: ignore[index]
