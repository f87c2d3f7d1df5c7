"""A notebook that visits a running service: it evaluates there, does no harm, and leaves nothing."""

from __future__ import annotations

import asyncio
import getpass
import hashlib
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

import beamlike as bl
from beamlike.distribution.doorway import LANE, LINK
from notebook_tui.document.operations import CancelEvaluation
from notebook_tui.runtime.typing_questions import Describe, Place
from notebook_tui.session.visitor import Visitor
from tests.support.open_notebook import notebook_text, told
from tests.support.proxy import proxy_to
from tests.support.visited import address_of, gone, service, visiting
from tests.support.visited_process import begin_to_beat, in_all, is_as, longest_stall

HARMLESS = """
import os, sys, threading, asyncio, logging
print("from the cell")
x = 20
class Point:
    pass
os.getpid()
"""
AWAITS = """
await asyncio.sleep(0)
loop = asyncio.get_running_loop()
async def forever():
    while True:
        await asyncio.sleep(0.01)
left_behind = asyncio.create_task(forever())
threading.current_thread() is threading.main_thread()
"""
IN_A_THREAD = """
def tell():
    print("from a thread of the cell")
thread = threading.Thread(target=tell)
thread.start()
thread.join()
threading.current_thread().name
"""
SPAWNS = """
import beamlike as bl
async def wait():
    await bl.receive()
pid = bl.spawn(wait)
bl.register("of-the-cell", pid)
"""


def test_a_service_is_as_it_was_when_a_notebook_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        async with service(monkeypatch) as (peer, _):
            for round in range(2):
                before = await peer.call(in_all)
                cells = (HARMLESS, AWAITS, IN_A_THREAD, SPAWNS)
                async with visiting(peer, tmp_path, *cells, name=f"n{round}") as notebook:
                    await notebook.run(1, 2, 3, 4)
                    assert notebook.outputs()
                    pid = await peer.call(os.getpid)
                    assert notebook.result(1) == str(pid)
                    assert notebook.printed(1) == "from the cell\n"
                    assert notebook.result(2) == "True"
                    assert notebook.printed(3) == "from a thread of the cell\n"
                    assert "attached" in str(notebook.result(3))
                    assert not await peer.call(is_as, before)
                assert await gone(peer, before) == {}

    asyncio.run(main())
    assert "from" not in capfd.readouterr().out


BUSY = "while True: pass"
AWAITS_THEN_BLOCKS = """
import asyncio
await asyncio.sleep(0)
while True:
    pass
"""
STUBBORN = """
def spin():
    while True: pass
async def swallow():
    for _ in range(3):
        try:
            spin()
        except BaseException as error:
            print(type(error).__name__)
await swallow()
"""
CALLBACK = """
import asyncio
def spin():
    while True: pass
asyncio.get_running_loop()
loop = __import__("gc")
async def arm():
    asyncio.get_running_loop().call_later(0.05, spin)
await arm()
"""
HUGE = "'x' * 50_000_000"
LOUD = "for _ in range(3000): print('y' * 2000)"


def test_a_cell_that_keeps_the_loop_of_the_service_is_interrupted_and_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with service(monkeypatch, stall_threshold=None) as (peer, _):
            await peer.call(begin_to_beat)
            async with visiting(peer, tmp_path, AWAITS_THEN_BLOCKS, STUBBORN, CALLBACK) as notebook:
                await notebook.run(1)
                error = notebook.error(1)
                assert error is not None
                assert "event loop of the service" in error.message
                await notebook.run(2, alone=True)
                assert notebook.printed(2) == "LoopBlocked\n" * 3
                await notebook.run(3, alone=True)
                await notebook.until(lambda _: "event loop of the service" in notebook.printed(3))
                assert await peer.call(longest_stall) < 10  # against a hang: the machine may be slow

    asyncio.run(main())


