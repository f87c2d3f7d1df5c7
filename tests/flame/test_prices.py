"""Prices come from a table with a date and a source; what the table does not cover has none."""

from __future__ import annotations

import pickle
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flame.price_file import parse
from flame.prices import VARIABLE, Price, Prices, price_of

SHIPPED = Prices.shipped()
MONTH = 30 * 24 * 3600


def fly(size: str, **more: object) -> dict[str, object]:
    return {"backend": "fly", "size": size, "region": "iad", **more}


@pytest.mark.parametrize(
    ("machine", "month"),
    [
        (fly("shared-cpu-1x"), 2.19),
        (fly("shared-cpu-1x", memory_mb=512), 3.69),
        (fly("shared-cpu-1x", memory_mb=1024), 6.70),
        (fly("shared-cpu-1x", memory_mb=1024, region="fra"), 7.73),
        (fly("shared-cpu-1x", memory_mb=1024, region="sin"), 8.50),
        (fly("shared-cpu-2x", memory_mb=2048), 13.39),
        (fly("performance-1x"), 33.00),
        (fly("performance-2x"), 66.00),
    ],
)
def test_a_month_on_fly_costs_what_the_page_says_that_the_table_is_from(
    machine: dict[str, object], month: float
) -> None:
    price = SHIPPED.price_of(machine)
    assert price is not None
    assert round(price.usd_per_second * MONTH, 2) == pytest.approx(month, abs=0.011)
    assert price.as_of == date(2026, 10, 9)
    assert price.source == "https://fly.io/docs/about/pricing/"


def test_a_size_is_its_parts() -> None:
    parts = {"backend": "fly", "cpu_kind": "performance", "cpus": 4, "memory_mb": 8192, "region": "iad"}
    assert SHIPPED.price_of(parts) == SHIPPED.price_of(fly("performance-4x"))


def test_an_hour_at_home_costs_nothing() -> None:
    assert SHIPPED.price_of({"backend": "local"}) == Price(0.0, "the machine at hand", date(2026, 10, 9))


@pytest.mark.parametrize(
    "machine",
    [
        {"backend": "kubernetes"},
        {},
        fly("shared-cpu-3x"),
        fly("performance-8x", gpu_kind="l40s", gpus=1),
        fly("performance-8x", gpus=1),
        fly("shared-cpu-1x", spot=True),
        fly("shared-cpu-1x", region="bom"),
        fly("shared-cpu-1x", region="iad,us"),
        fly("shared-cpu-1x", region=None),
        {"backend": "fly", "cpu_kind": "shared", "cpus": 1, "region": "iad"},
        {"backend": "fly", "cpu_kind": "shared", "memory_mb": 256, "region": "iad"},
    ],
)
def test_what_the_table_does_not_cover_in_full_has_no_price(machine: dict[str, object]) -> None:
    assert SHIPPED.price_of(machine) is None


def test_a_key_that_is_none_says_nothing() -> None:
    assert SHIPPED.price_of(fly("shared-cpu-1x", cpus=None, gpus=None)) == SHIPPED.price_of(fly("shared-cpu-1x"))


def test_memory_that_is_included_and_not_used_is_not_paid_back() -> None:
    assert SHIPPED.price_of(fly("performance-2x", memory_mb=2048)) == SHIPPED.price_of(fly("performance-2x"))


@given(
    st.sampled_from(["shared", "performance"]),
    st.integers(1, 16),
    st.integers(0, 128),
    st.sampled_from(["iad", "gru", "fra"]),
)
def test_more_of_anything_never_costs_less(kind: str, cpus: int, gb: int, region: str) -> None:
    def usd(cpus: int, gb: int) -> float:
        machine = {"backend": "fly", "cpu_kind": kind, "cpus": cpus, "memory_mb": gb * 1024, "region": region}
        price = SHIPPED.price_of(machine)
        assert price is not None
        return price.usd_per_second

    assert 0 < usd(cpus, gb) <= usd(cpus, gb + 1)
    included = {"shared": 0.25, "performance": 2}[kind]
    if gb >= (cpus + 1) * included:  # a further CPU includes memory that was paid for apart before
        assert usd(cpus, gb) <= usd(cpus + 1, gb + 1)


# One's own prices


def test_a_price_that_is_given_goes_before_the_ones_that_are_shipped() -> None:
    prices = SHIPPED.with_price(backend="fly", usd_per_hour=36).with_price(backend="kubernetes", usd_per_hour=1.8)
    assert prices.price_of(fly("shared-cpu-1x", region="anywhere")) == Price(0.01, "the program")
    assert prices.price_of({"backend": "kubernetes", "gpus": 1}) == Price(0.0005, "the program")
    assert SHIPPED.price_of({"backend": "kubernetes"}) is None


