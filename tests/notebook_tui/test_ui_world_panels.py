"""The panels of what is around a notebook: nodes and pools, secrets, files, packages."""

from __future__ import annotations

from dataclasses import replace

from flame.events import PhaseName
from flame.stats import RunnerStats, Stats
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import InsertCell, QueueCells, SetCellSource
from notebook_tui.document.state import RuntimeStatus, State
from notebook_tui.document.versions import Versions
from notebook_tui.runtime.cluster_view import Cluster, NodeSeen
from notebook_tui.runtime.facts import Facts
from notebook_tui.runtime.packages import PackageCheck, Packages, PackageSeen
from notebook_tui.session.messages import SecretNames
from notebook_tui.session.notebook_files import FileSeen, NotebookFiles
from notebook_tui.ui.panels.reading_code import reading_code
from tests.support.fake_session import code, notebook_of
from tests.support.screen import NOW, Terminal, in_terminal

CELL = code("a", "x = 1")
BLOCK = '# /// script\n# dependencies = ["polars>=1", "rich"]\n# ///'
WITH_SETUP = Notebook("Test", Cell("setup", "code", BLOCK), sections=(Section("s", "S", (CELL,)),))
FACTS = Facts("local-1@h", "thinkpad", 47, "3.12.4", "/usr/bin/python", "/data", NOW - 60, 187_000_000, None, None, 8)
SKEW = {"a": Versions(("cpu-1@h",), (("cpu-2@h", 0.0),))}
CONNECTED = State(
    notebook_of(CELL),
    "t.livemd",
    runtime=RuntimeStatus("connected", "local", nodes=("cpu-1@h", "cpu-2@h"), versions=SKEW),
)


def runner(number: int, phase: PhaseName, *, busy: int = 0, cordoned: bool = False) -> RunnerStats:
    node = f"cpu-{number}@h"
    return RunnerStats(
        number,
        node,
        "here",
        phase,
        3.2,
        4,
        busy,
        0,
        0,
        cordoned,
        65.0,
        1234,
        60.0,
        0.0031,
        "",
    )


POOL = replace(
    Stats.of_nothing("cpu"),
    max=4,
    runners=(runner(1, "busy", busy=3), runner(2, "started")),
    waiting=12,
    runner_seconds=41.0,
    usd=0.02,
    wanted=3,
    why="12 calls wait",
)
CLUSTER = Cluster(FACTS, (NodeSeen("cpu-1@h", replace(FACTS, memory=50_000_000), 0.0007), NodeSeen("cpu-2@h")), (POOL,))


@in_terminal(CELL, size=(140, 34), state=CONNECTED)
async def test_nodes_and_pools_are_told_with_phases_queue_cost_and_skew(shown: Terminal) -> None:
    shown.session.cluster_seen = CLUSTER
    await shown.press("s", "n")
    await shown.shows("cpu: 2 of 4 runners")
    text = "\n".join(line.partition("▕")[0] for line in shown.lines)
    assert " ".join(text.split("cpu-1@h")[1].split()[:8]) == "0.7 ms 47.7 MB 3.12.4 1 min same"
    assert "no answer" in text
    for part in ("12 calls wait", "cost: $0.02 for 41 runner-seconds", "busy", "3/4", "started", "older", "$0.0031"):
        assert part in text, part


@in_terminal(CELL, size=(140, 34), state=CONNECTED)
async def test_a_runner_is_drained_and_a_node_disconnected_only_after_a_question(shown: Terminal) -> None:
    shown.session.cluster_seen = CLUSTER
    await shown.press("s", "n")
    await shown.shows("cpu-2@h")
    await shown.press("d")
    await shown.shows("Mark a runner first")
    await shown.press("x", "n")
    assert shown.session.dropped_nodes == []
    await shown.press("x", "y")
    await shown.shows("cpu-1@h is disconnected.")
    assert shown.session.dropped_nodes == ["cpu-1@h"]
    await shown.press("G", "c", "u", "d", "n")
    assert [what for _, _, what in shown.session.told_runners] == ["cordon", "uncordon"]
    await shown.press("d", "y")
    await shown.shows("cpu-2@h is drained and gone.")
    assert shown.session.told_runners[-1] == ("cpu", "cpu-2@h", "drain")
    shown.session.lose_runtime("gone")
    await shown.shows("There is no runtime, so it has no nodes.")


@in_terminal(CELL, size=(140, 34), state=CONNECTED)
async def test_a_cluster_that_does_not_answer_is_told_once_and_asked_on(shown: Terminal) -> None:
    asked = 0

    async def fails() -> Cluster:
        nonlocal asked
        asked += 1
        raise TimeoutError("no answer within 5 s")

    vars(shown.session)["cluster"] = fails
    await shown.press("s", "n")
    await shown.until(lambda: asked >= 3, "it is asked again")
    await shown.press("s", "m")
    await shown.shows("looking at the cluster failed")
    assert shown.text.count("✗ looking at the cluster failed") == 1


