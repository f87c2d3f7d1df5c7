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
    return rebuild_frame, (pickle.PickleBuffer(written.getbuffer()), name)


def rebuild_frame(memory: Any, name: str | None) -> Any:
    frame = polars.read_ipc(io.BytesIO(memory))
    return frame if name is None else frame.to_series(0).alias(name)


_COLUMN = "values"
