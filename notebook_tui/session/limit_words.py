"""What a notebook's user is told of the limits of a runtime, before one is reached and when it is."""

from __future__ import annotations

from notebook_tui.runtime.limits import EndsSoon, LimitOver
from notebook_tui.session.durations import told


def before_its_end(soon: EndsSoon) -> str:
    """
    >>> before_its_end(EndsSoon(300.0, "lifetime"))
    'the runtime ends in 5 min, with all values: its machine may not be there for longer; a new one has its time anew'
    """
    if soon.limit == "idle":
        return (
            f"the runtime ends in {told(soon.seconds)}, with all values, if no cell runs until then: for long nobody "
            "has asked anything of it; in its panel (sr) i gives it longer"
        )
    return (
        f"the runtime ends in {told(soon.seconds)}, with all values: its machine may not be there for longer; "
        "a new one has its time anew"
    )


def at_its_end(over: LimitOver) -> str:
    """
    >>> at_its_end(LimitOver(1800.0))
    'it has ended itself: for 30 min no cell ran and nobody asked anything of it; 00, or a cell, starts a new one'
    """
    return (
        f"it has ended itself: for {told(over.seconds)} no cell ran and nobody asked anything of it; "
        "00, or a cell, starts a new one"
    )
