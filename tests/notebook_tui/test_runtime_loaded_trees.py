"""What the analysis of texts leaves to the garbage collector."""

from __future__ import annotations

import gc

import pytest

from notebook_tui.runtime.loaded_trees import AT_ONCE, Collector
from notebook_tui.runtime.static_analysis import static_names


@pytest.mark.parametrize("usual", [(700, 10, 10), (100_000, 20, 20)])
def test_few_of_many_loaded_objects_are_left_to_be_looked_at_at_once(usual: tuple[int, int, int]) -> None:
    before = gc.get_threshold()
    collector = Collector()
    gc.collect()
    gc.set_threshold(*usual)
    try:
        collector.disable()
        loaded = [[number] for number in range(20 * AT_ONCE)]
        collector.enable()
        assert gc.get_threshold() == usual
        ours = {id(it) for it in loaded}
        young = [it for generation in (0, 1) for it in gc.get_objects(generation) if id(it) in ours]
    finally:
        gc.set_threshold(*before)
    assert len(young) < 4 * AT_ONCE


def test_a_collector_that_a_program_has_turned_off_stays_off() -> None:
    collector = Collector()
    gc.disable()
    try:
        collector.disable()
        collector.enable()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_module_that_loads_trees_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import parso.cache

    monkeypatch.setattr(parso.cache, "gc", gc)
    static_names("x.", 2)
    assert isinstance(vars(parso.cache)["gc"], Collector)
