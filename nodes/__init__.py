"""Boots nodes: as child processes here, and later on clouds. Three methods make a backend (see `nodes.backend`).

The names are imported when they are first used: a command that only looks what runs here answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodes.backend import (
        AuthError,
        Backend,
        BackendError,
        CapacityError,
        ConflictError,
        Description,
        Machine,
        QuotaError,
        RateLimited,
        Tunnel,
    )
    from nodes.boot_failure import BootFailed
    from nodes.booting import Child, boot
    from nodes.fly.backend import Fly
    from nodes.guards import leave
    from nodes.invitation import Invitation
    from nodes.kubernetes.backend import Kubernetes
    from nodes.labels import Labels
    from nodes.local import Local
    from nodes.own_platform import default_backend
    from nodes.parent import Parent, current_parent
    from nodes.phases import Phase
    from nodes.specs import SpecError, backend_of
else:
    _HOMES = {
        "AuthError": "backend",
        "Backend": "backend",
        "BackendError": "backend",
        "BootFailed": "boot_failure",
        "CapacityError": "backend",
        "Child": "booting",
        "ConflictError": "backend",
        "Description": "backend",
        "Fly": "fly.backend",
        "Invitation": "invitation",
        "Kubernetes": "kubernetes.backend",
        "Labels": "labels",
        "Local": "local",
        "Machine": "backend",
        "Parent": "parent",
        "Phase": "phases",
        "QuotaError": "backend",
        "RateLimited": "backend",
        "SpecError": "specs",
        "Tunnel": "backend",
        "backend_of": "specs",
        "boot": "booting",
        "current_parent": "parent",
        "default_backend": "own_platform",
        "leave": "guards",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'nodes' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"nodes.{_HOMES[name]}"), name)
        return value


__all__ = [
    "AuthError",
    "Backend",
    "BackendError",
    "BootFailed",
    "CapacityError",
    "Child",
    "ConflictError",
    "Description",
    "Fly",
    "Invitation",
    "Kubernetes",
    "Labels",
    "Local",
    "Machine",
    "Parent",
    "Phase",
    "QuotaError",
    "RateLimited",
    "SpecError",
    "Tunnel",
    "backend_of",
    "boot",
    "current_parent",
    "default_backend",
    "leave",
]
