"""The benchmarks still run: each can be imported, and the kernel's print their figures, at the smallest sizes."""

from __future__ import annotations

import asyncio
import importlib
import json
import shutil
from pathlib import Path

import pytest

from tests.bench import harm
from tests.bench.__main__ import HERE, benchmarks, main
from tests.bench.kernel import __main__ as kernel
from tests.bench.kernel import cases, erlang, systems
from tests.bench.kernel.cases import Case
from tests.bench.kernel.sizes import TINY

OF_RPC = {"seq_latency_erpc_p50", "seq_latency_erpc_p99", "conc100_erpc", "conc100_erpc_cpu"}
NO_LIMIT = {"enqueue_to_busy", "link_exit_10k", "f32_64MiB", *OF_RPC}
"""What has no counterpart in tasks that hand over by futures."""


@pytest.mark.parametrize("name", benchmarks())
def test_each_benchmark_has_a_main_and_says_what_it_measures(name: str) -> None:
    package = (HERE / name).is_dir()
    module = importlib.import_module(f"tests.bench.{name}.__main__" if package else f"tests.bench.{name}")
    assert callable(module.main)
    assert module.__doc__


@pytest.mark.parametrize("case", cases.ALL, ids=lambda case: case.name)
def test_a_case_of_the_kernel_gives_the_same_figures_on_both_loops(
    case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    on_asyncio, on_uvloop = (figures(case, f"beamlike@{loop}", capsys) for loop in systems.LOOPS)
    assert on_asyncio == on_uvloop != set()


@pytest.mark.parametrize("case", [case for case in cases.ALL if case.limit], ids=lambda case: case.name)
@pytest.mark.parametrize("loop", systems.LOOPS)
def test_the_kernels_figures_come_with_those_of_their_limit(
    loop: str, case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, limit = figures(case, f"beamlike@{loop}", capsys), figures(case, f"limit:{loop}", capsys)
    assert limit <= ours
    assert ours - limit <= NO_LIMIT


def figures(case: Case, system: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    systems.measure(case, system, TINY)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    # A limit may show what else there is to reach, under a name of its own.
    assert {line["system"].partition(":")[0] for line in printed} == {system.partition(":")[0]}
    lines = [line for line in printed if line["system"] == system]
    # So few idle processes may fit into memory that the interpreter has already.
    assert all(line["value"] > 0 or line["unit"] == "B" for line in lines)
    return {line["metric"] for line in lines}


def test_what_fails_inside_a_measurement_fails_the_measurement() -> None:
    async def fails(*_: object) -> None:
        raise LookupError("inside")

    with pytest.raises(LookupError, match="inside"):
        systems.measure(Case("fails", fails), "beamlike@asyncio", TINY)


def test_a_round_prints_lines_of_all_systems_and_then_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("BEAMLIKE_PEERS", str(tmp_path))
    kernel.main(["1", "--tiny", "--only", "w2"])
    printed = capsys.readouterr()
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert {line["system"] for line in lines} == {
        f"{kind}{loop}" for kind in ("beamlike@", "limit:") for loop in systems.LOOPS
    }
    assert all(line["round"] == 0 and line["foreign_cpu"] >= 0 for line in lines)
    assert "Erlang's rows are left out: " in printed.err
    assert "| W2.pingpong | msg/s | beamlike@uvloop |" in printed.err


@pytest.mark.parametrize(
    ("asked", "found"),
    [(["w1"], ["w1_spawn", "w1_idle_100k", "w1_idle_1M"]), (["w10"], ["w10_deaths"]), (["w1_spawn"], ["w1_spawn"])],
)
def test_cases_are_chosen_by_the_beginning_of_their_names(asked: list[str], found: list[str]) -> None:
    assert [case.name for case in cases.chosen(asked)] == found


def test_an_unknown_case_is_refused_in_words() -> None:
    with pytest.raises(SystemExit, match=r"expected beginnings of w1_spawn.*got w99"):
        kernel.main(["--only", "w99"])


def test_where_there_is_no_erlang_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(erlang.Absent, match="no erl, erlc, epmd on the PATH"), erlang.compiled(tmp_path):
        pass


PROBE = """
-module(w02_erl).
-export([main/0]).
main() ->
    [_, Host] = string:lexemes(atom_to_list(node()), "@"),
    io:format("{\\"host\\":\\"~s\\",\\"quick\\":~s}~n", [Host, os:getenv("PERF_QUICK")]).
"""


@pytest.mark.skipif(shutil.which("erlc") is None, reason="no erlc on the PATH")
def test_a_program_in_erlang_is_compiled_and_run_as_a_node_on_loopback(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "w02_erl.erl").write_text(PROBE)
    with erlang.compiled(tmp_path) as peers:
        [line] = kernel.run(peers.running("w02_erl", tiny=True))
    assert json.loads(line) == {"host": "127.0.0.1", "quick": 1}


def test_an_unknown_benchmark_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nosuch"]) == 2
    assert "got nosuch" in capsys.readouterr().err


def test_the_harm_of_a_node_is_told_as_ratios_to_the_service_without(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(harm.measure(rounds=1, seconds=0.2))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    ratios = {(line["system"], line["metric"]): line["value"] for line in lines if line["metric"].endswith("_ratio")}
    assert set(ratios) == {
        (f"beamlike {kind}", f"{metric}_ratio") for kind in ("idle", "observed") for metric in harm.METRICS
    }
    assert all(value > 0 for value in ratios.values())
