"""The notebook about videos, run as it ships but for cells that look: what it shows is measured, and true.

In `make soak` it is a thousand stills.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.platform_worlds import PLATFORMS
from tests.support.processes import wait_until_gone
from tests.support.soak import count

for package in ("av", "numpy", "PIL", "torch"):
    pytest.importorskip(package, reason="make setup EXTRAS=demos")

NOTEBOOK = Path("docs/notebooks/video_stills.livemd")
VIDEOS, STILLS = count(4, 42), count(8, 24)
WORDS = [sys.executable, "-m", "notebook_tui", "run", "--json"]
SECONDS = 600

FENCE = "`" * 3
LIES = """import psutil
memory = psutil.Process().memory_info().rss
kept, truths = truths, dict.fromkeys(truths, Truth("circle", "red", "left"))"""
"""From here on no cell knows what is in the videos."""
BARE = """def bare(still):
    assert type(still).__name__ == "Still" and vars(still).keys() == {"now", "soon"}
    assert all(each.dtype == np.uint8 and each.shape == (HEIGHT, WIDTH, 3) for each in vars(still).values())
    return still

"""
"""What a model is given is pictures, and nothing else."""
LOOKS = """pids = [process.pid for process in psutil.Process().children(recursive=True)]
print("REPORT", json.dumps({
    "pids": [*pids, psutil.Process().pid],
    "nodes": len(pids),
    "videos": len(captions),
    "stills": sum(map(len, captions.values())),
    "held out": accuracy,
    "right": share_right(captions, kept),
    "by lies": share_right(captions, truths),
    "received": received,
    "stills size": stills_size,
    "struck": await struck,
    "grown by": psutil.Process().memory_info().rss - memory,
}))"""

pytestmark = [pytest.mark.timeout(SECONDS), pytest.mark.soak]


def with_cell(text: str, after: str, cell: str) -> str:
    """The notebook with one more cell, behind the one that holds those words."""
    end = text.index(f"{FENCE}\n", text.index(after)) + len(FENCE) + 1
    return f"{text[:end]}\n{FENCE}python\n{cell}\n{FENCE}\n{text[end:]}"


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"expected the notebook to hold {old!r} once"
    return text.replace(old, new)


def probed(tmp_path: Path) -> Path:
    text = NOTEBOOK.read_text(encoding="utf-8")
    text = with_cell(text, "paths = sorted(", f"import json\n{LIES}")
    text = replaced(text, "describing = bl.Serving(", f"{BARE}describing = bl.Serving(")
    text = replaced(text, "describe(stills), load=", "describe([bare(still) for still in stills]), load=")
    text = with_cell(text, "stills_size = ", LOOKS)
    path = tmp_path / NOTEBOOK.name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = probed(tmp_path_factory.mktemp("stills"))
    given = ["--set", f"videos={VIDEOS}", "--set", f"stills_each={STILLS}"]
    run = subprocess.run([*WORDS, str(path), *given], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert run.returncode == 0, run.stderr[-4000:] + run.stdout[-4000:]
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.fixture(scope="module")
def report(told: list[dict[str, Any]]) -> dict[str, Any]:
    # A line may come in pieces.
    printed = "".join(event["text"] for event in told if event["event"] == "output" and event["type"] == "text")
    parsed: dict[str, Any] = json.loads(printed.partition("REPORT")[2].partition("\n")[0])
    return parsed


def test_what_nobody_has_seen_is_described_rightly(report: dict[str, Any]) -> None:
    assert report["held out"] >= 0.9
    assert report["right"] >= 0.9


def test_captions_do_not_come_from_what_the_notebook_knows(report: dict[str, Any]) -> None:
    assert report["by lies"] < 0.5


def test_no_still_passes_the_notebook_on_its_way(report: dict[str, Any]) -> None:
    assert report["stills size"] == VIDEOS * STILLS * 2 * 96 * 72 * 3
    assert report["received"] < report["stills size"] / 2


def test_the_video_of_a_node_that_was_ended_is_done_again(report: dict[str, Any], told: list[dict[str, Any]]) -> None:
    assert report["struck"].startswith("extractors-")
    assert (report["videos"], report["stills"]) == (VIDEOS, VIDEOS * STILLS)
    assert [each["count"] for each in galleries(told)][-1] == VIDEOS * STILLS  # and nothing hangs there twice


def test_the_gallery_holds_a_page_however_many_stills_there_are(told: list[dict[str, Any]]) -> None:
    pages = list(galleries(told))
    assert max(len(page["cards"]) for page in pages) == 8
    assert all(len(card["picture"]["forms"][0][1]) < 10_000 for page in pages for card in page["cards"])


def test_the_memory_of_the_notebook_does_not_grow_with_the_stills(report: dict[str, Any]) -> None:
    assert report["grown by"] < 100e6


def test_the_summary_comes_word_by_word_and_counts_what_there_was(told: list[dict[str, Any]]) -> None:
    texts = [event["text"] for event in told if event.get("kind") == "frame"]
    assert texts[-1].startswith(f"{VIDEOS * STILLS:,} stills were looked at.")
    assert "The colour seen most is *" in texts[-1]


def test_nothing_is_left(report: dict[str, Any], told: list[dict[str, Any]]) -> None:
    assert report["nodes"] >= 3
    wait_until_gone(*report["pids"])
    assert told[-1]["event"] == "notebook_finished"


def galleries(told: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (event["data"] for event in told if event.get("kind") == "gallery" and event["data"])


def unlearned() -> str:
    """The notebook with a model that has learnt next to nothing, where it is not about that."""
    text = NOTEBOOK.read_text(encoding="utf-8")
    text = replaced(text, "gpu.call(learn, 1_000, 7)", "gpu.call(learn, 40, 1)")
    text = replaced(text, "held_out = 40", "held_out = 1")
    return replaced(text, "    assert accuracy >= 0.9\n", "")


def test_an_interrupt_stops_all(tmp_path: Path) -> None:
    text = unlearned()
    # The last still of a video is never hung up: each node is at its first video until it is stopped.
    text = replaced(text, "    return name, captions, bl.self().node\n", WAITS)
    text = replaced(text, "async def bytes_received():", f"{SAYS}async def bytes_received():")
    path = tmp_path / NOTEBOOK.name
    path.write_text(text, encoding="utf-8")
    with subprocess.Popen([*WORDS, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        printed = ""
        for line in program.stdout:
            event = json.loads(line)
            if event.get("type") == "text":
                printed += event["text"]
            if event.get("kind") == "gallery" and event["data"]["count"] >= 8:
                break
        os.kill(program.pid, signal.SIGINT)
        program.communicate(timeout=SECONDS)
    assert program.returncode == 130
    said = re.search(r"PIDS (\[.*\])\n", printed)
    assert said is not None
    pids = json.loads(said[1])
    assert len(pids) >= 3
    wait_until_gone(*pids)


@pytest.mark.parametrize("platform", sorted(PLATFORMS)[: count(0, len(PLATFORMS), part=1)])
def test_elsewhere_by_one_word_and_with_models_of_transformers_by_another(platform: str, tmp_path: Path) -> None:
    """Their weights are random: what they say is nonsense, but it is they who say it, a token at a time."""
    pytest.importorskip("transformers", reason="make setup EXTRAS=demos")
    from tests.support.tiny_models import save_language_model, save_vision_model

    place = tmp_path / "platform"
    place.mkdir()
    given = ["--set", "videos=2", "--set", "stills_each=4"]
    given += ["--set", f"weights={save_vision_model(tmp_path / 'eye')}"]
    given += ["--set", f"writer={save_language_model(tmp_path / 'pen')}"]
    with PLATFORMS[platform](place) as world:
        given += ["--set", f"where={world.spec()}"]
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), **world.environment}
        run = subprocess.run(
            [*WORDS, str(NOTEBOOK), *given],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env=environment,
        )
        assert run.returncode == 0, run.stderr[-4000:]
        assert not world.there()
    told = [json.loads(line) for line in run.stdout.splitlines()]
    page = list(galleries(told))[-1]
    assert page["count"] == 8
    assert all(card["caption"] for card in page["cards"])
    frames = [event["text"] for event in told if event.get("kind") == "frame"]
    assert frames[-1]
    assert not any("stills were looked at" in text for text in frames)


WAITS = """    if gallery is not None:
        await asyncio.Event().wait()
    return name, captions, bl.self().node
"""
SAYS = """import json, psutil
print("PIDS", json.dumps([process.pid for process in psutil.Process().children(recursive=True)]))


"""