def test_a_given_price_holds_only_for_machines_with_all_its_keys() -> None:
    prices = SHIPPED.with_price(backend="kubernetes", node_pool="gpu", usd_per_hour=3.6)
    assert prices.price_of({"backend": "kubernetes", "node_pool": "cpu"}) is None
    assert prices.price_of({"backend": "kubernetes", "node_pool": "gpu", "namespace": "x"}) == Price(
        0.001, "the program"
    )


@pytest.mark.parametrize(("usd_per_hour", "error"), [("free", TypeError), (-1, ValueError), (float("inf"), ValueError)])
def test_a_price_that_is_no_number_is_refused(usd_per_hour: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"with_price\(...\): usd_per_hour must be a number, 0 or more, got"):
        SHIPPED.with_price(backend="kubernetes", usd_per_hour=usd_per_hour)


def test_a_price_of_nothing_in_particular_is_refused() -> None:
    with pytest.raises(ValueError, match="expected keys of a machine"):
        SHIPPED.with_price(usd_per_hour=1)


OWN = """
as_of = 2026-01-02
[[price]]
machine = { backend = "fly" }
usd_per_hour = 3.6
source = "our contract"
[[price]]
machine = { backend = "cluster" }
usd_per_cpu_second = 0.001
gb_per_cpu = 1
usd_per_further_gb_second = 0.0001
factors = "rooms"
[factors.rooms]
cellar = 0.5
[sizes.cluster]
big = { cpus = 4, memory_mb = 8192 }
"""


def test_a_file_of_ones_own_has_its_prices_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(OWN)
    prices = Prices.load(path)
    assert prices.price_of(fly("shared-cpu-1x")) == Price(0.001, "our contract", date(2026, 1, 2))
    big = prices.price_of({"backend": "cluster", "size": "big", "region": "cellar"})
    assert big is not None
    assert big.usd_per_second == pytest.approx((0.004 + 0.0004) / 2)
    assert prices.price_of({"backend": "local"}) is None


def test_the_file_that_the_environment_names_goes_before_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(OWN)
    prices = Prices.known({VARIABLE: str(path)})
    assert price_of(fly("shared-cpu-1x"), prices) == Price(0.001, "our contract", date(2026, 1, 2))
    assert price_of({"backend": "local"}, prices) == SHIPPED.price_of({"backend": "local"})


def test_without_a_file_of_ones_own_the_shipped_prices_hold() -> None:
    assert Prices.known({}) == SHIPPED
    assert Prices.known({VARIABLE: ""}) == SHIPPED


def test_prices_travel() -> None:
    assert pickle.loads(pickle.dumps(SHIPPED)) == SHIPPED


ENTRY = "[[price]]\nmachine = { backend = 'x' }\n"
SIZED = ENTRY + "usd_per_cpu_second = 1\ngb_per_cpu = 1\nusd_per_further_gb_second = 1\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("price = ", "is not TOML"),
        ("currency = 'EUR'", "currency must be 'USD', since caps are in dollars, got 'EUR'"),
        ("as_of = 'May'", "as_of must be a date such as 2026-10-09, got 'May'"),
        ("as_of = 2026-01-01T00:00:00", "as_of must be a date"),
        ("prices = 1", "the file may have as_of, currency, price, factors, sizes, got 'prices'"),
        ("[price]\nx = 1", "price must be written as [[price]] entries"),
        ("[[price]]\nusd_per_hour = 1", "price[0].machine must be a table, got None"),
        ("[[price]]\nmachine = {}\nusd_per_hour = 1", "price[0].machine must have a key"),
        (ENTRY + "usd_per_hr = 1", "price[0] may have machine, source"),
        (ENTRY + "usd_per_hour = -1", "price[0].usd_per_hour must be a number, 0 or more, got -1"),
        (ENTRY + "usd_per_hour = nan", "price[0].usd_per_hour must be a number, 0 or more, got nan"),
        (ENTRY + "usd_per_hour = true", "price[0].usd_per_hour must be a number, 0 or more, got True"),
        (ENTRY + "usd_per_hour = 1\n" + ENTRY, "price[1].usd_per_cpu_second must be a number, 0 or more, got None"),
        (ENTRY + "usd_per_hour = 1\ngb_per_cpu = 1", "price[0] must have either usd_per_hour or"),
        (ENTRY + "usd_per_hour = 1\nsource = 1", "price[0].source must be a text, got 1"),
        (SIZED + "factors = 'rooms'", "price[0].factors must name a table of [factors] (none), got 'rooms'"),
        ("[factors.x]\niad = '1'", "factors.x.iad must be a number, 0 or more, got '1'"),
        ("[factors]\nx = 1", "factors.x must be a table, got 1"),
        ("[sizes.x]\nbig = 4", "sizes.x.big must be a table, got 4"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_by_its_key(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"prices file p\.toml") as refused:
        parse(text, "p.toml")
    assert words in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"prices file .*nowhere\.toml cannot be read"):
        Prices.known({VARIABLE: str(tmp_path / "nowhere.toml")})
