"""What a reference raises by itself. An exception of the value's own method is raised as its own type instead."""

from __future__ import annotations

from flame.errors import FlameError


class RefLost(FlameError, LookupError):
    """The value of a reference is gone. `node` is where it was, `type` what it was, `reason` says why in words."""

    def __init__(self, node: str, type: str, reason: str) -> None:
        super().__init__(
            f"the {type} on {node} is gone: {reason}. Make it anew, and hold the reference for as long as it is needed"
        )
        self.node = node
        self.type = type
        self.reason = reason


class CannotFetch(FlameError, TypeError):
    """The value cannot travel, or is larger than the caller will take. It stays where it is, and the reference good."""


class RefTimeout(FlameError, TimeoutError):
    """There was no answer from the value's node in time. What was begun there for it is being stopped."""
