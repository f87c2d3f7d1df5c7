"""The loaded modules by their top-level names, with the versions of the distributions that they came with."""

from __future__ import annotations

import sys
from collections import Counter
from functools import lru_cache
from importlib import metadata
from types import ModuleType
from typing import Any

from beamlike.inspect.facts import ModuleFacts
from beamlike.inspect.looking.options import SomeOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.kernel.node import LocalNode


async def modules(node: LocalNode, options: SomeOptions, patience: Patience) -> tuple[ModuleFacts, ...]:
    """The standard library counts as one, `python`."""
    loaded = dict(sys.modules)
    counts = Counter(_top_of(name) for name in loaded)
    found = []
    for top in sorted(counts)[: options.limit]:
        if top == "python":
            version, file = ".".join(map(str, sys.version_info[:3])), sys.prefix
        else:
            module = loaded.get(top)
            version, file = _version(top, module), _text(module, "__file__")
        found.append(ModuleFacts(top, version, file, counts[top]))
        await patience.pause_if_due()
    return tuple(found)


def _top_of(name: str) -> str:
    top = name.partition(".")[0]
    return "python" if top in sys.stdlib_module_names else top


def _version(top: str, module: Any) -> str:
    return _text(module, "__version__") or _of_distribution(top)


def _text(module: Any, name: str) -> str:
    """Read past a module's own `__getattr__`, which is the user's code."""
    slot: Any = vars(ModuleType)["__dict__"]
    names = slot.__get__(module) if isinstance(module, ModuleType) else {}
    text = names.get(name)
    return text if type(text) is str else ""


@lru_cache(maxsize=1024)
def _of_distribution(name: str) -> str:
    """Where the distribution is called as its module is; to look through all others takes too long."""
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        return ""
