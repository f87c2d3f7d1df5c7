"""Which cells a run evaluates, and when it is over."""

from __future__ import annotations

from pathlib import Path

from tests.support.headless import events, run

FENCE = "```"


def section(name: str, *cells: str, branch: bool = False, metadata: str = "") -> str:
    parent = '<!-- livebook:{"branch_parent_index":0} -->\n\n' if branch else ""
    fences = "\n\n".join(f"{metadata}\n\n{FENCE}python\n{cell}\n{FENCE}" for cell in cells)
    return f"{parent}## {name}\n\n{fences}\n\n"


def test_below_a_cell_that_may_fail_the_run_goes_on_and_has_failed_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    may_fail = '<!-- livebook:{"continue_on_error":true} -->'
    text = "# T\n\n" + section("A", "1 / 0", metadata=may_fail) + section("B", "print('goes', 'on')")
    path.write_text(text, encoding="utf-8")
    result = run(path)
    assert result.returncode == 1
    assert "goes on\n" in result.stdout
    assert result.stderr.endswith("beamlike: cell 1 of 2 (A) failed\n")


def test_cells_that_run_at_once_have_a_time_limit_each(tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    # The slow one ends by its limit alone.
    quick, slow = "import asyncio\nawait asyncio.sleep(0.1)", "import asyncio\nawait asyncio.sleep(600)\n'slow'"
    text = "# T\n\n" + section("A", "1") + section("B", quick, branch=True) + section("C", slow, branch=True)
    path.write_text(text, encoding="utf-8")
    told = events(run(path, "--json", "--cell-timeout", "10"))
    ends = {event["section"]: event["status"] for event in told if event["event"] == "cell_finished"}
    assert ends == {"A": "ok", "B": "ok", "C": "failed"}
    assert told[-1]["failure"] == "cell 3 of 3 (C) was not done within 10.0 s"
