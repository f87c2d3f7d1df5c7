"""What functions print, log and report on real children, as a script, a leader and a notebook get it.

A function of this file stands for the process that runs the calls of a runner.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import beamlike as bl
import nodes
from beamlike.kernel.group_leader import Output, set_leader
from flame.output import CallOutput, Progress, Sink, sink_for_caller
from flame.output_logging import install
from flame.progress import progress
from tests.support.captured_log import captured_log
from tests.support.open_notebook import notebook_text
from tests.support.processes import child_nodes

SECONDS = 20.0


async def perform(sink: Sink, call: int, function: Callable[..., Any], *args: Any) -> Any:
    """What a runner does for a call: an async function in this process, a plain one in a thread."""
    install(logging.INFO)
    output = CallOutput(sink, tag="cpu-1", call=call)
    output.enter()
    try:
        if asyncio.iscoroutinefunction(function):
            return await function(*args)
        return await asyncio.to_thread(function, *args)
    finally:
        output.end()


@asynccontextmanager
async def a_child() -> AsyncIterator[str]:
    async with asyncio.timeout(3 * SECONDS), bl.Node("output@127.0.0.1", secret=b"a secret of the test"):
        child = await nodes.boot(nodes.Local())
        try:
            yield child.node
        finally:
            await child.stop()
        assert child_nodes() == []


def on_a_child(test: Callable[[str], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        async def main() -> None:
            async with a_child() as child:
                await test(child)

        asyncio.run(main())

    return run


async def called(child: str, sink: Sink, function: Callable[..., Any], *args: Any, call: int = 7) -> Any:
    return await bl.rpc.call(child, perform, sink, call, function, *args, timeout=SECONDS)


async def outputs() -> str:
    """What this process, as the leader, has got by now."""
    text = ""
    while True:
        try:
            text += (await bl.receive(lambda message: isinstance(message, Output), timeout=0)).text
        except TimeoutError:
            return text


@on_a_child
async def test_what_a_call_prints_is_there_before_its_value(child: str) -> None:
    def plain(count: int) -> int:
        for number in range(count):
            print("plain", number)
        return count

    async def not_plain(count: int) -> int:
        return plain(count)

    set_leader(bl.self())
    for function in (plain, not_plain):
        assert await called(child, sink_for_caller(), function, 1000) == 1000
        assert await outputs() == "".join(f"[cpu-1] plain {number}\n" for number in range(1000))


@on_a_child
async def test_a_call_is_heard_while_it_runs(child: str) -> None:
    async def ask(home: bl.Pid) -> str:
        print("Your name? ", end="")
        bl.send(home, bl.self())
        return str(await bl.receive())

    set_leader(bl.self())
    calling = asyncio.create_task(called(child, sink_for_caller(), ask, bl.self()))
    asked = await bl.receive(lambda message: isinstance(message, Output), timeout=SECONDS)
    assert asked.text == "[cpu-1] Your name? "
    bl.send(await bl.receive(lambda message: isinstance(message, bl.Pid), timeout=SECONDS), "Ada")
    assert await calling == "Ada"


@on_a_child
async def test_a_flood_costs_the_value_nothing_and_is_told_of(child: str) -> None:
    def flood() -> str:
        for _ in range(50):
            print("x" * 79 + "\n", end="")
            sys.stdout.write("\n".join(["y" * 79] * 5000) + "\n")  # more than may go in a second: so is the last one
        return "value"

    set_leader(bl.self())
    assert await called(child, sink_for_caller(), flood) == "value"
    *lines, notice = (await outputs()).splitlines()
    assert len("".join(lines)) < 4 << 20
    assert notice.startswith("[cpu-1] ... ")
    assert "left out" in notice


class Unpaid(Exception):
    pass


@on_a_child
async def test_what_a_call_logs_is_logged_at_a_caller_without_a_leader(child: str) -> None:
    def work() -> None:
        log = logging.getLogger("test.lib")
        log.info("%d of %s", 3, "ten")
        log.debug("below the level")
        try:
            raise Unpaid("Ada owes")
        except Unpaid:
            log.exception("not %s", object)

    logging.getLogger("test.lib").setLevel(logging.INFO)
    with captured_log("test.lib") as records:
        await called(child, sink_for_caller(), work)
    logging.getLogger("test.lib").setLevel(logging.NOTSET)
    first, second = records
    assert (first.levelname, first.msg, first.args) == ("INFO", "%d of %s", (3, "ten"))
    assert (first.__dict__["flame_node"], first.__dict__["flame_call"]) == (child, 7)
    assert second.getMessage() == "not <class 'object'>"
    assert 'raise Unpaid("Ada owes")' in (second.exc_text or "")


@on_a_child
async def test_what_a_call_logs_is_text_for_a_leader(child: str) -> None:
    def work() -> None:
        logging.getLogger("test.lib").warning("low on %s", "memory")

    set_leader(bl.self())
    await called(child, sink_for_caller(), work)
    assert await outputs() == "[cpu-1] WARNING:test.lib:low on memory\n"


@on_a_child
async def test_progress_comes_to_the_address_of_the_call_and_the_last_one_before_the_value(child: str) -> None:
    def work() -> None:
        for _ in progress.track(range(5000), note="steps"):
            pass

    alias = bl.alias()
    await called(child, sink_for_caller(alias), work)
    told: list[Progress] = []
    while not told or told[-1].done < 5000:
        told.append((await bl.receive(ref=alias.ref, timeout=0)).value)
    assert all(each.node == child and each.call == 7 and each.total == 5000 for each in told)


@on_a_child
async def test_a_call_within_a_call_is_heard_by_the_same_caller(child: str) -> None:
    other = await nodes.boot(nodes.Local())

    async def outer(home: str, inner: str) -> None:
        print("outer")
        await bl.rpc.call(home, relay_to, inner, timeout=SECONDS)
        print("outer again")

    async def relay_to(inner: str) -> None:
        await called(inner, sink_for_caller(), print, "inner", call=8)

    set_leader(bl.self())
    try:
        await called(child, sink_for_caller(), outer, bl.self().node, other.node)
    finally:
        await other.stop()
    assert (await outputs()).splitlines() == ["[cpu-1] outer", "[cpu-1] inner", "[cpu-1] outer again"]


SCRIPT = """
import asyncio
import beamlike as bl, nodes
from tests.integration.test_flame_output import called
from flame.output import sink_for_caller

