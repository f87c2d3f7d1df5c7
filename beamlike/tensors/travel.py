"""Has tensors of torch and frames of polars travel by their memory. Neither is imported before a program has done that.
Arrays of numpy and frames of pandas need nothing of ours: pickle itself leaves their memory out."""

from __future__ import annotations

from typing import Any

from beamlike.code.reducers import BY_MODULE, Reduced


def reduce_tensor(value: Any) -> Reduced | None:
    from beamlike.tensors import torch_tensors

    return torch_tensors.reduce_tensor(value)


def reduce_frame(value: Any) -> Reduced | None:
    from beamlike.tensors import polars_frames

    return polars_frames.reduce_frame(value)


def land_tensors_on(device: Any) -> None:
    """Says where this node puts tensors that come from a device which it has not, as "cpu"; None: nowhere, they are
    refused, and who sent them, or asked for them, is told so.

    A result of a GPU is best sent as `tensor.cpu()`; this is for those whom nobody can tell.
    """
    from beamlike.tensors import torch_tensors

    torch_tensors.land_on(device)


def install() -> None:
    """In this interpreter."""
    for module in ("torch", "torch.nn.parameter", "torch.nested._internal.nested_tensor"):
        BY_MODULE[module] = reduce_tensor
    BY_MODULE["polars.dataframe.frame"] = BY_MODULE["polars.series.series"] = reduce_frame
