"""Sequences that tmux is to hand to the terminal it runs in (`set -g allow-passthrough on`)."""

from __future__ import annotations


def through_tmux(sequence: str) -> str:
    """
    >>> through_tmux("\\x1b[c")
    '\\x1bPtmux;\\x1b\\x1b[c\\x1b\\\\'
    """
    escaped = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{escaped}\x1b\\"
