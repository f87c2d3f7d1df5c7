"""Frames of polars as terms: their columns go beside the pickle, as Arrow has them, where polars' own way would write
all of it into the pickle and so copy it twice more. This file is imported when the first frame is sent."""

from __future__ import annotations

import io
import pickle
from typing import Any

import polars

from beamlike.code.reducers import Reduced


def reduce_frame(value: Any) -> Reduced | None:
    """A DataFrame or a Series; None for all else, and where polars' own way has to say what is in the way."""
    if type(value) is polars.DataFrame:
        frame, name = value, None
    elif type(value) is polars.Series:
        frame, name = value.to_frame(_COLUMN), value.name
    else:
        return None
    if polars.Object in frame.dtypes:
        return None
    written = io.BytesIO()
    frame.write_ipc(written, compression="uncompressed")
    return rebuild_frame, (pickle.PickleBuffer(written.getbuffer()), name, _sorted_columns(frame))


def _sorted_columns(frame: Any) -> list[tuple[int, bool]]:
    """Those that polars knows to be sorted, and whether downwards, which Arrow says nothing of."""
    flags = ((place, column.flags) for place, column in enumerate(frame) if _has_one_order(column.dtype))
    return [(place, said["SORTED_DESC"]) for place, said in flags if said["SORTED_ASC"] or said["SORTED_DESC"]]


def _has_one_order(dtype: Any) -> bool:
    """Categories may be numbered otherwise over there."""
    return not (dtype.is_nested() or dtype == polars.Categorical)


def rebuild_frame(memory: Any, name: str | None, sorted_columns: list[tuple[int, bool]]) -> Any:
    frame = polars.read_ipc(io.BytesIO(memory))
    for place, descending in sorted_columns:
        frame.replace_column(place, frame.to_series(place).set_sorted(descending=descending))
    return frame if name is None else frame.to_series(0).alias(name)


_COLUMN = "values"
