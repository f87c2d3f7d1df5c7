"""Cells that read: `input()`, `getpass`, `sys.stdin` and pdb, answered by a message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.runtimes import Running, running


def with_runtime(tmp_path: Path, test: Callable[[Running], Awaitable[None]]) -> None:
    async def main() -> None:
        async with running(tmp_path) as runtime:
            await test(runtime)

    asyncio.run(main())


@pytest.mark.parametrize("container", ["", "b"])
def test_input_gives_what_is_answered_and_stands_in_the_output_as_on_a_terminal(tmp_path: Path, container: str) -> None:
    async def test(runtime: Running) -> None:
        runtime.start("c1", "print('before')\nname = input('Who? ')\nprint('hello', name)\nname", container=container)
        wanted = await runtime.asked("c1")
        assert (wanted.prompt, wanted.hidden) == ("Who? ", False)
        # The prompt has come before the question.
        assert runtime.printed("c1") == "before\nWho? "
        runtime.answer(wanted, "Ada")
        assert (await runtime.finished("c1")).result == "'Ada'"
        assert runtime.printed("c1") == "before\nWho? Ada\nhello Ada\n"

    with_runtime(tmp_path, test)


def test_a_password_is_asked_for_hidden_and_never_shown(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        runtime.start("c1", "from getpass import getpass\nlen(getpass())")
        wanted = await runtime.asked("c1")
        assert (wanted.prompt, wanted.hidden) == ("Password: ", True)
        runtime.answer(wanted, "a secret word")
        assert (await runtime.finished("c1")).result == "13"
        assert runtime.printed("c1") == "Password: \n"

    with_runtime(tmp_path, test)


def test_standard_input_is_read_line_by_line_until_its_end(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        runtime.start("c1", "import sys\nsys.stdin.read()")
        for text in ("one", "", "two", None):
            runtime.answer(await runtime.asked("c1"), text)
        assert (await runtime.finished("c1")).result == r"'one\n\ntwo\n'"
        runtime.start("c2", "input()")
        runtime.answer(await runtime.asked("c2"), None)
        failure = (await runtime.finished("c2")).failure
        assert failure is not None
        assert failure.type == "EOFError"

    with_runtime(tmp_path, test)


def test_a_thread_of_a_cell_asks_for_its_cell_also_after_it_ended(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        await runtime.result("c1", "import threading\nthreading.Thread(target=lambda: print(input('> ') * 2)).start()")
        wanted = await runtime.asked("c1")
        await runtime.result("c2", "print('another one meanwhile')")
        runtime.answer(wanted, "ab")
        await runtime.prints("c1", "abab")

    with_runtime(tmp_path, test)


@pytest.mark.parametrize("container", ["", "b"])
def test_an_interrupt_ends_the_wait_for_an_answer_and_the_question(tmp_path: Path, container: str) -> None:
    async def test(runtime: Running) -> None:
        runtime.start("c1", "x = 1\ninput('Who? ')\nx = 2", container=container)
        wanted = await runtime.asked("c1")
        runtime.interrupt("c1")
        assert (await runtime.finished("c1")).status == "interrupted"
        await runtime.settled(wanted)
        runtime.answer(wanted, "too late")
        assert await runtime.result("c2", "x", "c1", container=container) == "1"

    with_runtime(tmp_path, test)


def test_what_a_thread_of_a_cell_asks_is_settled_when_the_cell_runs_again(tmp_path: Path) -> None:
    asks = """
        import threading
        def ask():
            try: input("Who? ")
            except EOFError as error: print(error)
        threading.Thread(target=ask).start()
    """

    async def test(runtime: Running) -> None:
        for end in (lambda: runtime.start("c1", "7"), lambda: runtime.forget("c1")):
            await runtime.result("c1", asks)
            wanted = await runtime.asked("c1")
            end()
            await runtime.settled(wanted)

    with_runtime(tmp_path, test)


def test_a_breakpoint_opens_the_debugger_at_the_cells_line(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        runtime.start("c1", "def f(x):\n    breakpoint()\n    return x + 1\nf(41)")
        answers = iter(["p x", "x = 9", "c"])
        for text in answers:
            wanted = await runtime.asked("c1")
            assert wanted.prompt == "(Pdb) "
            runtime.answer(wanted, text)
        assert (await runtime.finished("c1")).result == "10"
        assert "return x + 1" in runtime.printed("c1")
        assert "(Pdb) p x\n41\n" in runtime.printed("c1")

    with_runtime(tmp_path, test)


@pytest.mark.parametrize("start", ["breakpoint()", "import pdb; pdb.set_trace()"])
@pytest.mark.parametrize("how", ["interrupt", "q"])
def test_leaving_the_debugger_ends_the_cell_as_an_interrupt_does(tmp_path: Path, start: str, how: str) -> None:
    async def test(runtime: Running) -> None:
        runtime.start("c1", f"x = 1\n{start}\nx = 2\nimport time\ntime.sleep(600)")
        wanted = await runtime.asked("c1")
        if how == "q":
            runtime.answer(wanted, "q")
        else:
            runtime.interrupt("c1")
        assert (await runtime.finished("c1")).status == "interrupted"
        assert await runtime.result("c2", "x", "c1") == "1"

    with_runtime(tmp_path, test)


def test_a_cell_can_be_interrupted_whatever_handler_an_earlier_one_has_set(tmp_path: Path) -> None:
    async def test(runtime: Running) -> None:
        await runtime.result("c1", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN);")
        runtime.start("c2", "import time\nprint('waits')\ntime.sleep(600)")
        await runtime.prints("c2", "waits")
        runtime.interrupt("c2")
        assert (await runtime.finished("c2")).status == "interrupted"

    with_runtime(tmp_path, test)
