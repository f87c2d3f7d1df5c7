"""Widgets of a real runtime, in a session, as viewers see them and act on them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TypeVar

import pytest

from notebook_tui.document.operations import SetInputValue
from notebook_tui.document.outputs import Display, Error, Result, Text
from notebook_tui.session.options import SessionOptions
from notebook_tui.widgets.messages import Page, Toggle
from notebook_tui.widgets.views import Button, Frame, Grid, Input, Plot, Progress, Sort, Table, TextStream, Tree
from tests.support.open_notebook import OpenNotebook, opened

V = TypeVar("V")

POOL = """import flame, nodes
pool = await flame.Pool.start(name="cpu", backend=nodes.Local(), min=0, max=1)"""


def view(it: OpenNotebook, number: int, kind: type[V]) -> V:
    outputs = it.state.notebook.cell(f"cell-{number}").outputs
    return next(output for output in outputs if isinstance(output, kind))


def views(it: OpenNotebook, number: int, kind: type[V]) -> list[V]:
    return [output for output in it.state.notebook.cell(f"cell-{number}").outputs if isinstance(output, kind)]


def test_a_widget_that_ends_a_cell_is_shown_in_order_with_what_is_printed(tmp_path: Path) -> None:
    source = (
        "import notebook_tui as nb\nprint('before')\nframe = nb.frame('inside').show()\nprint('after')\n"
        "nb.markdown('*end*')"
    )

    async def main() -> None:
        async with opened(tmp_path, source) as it:
            await it.run(1)
            first, frame, after, last = it.state.notebook.cell("cell-1").outputs
            assert (first, after) == (Text("stdout", "before\n"), Text("stdout", "after\n"))
            assert isinstance(frame, Frame)
            assert frame.contents == (Text("stdout", "inside"),)
            assert last == Display((("text/markdown", "*end*"), ("text/plain", "*end*")))

    asyncio.run(main())


def test_ac29_frames_change_wherever_they_are_also_in_a_grid_and_in_another_cell(tmp_path: Path) -> None:
    cells = (
        "import notebook_tui as nb\nframe = nb.frame()\nframe.append('a')\nnb.grid(frame, 'beside')",
        "frame",
        "frame.append('b')",
        "frame.render(nb.table([{'n': 1}]), 'c')",
    )

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1, 2)
            assert view(it, 2, Frame).contents == (Text("stdout", "a"),)
            await it.run(3)
            await it.until(lambda _: view(it, 2, Frame).contents == (Text("stdout", "ab"),))
            assert view(it, 1, Grid).contents[0] == view(it, 2, Frame)
            await it.run(4)
            await it.until(lambda _: len(view(it, 2, Frame).contents) == 2)
            table, text = view(it, 2, Frame).contents
            assert isinstance(table, Table)
            assert (table.rows, text) == ((("1",),), Text("stdout", "c"))

    asyncio.run(main())


def test_a_thousand_points_a_function_on_a_child_pushes_arrive_in_few_operations(tmp_path: Path) -> None:
    cells = (
        POOL,
        "import notebook_tui as nb\nplot = nb.plot(title='Loss').show()\n"
        "def train(plot):\n    for step in range(1000):\n        plot.append(step, loss=1000 - step)\n"
        "    return 'done'\n"
        "await flame.call(pool, train, plot)",
    )

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1)
            before = it.client.applied
            await it.run(2)
            await it.until(lambda _: bool(view(it, 2, Plot).series) and len(view(it, 2, Plot).series[0].x) == 1000)
            (series,) = view(it, 2, Plot).series
            assert (series.name, series.y[0], series.y[-1]) == ("loss", 1000.0, 1.0)
            assert it.result(2) == "'done'"
            assert it.client.applied - before < 300
            await it.client.restart()

    asyncio.run(main())


def test_a_widget_that_a_function_makes_on_a_child_is_shown_in_the_cell_and_answers_from_there(tmp_path: Path) -> None:
    cells = (
        POOL,
        "import notebook_tui as nb\n"
        "def look():\n    return nb.table([{'n': n} for n in range(50)], title='far').show()\n"
        "table = await flame.call(pool, look)\ntable.ref",
    )

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1, 2)
            await it.until(lambda _: bool(views(it, 2, Table)))
            table = view(it, 2, Table)
            assert (table.title, len(table.rows), table.count) == ("far", 10, 50)
            page = await it.client.rows(table.ref, Page(40, 20, Sort("n", True)))
            assert [row[0] for row in page.rows] == [str(n) for n in range(9, -1, -1)]
            await it.client.restart()

    asyncio.run(main())


def test_ac23_a_run_sees_the_value_of_its_start_and_is_stale_when_it_is_another(tmp_path: Path) -> None:
    cells = (
        "import notebook_tui as nb\nname = nb.input('Name', default='hey').show()\nname.value",
        # It reads again once the test has set another value.
        "import asyncio, os\nprint('reading')\nbefore = name.value\n"
        "while not os.path.exists('set'): await asyncio.sleep(0.01)\nbefore, name.value",
        "before",
    )

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1)
            assert it.result(1) == "'hey'"
            field = view(it, 1, Input)
            await it.start(2)
            await it.until(lambda _: it.printed(2) == "reading\n")
            it.client.set_input(field.ref, "stuff")
            await it.until(lambda state: state.inputs[field.ref].value == "stuff")
            (tmp_path / "set").touch()
            await it.until(lambda state: state.evaluating is None)
            assert it.result(2) == "('hey', 'hey')"
            assert it.state.evaluation("cell-2").standing.validity == "stale"
            await it.run(3)
            assert it.result(3) == "'stuff'"
            assert it.result(2) == "('stuff', 'stuff')"
            # The user's value stays when the cell that shows the input runs again.
            await it.run(1)
            assert it.result(1) == "'stuff'"
            assert it.state.inputs[field.ref].value == "stuff"

    asyncio.run(main())


def test_a_value_that_the_input_does_not_take_is_refused_in_words(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "import notebook_tui as nb\nnb.input.number('Age', 3, min=0)") as it:
            await it.run(1)
            ref = view(it, 1, Input).ref
            it.client.send(SetInputValue(ref, "many"))
            await it.until(lambda _: "expected a number for 'Age', got 'many'" in it.messages)
            it.client.set_input(ref, "7")
            await it.until(lambda state: state.inputs[ref].value == 7)

    asyncio.run(main())


def test_a_secret_is_read_by_cells_and_stands_nowhere_in_the_document(tmp_path: Path) -> None:
    cells = "import notebook_tui as nb\nkey = nb.input.secret('Key')\nkey", "len(key.value or '')"

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1)
            ref = view(it, 1, Input).ref
            it.client.send(SetInputValue(ref, "swordfish"))
            await it.until(lambda _: any("by a call of its own" in text for text in it.messages))
            it.client.set_secret_input(ref, "swordfish")
            await it.until(lambda state: state.inputs[ref].value is not None)
            await it.run(2)
            assert it.result(2) == "9"
            assert "swordfish" not in repr(it.state)

    asyncio.run(main())


def test_who_presses_a_button_is_heard_by_the_callback_until_the_cell_runs_again(tmp_path: Path) -> None:
    cell = (
        "import notebook_tui as nb\nbutton = nb.button('Again').show()\ncount = nb.text().show()\n"
        "def pressed(event):\n    count.write('x')\n    raise ValueError('goes on')\nnb.listen(button, pressed);"
    )

    async def main() -> None:
        async with opened(tmp_path, cell) as it:
            await it.run(1)
            old = view(it, 1, Button)
            it.client.act(old.ref)
            it.client.act(old.ref)
            await it.until(lambda _: view(it, 1, TextStream).text == "xx")
            await it.run(1)
            it.client.act(old.ref)
            await it.until(lambda _: "no cell shows this widget any more" in it.messages)
            it.client.act(view(it, 1, Button).ref)
            await it.until(lambda _: view(it, 1, TextStream).text == "x")

    asyncio.run(main())


def test_a_form_hands_all_its_values_over_at_once(tmp_path: Path) -> None:
    cell = (
        "import notebook_tui as nb\nform = nb.form({'n': nb.input.number('N'), 's': nb.input('S')}).show()\n"
        "async for event in form:\n    print(sorted(event.value.items()))\n    break"
    )

    async def main() -> None:
        from notebook_tui.widgets.views import Form

        async with opened(tmp_path, cell) as it:
            await it.start(1)
            await it.until(lambda _: bool(views(it, 1, Form)))
            assert not it.state.inputs
            it.client.act(view(it, 1, Form).ref, {"n": 3, "s": "x"})
            await it.until(lambda state: state.evaluating is None)
            assert it.printed(1) == "[('n', 3), ('s', 'x')]\n"

    asyncio.run(main())


def test_a_branch_of_a_tree_opens_when_somebody_opens_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "import notebook_tui as nb\nnb.tree({'a': {'b': 1}})") as it:
            await it.run(1)
            tree = view(it, 1, Tree)
            assert [branch.label for branch in tree.branches] == ["dict of 1", "'a': dict of 1"]
            it.client.act(tree.ref, Toggle(tree.branches[1].path))
            await it.until(lambda _: len(view(it, 1, Tree).branches) == 3)

    asyncio.run(main())


def test_a_table_whose_cell_ran_again_says_that_it_is_gone(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "import notebook_tui as nb\nnb.table(list(range(30)))") as it:
            await it.run(1)
            old = view(it, 1, Table)
            assert (await it.client.rows(old.ref, Page(20, 5))).rows[0] == ("20",)
            with pytest.raises(LookupError, match="expected one of the columns value"):
                await it.client.rows(old.ref, Page(0, 5, Sort("size")))
            await it.run(1)
            with pytest.raises(LookupError, match="no cell shows this widget any more"):
                await it.client.rows(old.ref, Page())

    asyncio.run(main())


def test_a_cell_that_interrupts_itself_keeps_its_names_and_says_why(tmp_path: Path) -> None:
    cells = "import notebook_tui as nb\nx = 1\nnb.interrupt('choose a file first')", "x"

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1, 2)
            assert it.state.evaluation("cell-1").interrupted
            assert it.error(1) == Error("Interrupted", "choose a file first", "", None)
            assert it.result(2) is None
            await it.run(2, alone=True)
            assert it.result(2) == "1"

    asyncio.run(main())


def test_progress_of_a_loop_is_shown_and_ends_full(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "import notebook_tui as nb\nsum(nb.progress(range(1000), note='rows'))") as it:
            await it.run(1)
            await it.until(lambda _: view(it, 1, Progress).state == "done")
            progress = view(it, 1, Progress)
            assert (progress.done, progress.total, progress.note) == (1000, 1000, "rows")
            assert it.result(1) == "499500"

    asyncio.run(main())


def test_values_in_a_frame_are_shown_in_all_their_forms(tmp_path: Path) -> None:
    cell = (
        "import notebook_tui as nb\nclass Cat:\n    def _repr_markdown_(self): return '*cat*'\n"
        "    def __repr__(self): return 'cat'\nnb.frame(Cat(), 3)"
    )

    async def main() -> None:
        async with opened(tmp_path, cell) as it:
            await it.run(1)
            cat, three = view(it, 1, Frame).contents
            assert cat == Display((("text/markdown", "*cat*"), ("text/plain", "cat")))
            assert three == Display((("text/plain", "3"),))

    asyncio.run(main())


def test_processes_and_messages_of_a_node_are_looked_at_live(tmp_path: Path) -> None:
    cells = (
        "import beamlike as bl, notebook_tui as nb\nasync def echo():\n    while True: await bl.receive()\n"
        "pid = bl.spawn(echo)\nbl.register('echo', pid)\nawait nb.processes()",
        "await nb.messages(pid)",
        "bl.send(pid, 'hello')",
    )

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1, 2, 3)
            assert any("echo" in row[1] for row in view(it, 1, Table).rows)
            await it.until(lambda _: "Received" in view(it, 2, TextStream).text)
            assert "'hello'" in view(it, 2, TextStream).text

    asyncio.run(main())


def test_tqdm_and_rich_progress_work_unchanged(tmp_path: Path) -> None:
    pytest.importorskip("tqdm")
    cells = (
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(5)): pass",
        "from rich.progress import track\nfor _ in track(range(5)): pass",
    )

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1, 2)
            assert it.error(1) is None
            assert "100%" in it.printed(1)
            assert it.printed(1).count("\n") <= 2
            assert it.error(2) is None
            assert "100%" in it.printed(2)

    asyncio.run(main())


def test_a_result_that_is_no_widget_is_still_a_result(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "21 * 2") as it:
            await it.run(1)
            assert it.state.notebook.cell("cell-1").outputs == (Result("42"),)

    asyncio.run(main())


def test_a_callback_sees_what_the_user_has_set_by_then(tmp_path: Path) -> None:
    cell = (
        "import notebook_tui as nb\nname = nb.input('Name', 'first').show()\nbutton = nb.button('Greet').show()\n"
        "said = nb.text().show()\nnb.listen(button, lambda _: said.write(f'hello {name.value}\\n'));"
    )

    async def main() -> None:
        async with opened(tmp_path, cell) as it:
            await it.run(1)
            it.client.act(view(it, 1, Button).ref)
            await it.until(lambda _: view(it, 1, TextStream).text == "hello first\n")
            it.client.set_input(view(it, 1, Input).ref, "second")
            it.client.act(view(it, 1, Button).ref)
            await it.until(lambda _: view(it, 1, TextStream).text == "hello first\nhello second\n")
            # It has not read the input as a run does, so it is not outdated by that.
            assert it.state.evaluation("cell-1").standing.validity == "evaluated"

    asyncio.run(main())


def test_a_button_whose_program_has_ended_says_so_where_another_cell_still_shows_it(tmp_path: Path) -> None:
    cells = "import notebook_tui as nb\nbutton = nb.button('Again')\nbutton", "button"

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1, 2)
            old = view(it, 2, Button)
            await it.run(1, alone=True)
            it.client.act(old.ref)
            await it.until(lambda _: any("the program of this widget has ended" in text for text in it.messages))

    asyncio.run(main())


def test_the_programs_of_widgets_that_no_cell_shows_any_more_end(tmp_path: Path) -> None:
    cells = (
        "import beamlike as bl, notebook_tui as nb\n"
        "def is_server(pid):\n    return '_serve' in str(bl.process_info(pid, 'initial_call'))\n"
        "def alive():\n    return sum(map(is_server, bl.processes()))\n"
        "frame = nb.frame().show()",
        "import asyncio\nfor n in range(1000):\n    frame.render(nb.button(str(n)))\n"
        "    if n % 100 == 0: await asyncio.sleep(0.06)\n"
        "for _ in range(200):\n    if alive() < 700: break\n    await asyncio.sleep(0.05)\nalive() < 700",
    )

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1, 2)
            assert it.result(2) == "True", it.outputs()

    asyncio.run(main())


def test_a_secret_that_was_given_beforehand_is_read_and_stands_in_no_view(tmp_path: Path) -> None:
    cells = (
        "import notebook_tui as nb\nkey = nb.input.secret('API key').show()\nlen(key.value)",
        "len(key.value)",
    )
    options = SessionOptions(inputs={"BEAMLIKE_INPUT_API_KEY": "swordfish"})

    async def main() -> None:
        async with opened(tmp_path, *cells, options=options) as it:
            await it.run(1, 2)
            assert (it.result(1), it.result(2)) == ("9", "9")
            assert "swordfish" not in repr(it.state)
            assert it.state.evaluation("cell-1").standing.validity == "evaluated"

    asyncio.run(main())


def test_values_of_a_form_are_checked_and_have_their_defaults(tmp_path: Path) -> None:
    cell = (
        "import notebook_tui as nb\nform = nb.form({'n': nb.input.number('N', 2), 's': nb.input('S')}).show()\n"
        "async for event in form:\n    print(sorted(event.value.items()))\n    break"
    )

    async def main() -> None:
        from notebook_tui.widgets.views import Form

        async with opened(tmp_path, cell) as it:
            await it.start(1)
            await it.until(lambda _: bool(views(it, 1, Form)))
            ref = view(it, 1, Form).ref
            it.client.act(ref, {"n": "many"})
            await it.until(lambda _: "expected a number for 'N', got 'many'" in it.messages)
            it.client.act(ref, {"s": "x", "m": 1})
            await it.until(lambda _: "expected values of n, s, got m" in it.messages)
            it.client.act(ref, {"s": "x"})
            await it.until(lambda state: state.evaluating is None)
            assert it.printed(1) == "[('n', 2), ('s', 'x')]\n"

    asyncio.run(main())


def test_messages_of_a_process_on_another_node_are_shown_and_again_when_the_cell_runs_again(tmp_path: Path) -> None:
    cells = (
        POOL,
        "import beamlike as bl, notebook_tui as nb\nasync def echo():\n    while True: await bl.receive()\n"
        "node = await flame.call(pool, lambda: bl.self().node)\npid = bl.spawn(echo, node=node)",
        "await nb.messages(pid)",
        "bl.send(pid, 'hello')",
    )

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1, 2, 3, 4)
            await it.until(lambda _: "Received" in view(it, 3, TextStream).text)
            await it.run(3)
            assert it.error(3) is None
            await it.run(4)
            await it.until(lambda _: "Received" in view(it, 3, TextStream).text)
            await it.client.restart()

    asyncio.run(main())


def test_a_table_of_a_value_that_is_on_another_node_is_made_there(tmp_path: Path) -> None:
    cells = (
        POOL,
        "import notebook_tui as nb\ndef made():\n    return flame.keep([{'n': n} for n in range(5000)])\n"
        "rows = await flame.call(pool, made)",
        "nb.table(rows)",
        "await flame.call(pool, nb.table, rows)",
    )

    async def main() -> None:
        async with opened(tmp_path, *cells) as it:
            await it.run(1, 2, 3)
            error = it.error(3)
            assert error is not None
            assert "make the table there, as in await flame.call(pool, nb.table, data)" in error.message
            await it.run(4, alone=True)
            assert it.error(4) is None
            table = view(it, 4, Table)
            assert (len(table.rows), table.count) == (10, 5000)
            assert (await it.client.rows(table.ref, Page(4990, 10))).rows[-1] == ("4999",)
            await it.client.restart()

    asyncio.run(main())


def test_a_picture_of_some_megabytes_is_shown_and_one_that_is_too_large_is_left_out_in_words(tmp_path: Path) -> None:
    cell = (
        "import notebook_tui as nb\nstart = b'\\x89PNG\\r\\n\\x1a\\n'\n"
        "nb.frame(nb.image(start + bytes(5_000_000), alt='sky')).show()\n"
        "frame = nb.frame().show()\nframe.append(nb.image(start + bytes(9_000_000), alt='too much'))"
    )

    async def main() -> None:
        async with opened(tmp_path, cell) as it:
            await it.run(1)
            await it.until(lambda _: bool(views(it, 1, Frame)[1].contents))
            large, left_out = (each.contents[0] for each in views(it, 1, Frame))
            assert isinstance(large, Display)
            assert len(large.form("image/png") or b"") == 5_000_008
            assert isinstance(left_out, Display)
            assert left_out.text == "[too much: png, 9,000,008 bytes]"
            assert left_out.form("image/png") is None

    asyncio.run(main())


def test_what_a_cell_that_never_waits_changes_is_seen_while_it_runs(tmp_path: Path) -> None:
    cell = (
        "import notebook_tui as nb\nfrom pathlib import Path\nplot, frame = nb.plot().show(), nb.frame().show()\n"
        "while not Path('seen').exists():\n    plot.append(loss=1)\n    frame.render('going')"
    )

    async def main() -> None:
        async with opened(tmp_path, cell) as it:
            await it.start(1)
            await it.until(lambda _: bool(views(it, 1, Frame)) and bool(view(it, 1, Frame).contents))
            await it.until(lambda _: bool(view(it, 1, Plot).series))
            assert it.state.evaluating == "cell-1"
            (tmp_path / "seen").touch()
            await it.until(lambda state: state.evaluating is None)
            assert it.error(1) is None

    asyncio.run(main())


@pytest.mark.parametrize("last", ["n.value", "n"], ids=["shown, then read", "read, then shown"])
def test_a_cell_that_shows_an_input_and_reads_it_itself_is_stale_once_that_has_another_value(
    tmp_path: Path, last: str
) -> None:
    first = "n.show()" if last == "n.value" else "n.value"

    async def main() -> None:
        async with opened(tmp_path, f"import notebook_tui as nb\nn = nb.input.number('N', 1)\n{first}\n{last}") as it:
            await it.run(1)
            it.client.set_input(view(it, 1, Input).ref, 5)
            await it.until(lambda state: state.evaluation("cell-1").validity == "stale")

    asyncio.run(main())
