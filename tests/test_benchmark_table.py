"""Medians and ratios of measured lines."""

from __future__ import annotations

import pytest

from tests.bench.kernel import table
from tests.bench.kernel.table import Line, Samples


def line(system: str, number: int, value: float, *, foreign: float = 0.0, run: str = "", metric: str = "call") -> Line:
    return {
        "system": system,
        "workload": "W5",
        "metric": metric,
        "unit": "call/s",
        "value": value,
        "round": number,
        "run": run,
        "foreign_cpu": foreign,
    }


def test_a_ratio_is_the_median_of_the_ratios_within_a_round() -> None:
    slow_machine_in_round_1 = [("beamlike@uvloop", (100, 10, 120)), ("erlang", (50, 10, 100))]
    lines = [line(system, n, value) for system, values in slow_machine_in_round_1 for n, value in enumerate(values)]
    [cells] = table.rows(lines)
    assert cells[:6] == ("W5.call", "call/s", "beamlike@uvloop", "100", "10 .. 120", "3")
    assert cells[6:9] == ("", "", "50")
    assert cells[9:] == ("", "", "1.20")


def test_rounds_of_two_runs_are_not_compared_with_each_other() -> None:
    lines = [
        line(system, 0, value, run=run)
        for run, ours, theirs in (("a", 4, 2), ("b", 12, 3))
        for system, value in (("beamlike@uvloop", ours), ("limit:uvloop", theirs))
    ]
    [cells] = table.rows(lines)
    assert cells[10] == "3.00"


def test_what_was_measured_several_times_in_a_round_counts_once() -> None:
    found = table.samples([line("erlang", 0, value) for value in (1, 5, 6)] + [line("erlang", 1, 7)])
    assert found.rounds == {("", 0): 5, ("", 1): 7}


def test_disturbed_samples_are_left_out_where_three_clean_ones_remain() -> None:
    lines = [line("erlang", n, 10) for n in range(3)] + [line("erlang", 3, 99, foreign=1.0)]
    assert table.samples(lines) == Samples({("", n): 10 for n in range(3)}, clean=True)


def test_where_fewer_remain_all_are_used_and_the_median_is_marked() -> None:
    found = table.samples(
        [line("erlang", 0, 10), line("erlang", 1, 20, foreign=1.0), line("erlang", 2, 30, foreign=1.0)]
    )
    assert not found.clean
    assert table.shown(found) == "20~"


def test_figures_that_are_compared_with_nothing_have_a_table_of_their_own() -> None:
    lines = [line("beamlike@uvloop", 0, 1), line("erlang", 0, 1), line("beamlike@uvloop", 0, 2, metric="alone")]
    compared, alone = table.markdown(table.rows(lines)).split("\n\n")
    assert "W5.call" in compared
    assert "W5.alone" in alone
    assert "erlang" not in alone


@pytest.mark.parametrize(
    ("value", "text"), [(2_345_678, "2.35M"), (45_678, "46k"), (1234, "1234"), (12.345, "12.3"), (0.01234, "0.0123")]
)
def test_values_are_short(value: float, text: str) -> None:
    assert table.short(value) == text