def test_a_runaway_cell_a_huge_result_and_a_flood_leave_the_service_answering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with service(monkeypatch) as (peer, _):
            async with visiting(peer, tmp_path, BUSY, HUGE, LOUD, "1 + 1") as notebook:
                await notebook.start(1)
                assert await peer.call(os.getpid)

                notebook.client.send(CancelEvaluation("cell-1"))
                await notebook.until(lambda state: state.evaluating is None)
                await notebook.run(2, alone=True)
                assert "xxx" in str(notebook.result(2))
                assert len(str(notebook.result(2))) < 1_000_000
                await notebook.run(3, alone=True)
                await notebook.run(4, alone=True)
                assert notebook.result(4) == "2"
            assert await peer.call(os.getpid)

    asyncio.run(main())


def test_several_notebooks_visit_at_once_and_one_that_leaves_takes_nothing_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = "import threading\nthread = threading.Thread(target=print, args=('{}',)); thread.start(); thread.join()"

    async def main() -> None:
        async with service(monkeypatch) as (peer, _):
            before = await peer.call(in_all)
            async with visiting(peer, tmp_path, "x = 1", tell.format("first"), name="one") as one:
                await one.run(1)
                awaits = "x = 2; await __import__('asyncio').sleep(0, x)"
                async with visiting(peer, tmp_path, awaits, name="two") as two:
                    await two.run(1)
                    assert two.result(1) == "2"
                await one.run(2)
                assert one.printed(2) == "first\n"
            assert await gone(peer, before) == {}

    asyncio.run(main())


def test_what_a_cell_prints_and_what_the_service_prints_stay_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        async with service(monkeypatch) as (peer, _), visiting(peer, tmp_path, "print('of the cell')") as notebook:
            await notebook.run(1)
            await peer.call(partial(print, "of the service", flush=True))
            await notebook.run(1)
            assert notebook.printed(1) == "of the cell\n"

    asyncio.run(main())
    said = capfd.readouterr().err
    assert "of the service\n" in said
    assert "\nof the cell\n" not in said


def test_values_outlive_a_connection_that_breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with service(monkeypatch) as (peer, _), proxy_to(await address_of(peer)) as proxy:
            before = await peer.call(in_all)
            cells = ("class Point:\n    x = 7\npoint = Point()", "point.x + 1, type(point) is Point")
            async with visiting(peer, tmp_path, *cells, port=proxy.address[1]) as notebook:
                await notebook.run(1)
                proxy.hold()
                proxy.cut(LINK)
                proxy.cut(LANE)
                await notebook.until(lambda _: any("is lost" in words for words in notebook.messages))
                proxy.resume()
                await notebook.until(lambda _: any("connected again" in words for words in notebook.messages))
                await notebook.run(2)
                assert notebook.result(2) == "(8, True)"
            assert await gone(peer, before) == {}

    asyncio.run(main())


KILLED = """
import asyncio, sys
from notebook_tui.document.operations import QueueCells
from notebook_tui.session import attached
attached.LEASE_SECONDS = 0.3
from notebook_tui.cli.open_session import open_session
async def main(path, runtime):
    async with open_session(path, runtime=runtime) as client:
        client.send(QueueCells(("cell-1",)))
        while client.state.evaluating is None:
            await asyncio.sleep(0.01)
        print("evaluating", flush=True)
        await asyncio.sleep(600)
asyncio.run(main(*sys.argv[1:]))
"""


def test_a_notebook_that_is_killed_while_it_evaluates_leaves_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "killed.livemd"
    path.write_text(notebook_text("while True: pass"), encoding="utf-8")

    async def main() -> None:
        async with service(monkeypatch) as (peer, _):
            before = await peer.call(in_all)
            _, port = await address_of(peer)
            program = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", KILLED, str(path), f"attach:{peer.node}:{port}"),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                stdout=asyncio.subprocess.PIPE,
            )
            assert program.stdout is not None
            assert await program.stdout.readline() == b"evaluating\n"
            assert await peer.call(os.getpid)
            program.kill()
            await program.wait()
            assert await gone(peer, before) == {}

    asyncio.run(main())


