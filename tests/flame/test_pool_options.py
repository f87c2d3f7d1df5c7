"""Options are refused at the edge, with words that say what was expected and what came."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from flame.caps import Caps
from flame.options import PoolOptions
from flame.policies import spare


def test_the_defaults_make_a_pool_of_one_runner_with_one_slot() -> None:
    options = PoolOptions(name="cpu")
    assert (options.min, options.max, options.max_concurrency) == (0, 1, 1)
    assert (options.timeout, options.boot_timeout, options.idle_shutdown_after) == (30.0, 30.0, 30.0)


def test_options_cannot_be_changed_afterwards() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PoolOptions(name="cpu").max = 2  # type: ignore[misc]


def test_no_limit_is_spelled_none() -> None:
    options = PoolOptions(name="cpu", timeout=None, idle_shutdown_after=None)
    assert options.timeout is None
    assert options.idle_shutdown_after is None


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("name", "", "pool: name must be a string that is not empty, got ''"),
        ("name", None, "pool: name must be a string that is not empty, got None"),
        ("min", "2", "min must be a whole number, 0 or more, got '2'"),
        ("max", 1.5, "max must be a whole number, 1 or more, got 1.5"),
        ("max_concurrency", True, "max_concurrency must be a whole number, 1 or more, got True"),
        ("timeout", "30s", "timeout must be a number of seconds above 0 or None, got '30s'"),
        ("boot_timeout", None, "boot_timeout must be a number of seconds above 0, got None"),
        ("keys_per_runner", "many", "keys_per_runner must be a whole number, 1 or more, or None, got 'many'"),
        ("idle_shutdown_after", (1.0,), "idle_shutdown_after must be seconds, None, or seconds and a function"),
        ("idle_shutdown_after", (None, bool), "idle_shutdown_after must be seconds, None, or seconds and a function"),
        ("idle_shutdown_after", (1.0, "idle"), "idle_shutdown_after must be seconds, None, or seconds and a function"),
        ("policy", spare, "policy must be on_demand, spare(n), queue_depth(k), schedule(...) or another policy"),
        ("caps", 3, "caps must be flame.Caps(...), got 3"),
        ("shared_caps", Caps(), "shared_caps must be flame.SharedCaps(...) or None, got Caps("),
    ],
)
def test_a_value_of_the_wrong_type_is_a_type_error(option: str, value: object, words: str) -> None:
    arguments: dict[str, Any] = {"name": "cpu", option: value}
    with pytest.raises(TypeError) as refused:
        PoolOptions(**arguments)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("min", -1, "pool 'cpu': min must be a whole number, 0 or more, got -1"),
        ("max", 0, "max must be a whole number, 1 or more, got 0"),
        ("min", 2, "min must not exceed max, got min=2 and max=1: raise max or lower min"),
        ("max_concurrency", 0, "max_concurrency must be a whole number, 1 or more, got 0"),
        ("timeout", 0, "timeout must be a number of seconds above 0 or None, got 0"),
        ("idle_shutdown_after", -1.0, "idle_shutdown_after must be a number of seconds above 0 or None"),
        ("shutdown_timeout", float("nan"), "shutdown_timeout must be a number of seconds above 0, got nan"),
        ("boot_timeout", float("inf"), "boot_timeout must be a number of seconds above 0, got inf"),
        ("placement", "scatter", "placement must be 'spread' or 'pack', got 'scatter'"),
        ("keys_per_runner", 0, "keys_per_runner must be a whole number, 1 or more, or None, got 0"),
        ("idle_shutdown_after", (0.0, bool), "idle_shutdown_after must be a number of seconds above 0 or None"),
        ("log_level", "LOUD", "log_level must be a level of logging, as its number or its name, got 'LOUD'"),
        ("log_level", 1.5, "log_level must be a level of logging, as its number or its name, got 1.5"),
    ],
)
def test_a_value_out_of_range_is_a_value_error(option: str, value: object, words: str) -> None:
    arguments: dict[str, Any] = {"name": "cpu", option: value}
    with pytest.raises(ValueError, match="pool 'cpu'") as refused:
        PoolOptions(**arguments)
    assert words in str(refused.value)


def test_more_runners_than_the_cap_cannot_be_kept() -> None:
    with pytest.raises(ValueError, match="min must not exceed the cap on runners, got min=3 and 2"):
        PoolOptions(name="cpu", min=3, max=9, caps=Caps(runners=2))


def test_idling_has_a_time_and_may_have_a_check() -> None:
    options = PoolOptions(name="cpu", idle_shutdown_after=(5.0, bool))
    assert (options.idle_seconds, options.idle_check) == (5.0, bool)
    options = PoolOptions(name="cpu", idle_shutdown_after=5.0)
    assert (options.idle_seconds, options.idle_check) == (5.0, None)
