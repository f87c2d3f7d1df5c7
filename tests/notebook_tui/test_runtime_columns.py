"""Keys of live objects: what their library tells of them, and nothing of anybody else's."""

from __future__ import annotations

import os
from typing import NoReturn

import numpy as np
import pandas as pd
import polars as pl
import pytest

from notebook_tui.runtime.columns import text_keys
from notebook_tui.runtime.completion import complete

WIDE = pd.DataFrame({"price": [1], "unit price": [2], 3: [4]})


def run(*_args: object, **_keywords: object) -> NoReturn:
    raise AssertionError("code of a subclass was run")


class OwnFrame(pd.DataFrame):
    columns = property(run)
    keys = run


class OwnDict(dict[str, int]):
    keys = items = __iter__ = run  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("owner", "keys"),
    [
        (WIDE, ["price", "unit price"]),
        (pl.DataFrame({"price": [1], "unit": [2]}), ["price", "unit"]),
        (np.zeros(2, dtype=[("x", "i4"), ("y", "f8")]), ["x", "y"]),
        (np.zeros(2), []),
        (OwnFrame({"price": [1]}), []),
        (OwnDict(a=1), ["a"]),
        (pd.DataFrame({("a", "b"): [1]}), []),
        (object(), []),
    ],
    ids=["pandas", "polars", "structured", "array", "own frame", "own dict", "levels", "object"],
)
def test_the_keys_are_those_that_are_texts(owner: object, keys: list[str]) -> None:
    assert list(text_keys(owner)) == keys


def test_the_environment_tells_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THIS_TEST", "secret")
    assert "OF_THIS_TEST" in text_keys(os.environ)
    assert "secret" not in text_keys(os.environ).values()


def proposed(text: str) -> list[tuple[str, str]]:
    found = complete(text, len(text), {"df": WIDE, "pl_df": pl.DataFrame({"price": [1]})}, lambda source, offset: {})
    return [(item.label, item.insert) for item in found]


def test_columns_are_proposed_as_keys_and_where_they_are_names_as_attributes() -> None:
    assert proposed("df['pri") == [("price", "price']")]
    assert proposed('df["unit p') == [("unit price", 'price"]')]
    assert ("price", "price") in proposed("df.pri")
    assert ("unit price", "unit price") not in proposed("df.")
    assert proposed("pl_df['") == [("price", "price']")]
    assert ("price", "price") not in proposed("pl_df.pri")
