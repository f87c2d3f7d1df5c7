"""What is pressed: a button, a form with its fields, a keyboard."""

from __future__ import annotations

from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.outputs.inked import inked
from notebook_tui.ui.outputs.input_rows import input_rows, label_width
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.moved_rows import text_row
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import Act, Fill, GiveKeys, Spot, Touch
from notebook_tui.widgets.views import Button, Form, Keyboard


def button_rows(button: Button, width: int, palette: Palette) -> list[OutputRow]:
    return [_button(button.label, Act(button.ref), width, palette)]


def form_rows(form: Form, width: int, palette: Palette, looks: Looks) -> list[OutputRow]:
    """Fields whose labels are equally wide, and the button below them."""
    labels = label_width(field for _, field in form.fields)
    rows = [
        row
        for name, field in form.fields
        for row in input_rows(field, width, palette, looks, Fill(form.ref, name), labels)
    ]
    return [*rows, _button(form.submit, Act(form.ref), width, palette)]


def keyboard_rows(keyboard: Keyboard, width: int, palette: Palette, looks: Looks) -> list[OutputRow]:
    row = _button(keyboard.label, GiveKeys(keyboard.ref), width, palette)
    has_keys = looks.keyboard == keyboard.ref
    said = "has all keys · Ctrl+K takes them back" if has_keys else "Ctrl+K gives it all keys"
    note = inked(f"  {said}", palette.running if has_keys else palette.muted)
    text = row.text.append_text(note)
    text.truncate(width, overflow="ellipsis")
    return [text_row(text, row.spots)]


def _button(label: str, touch: Touch, width: int, palette: Palette) -> OutputRow:
    text = Text.assemble(("[ ", palette.focus), (printable_row(label), palette.strong), (" ]", palette.focus), end="")
    text.truncate(width, overflow="ellipsis")
    return text_row(text, [Spot(0, text.cell_len, touch)])
