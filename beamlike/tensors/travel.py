"""Has the tensors of torch travel by their memory. torch itself is not imported before a program has done that."""

from __future__ import annotations

from typing import Any

from beamlike.code.reducers import BY_MODULE, Reduced


def reduce_tensor(value: Any) -> Reduced | None:
    from beamlike.tensors import torch_tensors

    return torch_tensors.reduce_tensor(value)


def install() -> None:
    """In this interpreter."""
    BY_MODULE["torch"] = BY_MODULE["torch.nn.parameter"] = reduce_tensor
