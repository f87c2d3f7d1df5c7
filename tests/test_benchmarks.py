"""The benchmarks still run: each can be imported, and those of the kernel print their figures, at small counts."""

from __future__ import annotations

import importlib
import json

import pytest

from tests.bench import kernel
from tests.bench.__main__ import benchmarks, main

SMALL = {
    "SPAWNS": 100,
    "CHURN": 10,
    "IDLE": 100,
    "ROUND_TRIPS": 10,
    "RING": 10,
    "TOKENS_AND_LAPS": ((1, 2), (3, 2)),
    "SENDERS": 3,
    "EACH": 3,
    "QUEUED": 100,
    "CALLS": 10,
}


@pytest.mark.parametrize("name", benchmarks())
def test_each_benchmark_has_a_main_and_says_what_it_measures(name: str) -> None:
    module = importlib.import_module(f"tests.bench.{name}")
    assert callable(module.main)
    assert module.__doc__


@pytest.mark.parametrize("loop", kernel.LOOPS)
def test_the_kernels_figures_come_with_those_of_their_limit(
    loop: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, count in SMALL.items():
        monkeypatch.setattr(kernel, name, count)
    for ours, limit in (*kernel.CASES, (kernel.idle, kernel.idle)):
        kernel.on_loop(loop, "beamlike", ours)
        kernel.on_loop(loop, "limit", limit)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    figures = {(line["system"], line["metric"]) for line in lines}
    assert {line["workload"] for line in lines} == {"W1", "W2", "W3", "W4", "W5"}
    measured = {metric for system, metric in figures if system == f"beamlike@{loop}"}
    assert measured - {metric for system, metric in figures if system == f"limit:{loop}"} == {"reply_behind_a_backlog"}


def test_an_unknown_benchmark_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nosuch"]) == 2
    assert "got nosuch" in capsys.readouterr().err
