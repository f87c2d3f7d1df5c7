"""Tensors of torch as terms: the memory of a tensor goes as it is, beside the pickle, and is used in place over there.

torch's own way writes a file into the pickle, which copies everything twice, and sends all of the storage of which a
tensor may be a small view. Here the elements of the tensor go, and only those: as they lie in memory where that is
dense in any order of the dimensions (a transposed matrix, channels last), else as a contiguous copy.

Torch's own way is right for quantised tensors, nested ones of the layout torch.jagged and subclasses, and for how
sparse ones are made of their parts, which are tensors again. What cannot travel is refused in words: a tensor with
a history of gradients, and a nested one of the older layout.

This file is imported when the first tensor is sent or comes, which is after torch was.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, Final

import torch

from beamlike.code.reducers import Reduced

_PLAIN: Final = frozenset({torch.Tensor, torch.nn.Parameter})
_SPARSE: Final = frozenset({torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc})


def reduce_tensor(tensor: Any) -> Reduced | None:
    """As its memory and how to read that; None where torch's own way is right. ValueError for what cannot travel."""
    if not isinstance(tensor, torch.Tensor):  # a dtype, a layout
        return None
    if not tensor.is_leaf:
        raise ValueError(
            "expected a tensor without a history of gradients, which would stay here; "
            f"got one with grad_fn={tensor.grad_fn.name() if tensor.grad_fn else None}: send tensor.detach()"
        )
    if type(tensor) is torch.Tensor and tensor.layout in _SPARSE:
        return _with_attributes(tensor, rebuild_sparse, _sparse_parts(tensor))
    if type(tensor) not in _PLAIN or tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
        return None
    if tensor.is_nested:
        raise ValueError(
            "expected a tensor of one shape, got a nested one: send its parts, tensor.unbind(), or make it with "
            "layout=torch.jagged"
        )
    elements, strides = _in_memory(tensor.detach().resolve_conj().resolve_neg())
    parts = (
        pickle.PickleBuffer(elements.cpu().view(torch.uint8).numpy()) if elements.numel() else b"",
        tensor.dtype,
        tuple(tensor.shape),
        strides,
        str(tensor.device),
        tensor.requires_grad,
        type(tensor) is torch.nn.Parameter,
    )
    return _with_attributes(tensor, rebuild_tensor, parts)


def _with_attributes(tensor: torch.Tensor, rebuild: Callable[..., torch.Tensor], parts: tuple[object, ...]) -> Reduced:
    attributes = vars(tensor)
    if attributes:  # those that the user gave it, for which torch has a __setstate__ of its own
        return rebuild, parts, dict(attributes), None, None, set_attributes
    return rebuild, parts


def _sparse_parts(tensor: torch.Tensor) -> tuple[object, ...]:
    """Torch's own way says nothing of a gradient; and the values, as it takes them from one that wants it, may have a
    history."""
    rebuild, parts = tensor.detach().__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    return rebuild, parts, str(tensor.device), tensor.requires_grad


def _in_memory(tensor: torch.Tensor) -> tuple[torch.Tensor, tuple[int, ...]]:
    """The elements in one row, as they lie there, and the strides that make the tensor of them again."""
    if not is_dense(tuple(tensor.shape), tensor.stride()):
        tensor = tensor.contiguous()
    return torch.as_strided(tensor, (tensor.numel(),), (1,)), tensor.stride()


def is_dense(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether the elements lie side by side, each once, in whatever order of the dimensions.

    >>> is_dense((2, 3), (3, 1)), is_dense((3, 2), (1, 3)), is_dense((2, 3), (6, 2)), is_dense((2, 3), (0, 1))
    (True, True, False, False)
    """
    expected = 1
    for stride, size in sorted((stride, size) for stride, size in zip(strides, shape, strict=True) if size != 1):
        if stride != expected:
            return False
        expected *= size
    return True


def rebuild_tensor(
    memory: Any,
    dtype: torch.dtype,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    device: str,
    requires_grad: bool,
    is_parameter: bool,
) -> torch.Tensor:
    """The tensor, on the device that it was on, or where this node wants what has been on one that is not here."""
    if len(memory):
        elements = torch.frombuffer(memory, dtype=torch.uint8)
        if elements.data_ptr() % dtype.itemsize:
            elements = elements.clone()
        tensor = torch.as_strided(elements.view(dtype), shape, strides)
    else:
        tensor = torch.empty_strided(shape, strides, dtype=dtype, device="cpu")
    if device != "cpu":
        tensor = tensor.to(landing(device))
    return torch.nn.Parameter(tensor, requires_grad) if is_parameter else tensor.requires_grad_(requires_grad)


def rebuild_sparse(
    rebuild: Callable[..., torch.Tensor], parts: tuple[object, ...], device: str, requires_grad: bool
) -> torch.Tensor:
    with torch.device(landing(device)):  # where its parts are by now, whatever the default of this node's program
        return rebuild(*parts).requires_grad_(requires_grad)


def set_attributes(tensor: torch.Tensor, attributes: dict[str, object]) -> None:
    vars(tensor).update(attributes)


_landing: list[str] = []
"""The device for tensors that were on one that is not here, if this node has said."""


def land_on(device: str | torch.device | None) -> None:
    """Where tensors are put, in this interpreter, that come from a device which it has not; None: they are refused.

    A tensor is moved by one copy, from the memory in which it came.
    """
    _landing[:] = [] if device is None else [str(torch.device(device))]


def landing(name: str) -> torch.device:
    """The device of this node for a tensor that was on the one of that name. ValueError if there is none."""
    device = torch.device(name)
    if is_here(device):
        return device
    if _landing:
        return torch.device(_landing[0])
    raise ValueError(
        f"expected a device {name} for a tensor that was on it, and this node has none: send tensor.cpu(), or say here "
        'where such tensors are to be put: bl.land_tensors_on("cpu")'
    )


def is_here(device: torch.device) -> bool:
    """
    >>> is_here(torch.device("cpu")), is_here(torch.device("cuda:64"))
    (True, False)
    """
    if device.type == "cuda":
        return bool((device.index or 0) < torch.cuda.device_count())
    if device.type == "mps":
        return bool(torch.backends.mps.is_available())
    return True
