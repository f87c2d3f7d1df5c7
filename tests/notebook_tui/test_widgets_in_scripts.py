"""Without a notebook, widgets are what a terminal can show, and nothing fails."""

from __future__ import annotations

import asyncio
import datetime
import pickle
import subprocess
import sys
from typing import Any

import pytest

import notebook_tui as nb
from notebook_tui.widgets.input_values import accepted
from notebook_tui.widgets.views import Display, Input, Scalar


def test_importing_the_api_imports_neither_textual_nor_its_widgets() -> None:
    program = "import sys, notebook_tui; print([n for n in sys.modules if n.startswith(('textual', 'notebook_tui.'))])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("name", nb.__all__)
def test_every_name_of_the_api_is_there(name: str) -> None:
    assert getattr(nb, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'tabel'"):
        nb.tabel  # noqa: B018


def test_a_progress_bar_writes_its_end_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(nb.progress([1, 2, 3], note="rows")) == [1, 2, 3]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("rows ━━━━━━━━━━━━━━━━━━━━━━━━  100 %  3/3")
    assert printed.err.count("\n") == 1


def test_a_progress_bar_says_that_its_loop_failed(capsys: pytest.CaptureFixture[str]) -> None:
    def stop_at_two() -> None:
        with nb.progress(total=3) as bar:
            bar.advance(2)
            raise ValueError("two is enough")

    with pytest.raises(ValueError, match="two is enough"):
        stop_at_two()
    assert capsys.readouterr().err.rstrip().endswith("failed")


def test_a_loop_that_is_left_early_has_not_failed(capsys: pytest.CaptureFixture[str]) -> None:
    for item in nb.progress(range(10)):
        if item == 4:
            break
    assert "failed" not in capsys.readouterr().err


def test_progress_counts_async_items(capsys: pytest.CaptureFixture[str]) -> None:
    async def items() -> Any:
        for item in range(3):
            yield item
            await asyncio.sleep(0)

    async def counted() -> list[int]:
        return [item async for item in nb.progress(items())]

    assert asyncio.run(counted()) == [0, 1, 2]
    assert capsys.readouterr().err.startswith("3  ")


def test_frames_text_and_tables_print_as_they_change(capsys: pytest.CaptureFixture[str]) -> None:
    frame = nb.frame("one")
    frame.render("not shown yet")
    frame.show()
    frame.append("more")
    text = nb.text().show()
    text.write("a")
    text.write("b\n")
    table = nb.table([{"n": 1}]).show()
    table.update([{"n": 2}, {"n": 3}])
    table.show()
    assert capsys.readouterr().out.splitlines() == [
        *["not shown yet", "more", "ab"],
        *["n", "─", "1", "1 row", "n", "─", "2", "3", "2 rows"],
    ]


def test_what_is_inside_a_grid_is_shown_as_it_is_then(capsys: pytest.CaptureFixture[str]) -> None:
    plot = nb.plot(title="Loss").line("train", [3.0, 2.0])
    plot.append(train=1.0)
    nb.grid(plot, "beside it").show()
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == "Loss"
    assert "beside it" in printed
    assert [series.y for series in plot.view.series] == [(3.0, 2.0, 1.0)]


def test_handles_travel(capsys: pytest.CaptureFixture[str]) -> None:
    for widget in (nb.frame("x"), nb.plot(), nb.progress([1], note="n"), nb.table([1]), nb.button("b"), nb.tree({})):
        there = pickle.loads(pickle.dumps(widget))
        assert there.ref == widget.ref
        there.show()
    assert capsys.readouterr().out.startswith("x\n")


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: nb.tabs({}), ValueError, "at least one tab"),
        (lambda: nb.grid(columns=0), ValueError, "one column or more"),
        (lambda: nb.table(3), TypeError, "expected a table"),
        (lambda: nb.table([1], page_size=0), ValueError, "1 to 1,000 rows a page"),
        (lambda: nb.plot().line("a", "text"), TypeError, "expected numbers for the values of 'a'"),
        (lambda: nb.plot().line("a", [1, 2], [1]), ValueError, "as many x as y for 'a', got 2 and 1"),
        (lambda: nb.plot().bar("a", ["x"]), TypeError, "a mapping of labels to heights"),
        (lambda: nb.plot().append(loss="low"), TypeError, "expected a number for the y of 'loss', got 'low'"),
        (lambda: nb.image(b"no picture"), ValueError, "expected a PNG, JPEG, GIF, BMP or WebP picture"),
        (lambda: nb.input.text(""), TypeError, "expected a label"),
        (lambda: nb.input.number("n", 5, max=4), ValueError, "expected a number of any to 4 for 'n'"),
        (lambda: nb.input.select("s", []), ValueError, "at least one option"),
        (lambda: nb.input.range("r", 3, 3), ValueError, "min is below its max"),
        (lambda: nb.form({"a": "b"}), TypeError, "expected an input for the field 'a'"),
        (lambda: nb.listen("button", print), TypeError, "expected a button, form, keyboard or input"),
        (lambda: nb.animate(0, print), ValueError, "more than 0 seconds"),
        (lambda: nb.progress(total=-1), ValueError, "a total of 0 or more"),
        (lambda: [nb.plot().append(**{f"s{n}": n for n in range(101)})], ValueError, "at most 100 series"),
        (lambda: (lambda frame: frame.append(nb.grid(frame)))(nb.frame()), ValueError, "one that holds the frame"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_inputs_take_their_value_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_INPUT_BATCH_SIZE", "32")
    monkeypatch.setenv("BEAMLIKE_INPUT_SINCE", "2026-01-31")
    assert nb.input.number("Batch size", 8).value == 32
    assert nb.input.date("Since").value == datetime.date(2026, 1, 31)
    assert nb.input.text("Other", "default").value == "default"


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        (Input("i", "number", "n"), "2.5", 2.5),
        (Input("i", "number", "n"), "1e3", 1000.0),
        (Input("i", "checkbox", "c"), "yes", True),
        (Input("i", "checkbox", "c"), False, False),
        (Input("i", "select", "s", options=(("A", 1), ("B", True))), "1", 1),
        (Input("i", "select", "s", options=(("A", 1), ("B", True))), True, True),
        (Input("i", "date", "d"), "2026-02-03", "2026-02-03"),
        (Input("i", "text", "t"), 5, "5"),
        (Input("i", "number", "n"), None, None),
    ],
)
def test_values_are_taken_as_what_the_input_is_of(field: Input, given: Scalar, value: Scalar) -> None:
    taken = accepted(field, given)
    assert taken == value
    assert type(taken) is type(value)


