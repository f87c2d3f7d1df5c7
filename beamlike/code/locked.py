"""How a node decodes that accepts no code: what it has goes by name, what makes code is refused.

That is no sandbox. Who holds the cluster's secret may call every function that this node has, with any arguments;
what is refused is that code comes along, by accident or as a habit.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from typing import Any

from beamlike.distribution.terms_codec import Buffer
from beamlike.kernel.errors import BeamlikeError

_MAKERS = {
    "beamlike.code.enums",
    "beamlike.code.far_module",
    "beamlike.code.generated",
    "beamlike.code.classes",
    "beamlike.code.images",
    "beamlike.code.loaders",
    "beamlike.code.making",
    "beamlike.code.shared",
    "cloudpickle",
    "cloudpickle.cloudpickle",
    "beamlike.code.unsourced",
    "marshal",
}
_HARMLESS = {("beamlike.code.loaders", "load_info")}
_BUILTINS = {"eval", "exec", "compile", "__import__"}
_TYPES = {"FunctionType", "LambdaType", "CodeType", "CellType"}


class CodeRefused(BeamlikeError, TypeError):
    """Code came to a node that accepts none."""


class LockedUnpickler(pickle.Unpickler):
    def __init__(self, data: Buffer, buffers: Iterable[Buffer], node: str) -> None:
        super().__init__(io.BytesIO(data), buffers=buffers)
        self._node = node

    def find_class(self, module: str, name: str) -> Any:
        if makes_code(module, name):
            raise CodeRefused(
                f"{self._node} accepts no code (it was started with accept_code=False): "
                "call functions that it has, by name, with data as arguments"
            )
        return super().find_class(module, name)


def makes_code(module: str, name: str) -> bool:
    """Whether what a pickle names so turns data into code.

    >>> makes_code("builtins", "exec"), makes_code("math", "sqrt")
    (True, False)
    """
    if module in _MAKERS:
        return (module, name) not in _HARMLESS
    return (module == "builtins" and name in _BUILTINS) or (module == "types" and name in _TYPES)