def work():
    import logging, sys
    from flame.progress import progress
    print("on the child")
    print("to stderr", file=sys.stderr)
    logging.getLogger("lib").warning("a warning")
    progress(1, 2)
    progress(2, 2)
    return "the value"

async def main():
    async with bl.Node("script@127.0.0.1", stall_threshold=None):
        child = await nodes.boot(nodes.Local())
        try:
            print(await called(child.node, sink_for_caller(), work))
        finally:
            await child.stop()

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_script_prints_what_its_calls_print(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    words = [sys.executable, str(script)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "[cpu-1] on the child\nthe value\n", done.stderr
    assert done.stderr.splitlines() == [
        "[cpu-1] to stderr",
        "[cpu-1] WARNING:lib:a warning",
        "[cpu-1] 2/2 (100 %)",
    ]


CELLS = (
    "import flame\npool = await flame.Pool.start(name='cpu', max=2)",
    "def work(number):\n    print('work', number)\n    return number\n\nprint(await flame.call('cpu', work, 3))",
    "await pool.stop()",
)


def test_a_cell_shows_what_its_calls_print(tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    path.write_text(notebook_text(*CELLS), encoding="utf-8")
    words = [sys.executable, "-m", "notebook_tui", "run", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    printed = next(at for at, line in enumerate(lines) if line.endswith("work 3"))
    assert lines[printed + 1] == "3"
