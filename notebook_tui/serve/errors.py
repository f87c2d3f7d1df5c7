"""Why a session cannot be joined."""

from __future__ import annotations


class NotServed(OSError):
    """No server of this user holds the notebook, or serves where it lies."""


class ServerUnreachable(OSError):
    """There is one, and it does not answer; the message says why."""


class NoServer(OSError):
    """One that was to be started does not start; the message says why."""
