"""Pictures drawn, in the ways that terminals know. Runs in a thread, and is loaded with the first picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from rich.style import Style

from notebook_tui.ui.pictures import iterm2, kitty
from notebook_tui.ui.pictures.blocks import block_rows
from notebook_tui.ui.pictures.decoding import decoded
from notebook_tui.ui.pictures.drawing import PLACE, Drawing, Place
from notebook_tui.ui.pictures.graphics import Graphics
from notebook_tui.ui.pictures.sixel import sixels
from notebook_tui.ui.pictures.tmux import through_tmux

if TYPE_CHECKING:
    from PIL.Image import Image

_LARGE: Final = 256_000


def drawing_of(data: bytes | str, columns: int, rows: int, graphics: Graphics, number: int) -> Drawing:
    """`number` tells it from all others of this session. `NoPicture` if it cannot be decoded."""
    match graphics.protocol:
        case "kitty":
            return _kitty(data, columns, rows, graphics, number)
        case "iterm2" | "sixel":
            return _overlaid(data, columns, rows, graphics, number)
        case _:
            return Drawing(block_rows(decoded(data, columns, 2 * rows), graphics.colors))


def _kitty(data: bytes | str, columns: int, rows: int, graphics: Graphics, number: int) -> Drawing:
    columns, rows = min(columns, kitty.MOST_CELLS), min(rows, kitty.MOST_CELLS)
    id = kitty.id_in_reach(number, graphics.colors)
    picture = decoded(data, columns * graphics.cell[0], rows * graphics.cell[1])
    sequences = [*kitty.sending(id, _png(picture), columns, rows)]
    end = kitty.forgetting(id)
    if graphics.tmux:
        sequences, end = [through_tmux(each) for each in sequences], through_tmux(end)
    return Drawing(kitty.placeholder_rows(id, columns, rows, graphics.colors), "".join(sequences), forgotten_by=end)


def _overlaid(data: bytes | str, columns: int, rows: int, graphics: Graphics, number: int) -> Drawing:
    """Half blocks hold the place, and are what is seen while the picture is not wholly in view."""
    picture = decoded(data, columns * graphics.cell[0], rows * graphics.cell[1])
    texts = block_rows(picture.resize((columns, 2 * rows)), graphics.colors)
    for row, text in enumerate(texts):
        text.stylize_before(Style.from_meta({PLACE: Place(number, row, columns, rows)}), 0, 1)
    over = sixels(picture) if graphics.protocol == "sixel" else iterm2.painting(_png(picture), columns, rows)
    return Drawing(texts, painted_over=over)


def _png(picture: Image) -> bytes:
    """The picture as a file; of one that would be large, as photographs are, with 256 colours."""
    opaque = picture.getchannel("A").getextrema() == (255, 255)
    whole = _saved(picture.convert("RGB") if opaque else picture)
    return whole if len(whole) <= _LARGE else _saved(picture.quantize(256))


def _saved(picture: Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=6)
    return data.getvalue()
