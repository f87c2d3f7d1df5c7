"""Screens over the notebook: keys come faster than they leave, and those that come late close nothing else."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import Screen, ScreenResultType


class ClosesOnce(Screen[ScreenResultType]):
    """Stands behind `ModalScreen` in the bases of a dialog: Textual takes styles from the first base."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Nothing, unless it is the one on top: Textual would close that."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
