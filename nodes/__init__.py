"""Boots nodes: as child processes here, and later on clouds. Three methods make a backend (see `nodes.backend`).

The names are imported when they are first used: a command that only looks what runs here answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodes.backend import Backend, BackendError, Description, Machine
    from nodes.boot_failure import BootFailed
    from nodes.booting import Child, Labels, boot
    from nodes.guards import leave
    from nodes.invitation import Invitation
    from nodes.local import Local
    from nodes.parent import Parent, current_parent
    from nodes.phases import Phase
else:
    _HOMES = {
        "Backend": "backend",
        "BackendError": "backend",
        "BootFailed": "boot_failure",
        "Child": "booting",
        "Description": "backend",
        "Invitation": "invitation",
        "Labels": "booting",
        "Local": "local",
        "Machine": "backend",
        "Parent": "parent",
        "Phase": "phases",
        "boot": "booting",
        "current_parent": "parent",
        "leave": "guards",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'nodes' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"nodes.{_HOMES[name]}"), name)
        return value


__all__ = [
    "Backend",
    "BackendError",
    "BootFailed",
    "Child",
    "Description",
    "Invitation",
    "Labels",
    "Local",
    "Machine",
    "Parent",
    "Phase",
    "boot",
    "current_parent",
    "leave",
]
