"""The sweep of BERT classifiers that ships with the program, with four children as its acceptance test.

It runs headless, as `beamlike run --set nodes=4` does, and what it shows is taken from the events of `--json`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psutil
import pytest

from beamlike.kernel.record import frozen
from tests.support.platform_worlds import PLATFORMS
from tests.support.processes import wait_until_gone
from tests.support.soak import count

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed: make setup EXTRAS=torch", allow_module_level=True)
if importlib.util.find_spec("transformers") is None:
    pytest.skip("transformers is not installed: make setup EXTRAS=demos", allow_module_level=True)

ROOT = Path(__file__).parents[2]
SECONDS = 280
STEPS = 80
COMMONEST: Final = 44.6
"""How often who always names the commonest book is right, in percent."""

pytestmark = pytest.mark.timeout(300)


@frozen
class Ran:
    code: int
    text: str
    """All that the cells printed."""
    plots: tuple[Mapping[str, Any], ...]
    """As they were in the end, in the order in which they were shown."""
    left: tuple[int, ...]
    """Processes that the run has started and that it has not ended."""
    errors: str

    def percents(self, before: str) -> list[float]:
        return [float(found) for found in re.findall(rf"{before}.*?([\d.]+)%", self.text)]


def ran(directory: Path, *, nodes: int, steps: int, where: str = "local", **environment: str) -> Ran:
    notebooks = shutil.copytree(ROOT / "docs" / "notebooks", directory / "notebooks")
    mark = uuid4().hex
    sets = [f"--set={name}={value}" for name, value in {"nodes": nodes, "steps": steps, "where": where}.items()]
    ended = subprocess.run(
        [sys.executable, "-m", "notebook_tui", "run", str(notebooks / "bert_sweep.livemd"), *sets, "--json"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "BEAMLIKE_STATE": str(directory / "state"),
            "BEAMLIKE_TEST_MARK": mark,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    texts = [event["text"] for event in events if event["event"] == "output" and event["type"] == "text"]
    plots = {view["ref"]: view["data"] for event in events for view in _plots_in(event) if view["data"]}
    return Ran(ended.returncode, "".join(texts), tuple(plots.values()), tuple(_marked(mark)), ended.stderr)


def _plots_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Those of an event, also within frames and tabs."""
    if isinstance(value, dict):
        if value.get("kind") == "plot":
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _plots_in(each)


def _marked(mark: str) -> Iterator[int]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("BEAMLIKE_TEST_MARK") == mark:
                yield process.pid


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    it = ran(tmp_path_factory.mktemp("sweep"), nodes=4, steps=STEPS)
    assert it.code == 0, it.errors + it.text
    return it


def test_good_settings_learn_what_was_held_out_and_high_rates_diverge(run: Ran) -> None:
    first, *_ = run.percents("best: ")
    assert first > COMMONEST + 10
    assert max(run.percents("best: ")) > COMMONEST + 20
    assert "diverged: 0.3 × 32, 0.3 × 16" in run.text


def test_a_killed_child_loses_its_own_run_which_says_why_and_runs_again(run: Ran) -> None:
    (name,) = re.findall(r"^(.+) was lost: process \d+ was killed by SIGKILL$", run.text, re.MULTILINE)
    assert f"lost: {name}" in run.text
    *_, again = re.findall(r"^best: (.+), right", run.text, re.MULTILINE)
    assert again == name


def test_warm_children_run_the_code_that_was_edited(run: Ran) -> None:
    assert "3 of the children have run both versions of the code" in run.text
    assert "MeanBert" in run.text


def test_an_interrupted_sweep_stops_all_its_runs(run: Ran) -> None:
    assert re.search(r"^4 calls were stopped, and none is at work on the \d children any more$", run.text, re.MULTILINE)


def test_the_weights_answer_where_they_are_and_as_a_copy(run: Ran) -> None:
    assert re.search(r"^.* \(Book \d\), says .* on sweep-\d$", run.text, re.MULTILINE)
    assert re.search(r"^[\d,]+ weights, MeanBert$", run.text, re.MULTILINE)


def test_nothing_is_left(run: Ran) -> None:
    assert re.search(r"^0 of [45] children are left$", run.text, re.MULTILINE)
    wait_until_gone(*run.left)


def test_each_step_of_each_run_is_a_point_of_one_plot(run: Ran) -> None:
    loss, accuracy, *_ = run.plots
    for plot in (loss, accuracy):
        assert [len(series["x"]) for series in plot["series"]] == [STEPS] * 4
    assert {series["name"] for series in loss["series"]} == {"0.001 × 32", "0.3 × 32", "0.001 × 16", "0.3 × 16"}
    assert (loss["title"], accuracy["title"]) == tuple(
        f"{what}, learning rate × batch size" for what in ("Loss", "Accuracy")
    )


@pytest.mark.soak
@pytest.mark.parametrize("platform", sorted(PLATFORMS, reverse=True)[: count(0, len(PLATFORMS), part=1)])
def test_one_line_takes_the_same_notebook_to_a_platform(platform: str, tmp_path: Path) -> None:
    (home := tmp_path / "platform").mkdir()
    with PLATFORMS[platform](home) as world:
        it = ran(tmp_path, nodes=2, steps=4, where=world.spec(), **world.environment)
        assert it.code == 0, it.errors + it.text
        assert not world.there()
    assert re.search(r"^.+ was lost: (pod|machine) .+ was killed by SIGKILL", it.text, re.MULTILINE)
    assert re.search(r"^0 of [23] children are left$", it.text, re.MULTILINE)
    wait_until_gone(*it.left)
