"""Boots nodes: as child processes here, and later on clouds. Three methods make a backend (see `nodes.backend`)."""

from nodes.backend import Backend, Description, Machine
from nodes.boot import BootFailed, Child, boot
from nodes.invitation import Invitation
from nodes.local import Local

__all__ = ["Backend", "BootFailed", "Child", "Description", "Invitation", "Local", "Machine", "boot"]
