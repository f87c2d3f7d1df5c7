"""What the exit code of a child says to its parent; its log says more."""

from __future__ import annotations

CANNOT_JOIN = 3
"""It could not join its parent."""
NEVER_CAN_JOIN = 4
"""It could not, and no other try can help: the two run versions that do not understand each other."""