@in_terminal(CELL, size=(120, 34))
async def test_a_new_secret_is_typed_unseen_and_given_or_remembered(shown: Terminal) -> None:
    await shown.press("s", "s", "a")
    await shown.type("api-key")
    await shown.press("enter")
    await shown.type("hunter2")
    await shown.press("enter")
    await shown.shows("! expected a name of capital letters")
    assert "hunter2" not in shown.text
    await shown.press(*["backspace"] * 4)
    await shown.press("enter", "enter")
    await shown.shows("Remembered ones are kept in the system's")
    await shown.press("t")
    await shown.shows("● API")
    assert (shown.session.given, shown.session.store) == ({"API": "hunter2"}, {})
    await shown.press("a")
    await shown.type("TOKEN")
    await shown.press("enter", "x", "y", "enter")
    await shown.shows("For how long")
    await shown.press("r")
    await shown.shows("● TOKEN")
    assert shown.session.store == {"TOKEN": "xy"}
    assert "now and next time" in shown.text
    assert "hunter2" not in shown.text


@in_terminal(CELL, size=(120, 34))
async def test_a_stored_secret_is_given_taken_back_and_forgotten(shown: Terminal) -> None:
    shown.session.store = {"DB": "x"}
    await shown.press("s", "s")
    await shown.shows("○ DB")
    await shown.press("enter")
    await shown.shows("● DB")
    assert shown.session.secret_names == SecretNames(("DB",), ("DB",))
    await shown.press("enter")
    await shown.shows("○ DB")
    await shown.press("x", "n")
    assert "DB" in shown.session.store
    await shown.press("x", "y")
    await shown.until(lambda: not shown.session.store, "it is forgotten")
    await shown.press("x")
    await shown.shows("Only what is remembered")


FILES = NotebookFiles(
    "/home/ann",
    (FileSeen("cats.csv", 2_000), FileSeen("gone.json", None, is_missing=True)),
    (FileSeen("notes.txt", 5),),
)


@in_terminal(CELL, size=(120, 34))
async def test_files_are_listed_added_read_and_removed(shown: Terminal) -> None:
    shown.session.notebook_files = FILES
    await shown.press("j", "j", "s", "f")
    await shown.shows("2.0 kB")
    assert "missing" in shown.text
    await shown.press("enter")
    (inserted,) = shown.session.operations_of(InsertCell)
    assert isinstance(inserted, InsertCell)
    assert "open('files/cats.csv'" in inserted.cell.source
    await shown.press("a")
    await shown.type("~/data/dogs.csv")
    await shown.press("enter")
    await shown.shows("dogs.csv belongs to the notebook now.")
    assert shown.session.attached == ["~/data/dogs.csv"]
    await shown.press("x", "n")
    assert shown.session.removed == []
    await shown.press("x", "y")
    await shown.until(lambda: shown.session.removed == ["cats.csv"], "it is removed")
    await shown.press("G", "t")
    await shown.until(lambda: shown.session.attached[-1] == "notes.txt", "it is taken in")
    await shown.press("x")
    await shown.shows("Only files that belong")


def test_a_cell_that_reads_a_file_is_python_whatever_the_file_is_called() -> None:
    for name in ("it's.csv", "a.tsv", "b.json", "c.parquet", "d.png", "notes", "7 ways.txt", "漢字.md"):
        compile(reading_code(f"files/{name}"), name, "exec")


@in_terminal(
    WITH_SETUP, size=(120, 34), state=State(WITH_SETUP, "t.livemd", runtime=RuntimeStatus("connected", "local"))
)
async def test_packages_are_told_checked_added_to_the_setup_and_removed(shown: Terminal) -> None:
    seen = (PackageSeen("polars>=1", "1.30.0", True), PackageSeen("rich", "", False))
    shown.session.packages_of = lambda _: Packages("3.12.4", seen, 7, (("attrs", "1.0"),))
    shown.session.package_checks = {"numpy==2.0": PackageCheck(("numpy 2.0",))}
    await shown.press("s", "p")
    await shown.shows("✓ polars>=1  1.30.0 is there")
    assert "! rich  not there" in shown.text
    await shown.press("i")
    assert "attrs" in shown.text
    await shown.press("a")
    await shown.type("numpy")
    await shown.press("enter", "9", "enter")
    await shown.shows("! no index knows numpy==9")
    await shown.press("backspace", "2", ".", "0", "enter")
    await shown.shows("numpy==2.0 is asked for")
    await shown.press("y")
    (written,) = shown.session.operations_of(SetCellSource)
    assert isinstance(written, SetCellSource)
    assert '"polars>=1", "rich", "numpy==2.0"' in written.source
    assert shown.session.operations_of(QueueCells) == [QueueCells(("setup",))]
    await shown.press("x", "n")
    assert "polars" not in shown.session.state.notebook.setup.source
