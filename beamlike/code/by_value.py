"""What goes by value: all of `__main__`, of notebook modules, and whatever no module shows under its name."""

from __future__ import annotations

import sys
from importlib import import_module
from operator import attrgetter

import cloudpickle


def module_goes_by_value(module: str | None) -> bool:
    """Whether what is defined in the module of this name travels itself, and not its name.

    >>> module_goes_by_value("__main__"), module_goes_by_value("json.decoder")
    (True, False)
    """
    if module is None or module == "__main__":
        return True
    registered = cloudpickle.list_registry_pickle_by_value()
    while module:
        if module in registered:
            return True
        module = module.rpartition(".")[0]
    return False


def is_private_of_the_library(module: str | None) -> bool:
    """Whether other Python versions may have what is in that module elsewhere: "pathlib._local" is new in 3.13."""
    return module is not None and "._" in module and module.partition(".")[0] in sys.stdlib_module_names


def public_module(kind: type) -> str | None:
    """The public module that has a class of a private one of the standard library under its name, if one has."""
    if not is_private_of_the_library(kind.__module__):
        return None
    module = kind.__module__.partition("._")[0]
    return module if getattr(sys.modules.get(module), kind.__qualname__, None) is kind else None


def public_class(module: str, name: str) -> type:
    """The class of that name. ImportError if there is none.

    >>> public_class("pathlib", "PurePath").__name__
    'PurePath'
    """
    found: object = getattr(import_module(module), name, None)
    if not isinstance(found, type):
        raise ImportError(f"expected a class {name} in the module {module} of this Python, found {found!r}")
    return found


def goes_by_value(named: object) -> bool:
    """Whether an object that has a `__module__` and a `__qualname__` (or `__name__`) travels itself."""
    module: str | None = getattr(named, "__module__", None)
    name: str | None = getattr(named, "__qualname__", None) or getattr(named, "__name__", None)
    if module is None or name is None or module_goes_by_value(module):
        return True
    try:
        return attrgetter(name)(sys.modules.get(module)) is not named
    except AttributeError:
        return True
