"""When a notebook is written by itself: what its own metadata says, as Livebook has it."""

from __future__ import annotations

from notebook_tui.document.notebook import Notebook

KEY = "autosave_interval_s"
DEFAULT_SECONDS = 5.0


def interval_of(notebook: Notebook) -> float | None:
    """Seconds after a change; None for never.

    >>> interval_of(Notebook()), interval_of(Notebook(metadata={"autosave_interval_s": None}))
    (5.0, None)
    """
    seconds = notebook.metadata.get(KEY, DEFAULT_SECONDS)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
        return DEFAULT_SECONDS
    return float(seconds)
