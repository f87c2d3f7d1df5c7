"""What goes by value: all of `__main__`, of notebook modules, and whatever no module shows under its name."""

from __future__ import annotations

import sys
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