@pytest.mark.parametrize(
    ("field", "given", "words"),
    [
        (Input("i", "number", "n", low=0), "-1", "0 to any for 'n'"),
        (Input("i", "number", "n"), "many", "expected a number"),
        (Input("i", "number", "n"), "nan", "expected a number"),
        (Input("i", "checkbox", "c"), "maybe", "expected yes or no"),
        (Input("i", "select", "s", options=(("A", 1),)), "B", "expected one of A"),
        (Input("i", "date", "d"), "31.1.", "expected a date as in 2026-01-31"),
    ],
)
def test_other_values_are_refused_with_what_is_expected(field: Input, given: Scalar, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        accepted(field, given)


def test_pictures_are_known_by_their_first_bytes_and_made_of_arrays() -> None:
    numpy = pytest.importorskip("numpy")
    pytest.importorskip("PIL")
    picture = nb.image(numpy.zeros((2, 3, 3)), alt="black")
    assert isinstance(picture, Display)
    data = picture.form("image/png")
    assert isinstance(data, bytes)
    assert nb.image(data).form("image/png") == data
    assert picture.text.startswith("[black: png, ")
    with pytest.raises(ValueError, match="channels that come first"):
        nb.image(numpy.zeros((3, 20, 20)))


def test_a_tree_opens_one_level_and_survives_cycles_and_hostile_values() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError

    cycle: dict[str, Any] = {"h": Hostile()}
    cycle["self"] = cycle
    tree = nb.tree(cycle)
    assert [branch.label for branch in tree.view.branches] == [
        "dict of 2",
        "'h': <Hostile: its repr raised RuntimeError>",
        "'self': dict of 2",
    ]


def test_tqdm_shows_its_bar_as_text_with_carriage_returns() -> None:
    tqdm = pytest.importorskip("tqdm")
    import io

    out = io.StringIO()
    for _ in tqdm.tqdm(range(3), file=out):
        pass
    assert out.getvalue().rsplit("\r", 1)[-1].startswith("100%")


def test_bars_grow_by_their_labels() -> None:
    plot = nb.plot().bar("sales", {"Mon": 3})
    plot.append("Tue", sales=4)
    plot.extend("sales", ["Wed", "Thu"], [5, 6])
    (series,) = plot.view.series
    assert (series.labels, series.y) == (("Mon", "Tue", "Wed", "Thu"), (3.0, 4.0, 5.0, 6.0))


def test_a_bar_that_is_moved_by_hand_shows_its_end_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    bar = nb.progress(total=2)
    bar.set(1)
    bar.set(2)
    assert bar.view.done == 2
