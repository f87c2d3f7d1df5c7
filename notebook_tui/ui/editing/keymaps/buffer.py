"""A text that a key map works on before the editor does: each edit is done here and remembered as an effect."""

from __future__ import annotations

from notebook_tui.ui.editing.keymaps import places
from notebook_tui.ui.editing.keymaps.effects import Edit, Effect, View


class Buffer:
    """
    >>> buffer = Buffer(View("abc", 0))
    >>> buffer.edit(0, 1, "xy")
    >>> buffer.text, buffer.effects
    ('xybc', [Edit(start=0, end=1, text='xy')])
    """

    def __init__(self, view: View) -> None:
        self.text = view.text
        self.caret = min(view.caret, len(view.text))
        self.anchor = view.anchor
        self.clipboard = view.clipboard
        self.effects: list[Effect] = []

    def edit(self, start: int, end: int, text: str) -> None:
        if start != end or text:
            self.text = self.text[:start] + text + self.text[end:]
            self.effects.append(Edit(start, end, text))

    def do(self, effect: Effect) -> None:
        self.effects.append(effect)

    def clamp(self) -> None:
        """The caret onto a character, as in normal mode."""
        self.caret = max(0, min(self.caret, places.last_letter(self.text, min(self.caret, len(self.text)))))

    def line(self, at: int) -> str:
        return self.text[places.line_start(self.text, at) : places.line_end(self.text, at)]
