"""What references show of values. Only a corner of tables and arrays may be looked at: the stand-ins see to it."""

from __future__ import annotations

from typing import Any

import pytest

from flame.tracking.previews import LONGEST, preview, type_name


class Polars:
    """With the surface of polars' DataFrame that is used."""

    def __init__(self, rows: int, columns: int) -> None:
        self.shape = rows, columns
        self.schema = {f"c{number}": "Int64" for number in range(columns)}

    def head(self, rows: int) -> Polars:
        return Polars(min(rows, self.shape[0]), self.shape[1])

    def __getitem__(self, place: tuple[slice, slice]) -> Polars:
        return Polars(self.shape[0], len(range(self.shape[1])[place[1]]))

    def __str__(self) -> str:
        assert self.shape[0] <= 5, "all rows were shown"
        assert self.shape[1] <= 20, "all columns were shown"
        return f"<{self.shape[0]} rows of {self.shape[1]}>"


class Pandas(Polars):
    """With that of pandas: the types are in `dtypes`, and columns are taken by `iloc`."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__(rows, columns)
        self.dtypes = self.__dict__.pop("schema")
        self.iloc = Corner(self)

    def head(self, rows: int) -> Pandas:
        return Pandas(min(rows, self.shape[0]), self.shape[1])

    def __getitem__(self, place: Any) -> Polars:
        raise KeyError(place)


class Corner:
    def __init__(self, table: Polars) -> None:
        self.table = table

    def __getitem__(self, place: tuple[slice, slice]) -> Polars:
        return Polars.__getitem__(self.table, place)


class Array:
    dtype = "float32"

    def __init__(self, *shape: int) -> None:
        self.shape = shape

    def __getitem__(self, place: tuple[slice, ...]) -> Array:
        return Array(*(len(range(size)[part]) for size, part in zip(self.shape, place, strict=True)))

    def __str__(self) -> str:
        assert all(size <= 5 for size in self.shape), "all of it was shown"
        return f"<{self.shape}>"


class Broken(Array):
    def __getitem__(self, place: object) -> Array:
        raise RuntimeError("the device is gone")


@pytest.mark.parametrize("table", [Polars(1000, 2), Pandas(1000, 2)])
def test_a_table_shows_its_shape_types_and_first_rows(table: Polars) -> None:
    assert preview(table) == "shape 1000 × 2\nc0: Int64, c1: Int64\n<5 rows of 2>"


@pytest.mark.parametrize("table", [Polars(3, 50), Pandas(3, 50)])
def test_a_wide_table_shows_its_first_columns(table: Polars) -> None:
    text = preview(table)
    assert "c19: Int64 and 30 more\n" in text
    assert text.endswith("<3 rows of 20>")


def test_an_array_shows_its_shape_type_and_a_corner() -> None:
    assert preview(Array(1000, 2, 9)) == "shape 1000 × 2 × 9, float32\n<(5, 2, 5)>"
    assert preview(Array()) == "shape (), float32\n<()>"


def test_what_fails_to_show_itself_says_so() -> None:
    assert preview(Broken(1)) == "<no preview: RuntimeError>"


def test_other_values_are_not_asked() -> None:
    class Silent:
        def __repr__(self) -> str:
            raise AssertionError("asked")

    assert preview(Silent()) == ""


def test_what_is_built_in_shows_how_it_begins() -> None:
    value = {
        "a": [1, None, 2.5],
        "b": (b"x" * 200, 1 << 5000),
        "c": {1},
        "d": [[[[1]]]],
        "e": object(),
        "f": [],
        "g": 0,
    }
    text = "b'" + "x" * 100 + "'..."
    assert preview(value) == (
        f"{{'a': [1, None, 2.5], 'b': ({text}, <an int of 5001 bits>), 'c': {{1}}, 'd': [[[...]]], 'e': <object>, "
        "'f': [], ... 7 in all}"
    )


def test_a_preview_is_short() -> None:
    class Wordy(Array):
        def __getitem__(self, place: object) -> Array:
            return self

        def __str__(self) -> str:
            return "word " * 10_000

    assert len(preview(Wordy(1))) == LONGEST
    assert len(preview([["x" * 1000] * 1000] * 1000)) <= LONGEST


def test_real_arrays_and_tables_show_themselves() -> None:
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    assert preview(numpy.arange(1_000_000).reshape(1000, 1000)).startswith("shape 1000 × 1000, int64\n[[   0    1")
    assert type_name(numpy.zeros(1)) == "numpy.ndarray"
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.DataFrame({"a": range(100), "b": ["x"] * 100})
    assert preview(frame).startswith("shape 100 × 2\na: Int64, b: String\nshape: (5, 2)")
    assert type_name(frame) == "polars.DataFrame"
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    assert preview(pandas.DataFrame({"a": range(100)})).startswith("shape 100 × 1\na: int64\n   a\n0  0")
    assert preview(pandas.Series(range(100), name="s")).startswith("shape 100\ns: int64\n0    0")
    assert preview(polars.Series("s", range(100))).startswith("shape 100\ns: Int64\n")