def make_orders() -> None:
    module = ModuleType("orders_of_the_service")
    exec("pending = {'a': 1}\ndef cancel(order: int, *, why: str = ''):\n    'Cancels it.'", module.__dict__)
    sys.modules[module.__name__] = module


def test_completion_and_hover_know_the_modules_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with service(monkeypatch) as (peer, _):
            await peer.call(make_orders)
            async with Visitor.at(peer.node, await address_of(peer), "test") as visitor:
                await visitor.evaluate("import orders_of_the_service as orders", lambda stream, text: None)
                found = await told(lambda: visitor.complete("orders.", len("orders.")))
                assert {"pending", "cancel"} <= {item.label for item in found}
                asked = Describe(Place("orders.cancel", 10, cells_above=("1",)))
                described = await told(lambda: bl.GenServer.call(visitor._server, asked, timeout=40))
                assert described.docs == "Cancels it."
                assert "why" in described.signature

    asyncio.run(main())


def test_each_evaluation_is_written_down_before_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "audit.jsonl"
    source = "raise SystemExit"

    async def main() -> None:
        async with service(monkeypatch, environment={"BEAMLIKE_AUDIT_FILE": str(log)}) as (peer, _):
            async with Visitor.at(peer.node, await address_of(peer), "eval") as visitor:
                outcome = (await visitor.evaluate(source, lambda stream, text: None)).outcome
                assert outcome.status == "error"
                await visitor.evaluate("x" * 20_000, lambda stream, text: None)
            await until(lambda: log.read_text().count("\n") == 4)

    asyncio.run(main())
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry["what"] for entry in entries] == ["attach", "eval", "eval", "detach"]
    assert entries[1]["source"] == source
    assert entries[1]["sha256"] == hashlib.sha256(source.encode()).hexdigest()
    assert entries[1]["user"] == getpass.getuser()
    assert entries[1]["address"] == "127.0.0.1"
    assert entries[1]["role"] == "evaluate"
    assert entries[1]["node"].startswith("eval-")
    assert (len(entries[2]["source"]), entries[2]["size"]) == (10_000, 20_000)
    assert log.stat().st_mode & 0o777 == 0o600


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not condition():  # noqa: ASYNC110 - the file is another program's
            await asyncio.sleep(0.01)


def test_nothing_runs_where_it_cannot_be_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with service(monkeypatch, environment={"BEAMLIKE_AUDIT_FILE": str(tmp_path / "no" / "log")}) as (peer, _):
            before = await peer.call(in_all)
            with pytest.raises(FileNotFoundError):
                async with Visitor.at(peer.node, await address_of(peer), "eval"):
                    raise AssertionError("it was let in")
            assert await gone(peer, before) == {}

    asyncio.run(main())


def test_who_knows_no_secret_leaves_the_service_answering(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with service(monkeypatch) as (peer, _):
            host, port = await address_of(peer)
            writers = []
            for said in (
                b"",
                b"GET / HTTP/1.1\r\n\r\n",
                LINK,
                LINK + b"\xff" * 4096,
                LANE + bytes(4096),
                os.urandom(9000),
            ):
                for _ in range(20):
                    _, writer = await asyncio.open_connection(host, port)
                    writer.write(said)
                    writers.append(writer)
            async with Visitor.at(peer.node, (host, port), "eval") as visitor:
                assert (await visitor.evaluate("6 * 7", lambda stream, text: None)).outcome.result == "42"
            for writer in writers:
                writer.close()

    asyncio.run(main())


def test_calls_of_other_nodes_are_in_the_audit_log_at_its_finest(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with bl.Node("called@127.0.0.1", secret="s") as called, bl.Node("caller@127.0.0.1", secret="s") as caller:
            await caller.connect(called.name)
            await caller.call(called.name, os.getpid, timeout=10)
            with caplog.at_level("DEBUG", "beamlike.audit"):
                await caller.call(called.name, os.getppid, timeout=10)

    asyncio.run(main())
    said = [record.getMessage() for record in caplog.records if record.name == "beamlike.audit"]
    assert said == ["caller@127.0.0.1 has called@127.0.0.1 call getppid"]
