"""A value in several forms as rows: the best form that this terminal can show.

A picture before Markdown, before HTML, before mathematics, before data, before plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import fold
from notebook_tui.ui.drawing.syntax import code_lines
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.terminal_text import decoded
from notebook_tui.ui.pictures.decoding import bytes_of
from notebook_tui.ui.pictures.gallery import Pictures
from notebook_tui.widgets.views import Display, Gallery, Plot
from notebook_tui.widgets.views_within import contents_of

_PICTURES: Final = (
    *("image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/bmp"),
    "image/svg+xml",
)
_PROSE: Final = 100
# A longer value is shown without colours: its text is data, and lexing it would cost more than it tells.
_COLORED: Final = 4_000
_NAMED: Final = re.compile(r"\[(.+): \S+, [\d,]+ bytes\]")
_JSON: Final = re.compile(r"application/(?:geo\+|ld\+)?json")
_VEGA: Final = re.compile(r"application/vnd\.vegalite\.v\d+(?:\.\d+)*\+json")


def display_rows(
    display: Display, width: int, height: int, palette: Palette, looks: Looks, place: str = ""
) -> list[OutputRow]:
    """Pictures are at most `height` rows high; anything else has as many rows as it takes. Where displays follow each
    other in one `place`, such as a frame, a picture stays until the next has been drawn.

    >>> rows = display_rows(Display((("text/markdown", "*cat*"), ("text/plain", "cat"))), 40, 20, Palette(), Looks())
    >>> [(row.mark, row.text.plain) for row in rows]
    [('=', 'cat')]
    """
    if (chart := _chart_of(display)) is not None:
        from notebook_tui.ui.outputs.plot_rows import plot_rows

        return list(plot_rows(chart, width, palette, looks, height))
    texts = _texts(display, width, height, palette, looks, place)
    rows = [row for text in texts for row in fold(text, width)]
    return [OutputRow(" " if index else "=", palette.ok, row) for index, row in enumerate(rows)]


def picture_of(display: Display) -> tuple[bytes | str, str] | None:
    """The picture among the forms, and what to call it."""
    for media_type in _PICTURES:
        if form := display.form(media_type):
            return bytes_of(form, media_type), _name_of(display)
    return None


def pictures_in(outputs: Iterable[object]) -> Iterator[tuple[bytes | str, str]]:
    """All pictures among these outputs and inside of them: what is in them, and what to call them."""
    for output in outputs:
        if isinstance(output, Gallery):
            hung = ((picture_of(card.picture), card.caption) for card in output.cards)
            yield from ((picture[0], caption or picture[1]) for picture, caption in hung if picture)
            continue
        if isinstance(output, Display) and (picture := picture_of(output)):
            yield picture
        yield from pictures_in(contents_of(output))


def has_pictures(outputs: Iterable[object]) -> bool:
    return next(pictures_in(outputs), None) is not None


def pictures_alone(outputs: Iterable[object]) -> bool:
    """Whether there is nothing but pictures."""
    return all(
        (isinstance(output, Display) and picture_of(output)) or isinstance(output, Gallery) for output in outputs
    )


def _chart_of(display: Display) -> Plot | None:
    """A chart of Vega-Lite that comes without a picture of it."""
    for media_type, form in display.forms:
        if _VEGA.fullmatch(media_type) and isinstance(form, str) and picture_of(display) is None:
            from notebook_tui.ui.outputs.vega import vega_plot

            return vega_plot(form)
    return None


def _texts(display: Display, width: int, height: int, palette: Palette, looks: Looks, place: str) -> Iterable[Text]:
    if picture := picture_of(display):
        return looks.pictures.rows(*picture, width, height, palette, place=place)
    for media_type, form in sorted(display.forms, key=lambda pair: _rank(pair[0])):
        if (
            isinstance(form, str)
            and (texts := _drawn(media_type, form, width, height, palette, looks.pictures)) is not None
        ):
            return texts
    return plain_texts(display.text, palette)


def _rank(media_type: str) -> int:
    ranked = ("text/markdown", "text/html", "text/latex")
    if media_type in ranked:
        return ranked.index(media_type)
    return len(ranked) + (not _JSON.fullmatch(media_type))


def _drawn(
    media_type: str, form: str, width: int, height: int, palette: Palette, pictures: Pictures
) -> list[Text] | None:
    """None where there is nothing better to do with this form than to show another."""
    # What draws these is loaded with the first value that has them.
    match media_type:
        case "text/markdown":
            from notebook_tui.ui.markdown.blocks import markdown_rows

            return markdown_rows(form, min(width, _PROSE), palette, pictures, height)
        case "text/html":
            from notebook_tui.ui.markdown.blocks import markdown_rows
            from notebook_tui.ui.markdown.html_text import markdown_of

            return markdown_rows(markdown_of(form), width, palette, pictures, height) or None
        case "text/latex":
            from notebook_tui.ui.markdown.formulas import formula_texts, undollared

            return formula_texts(undollared(form), width, palette)
        case _ if _JSON.fullmatch(media_type):
            return _json(form, palette)
        case _:
            return None


def _json(form: str, palette: Palette) -> list[Text] | None:
    try:
        pretty = json.dumps(json.loads(form), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
    return list(_colored(pretty, "json", palette))


def plain_texts(text: str, palette: Palette) -> Iterator[Text]:
    """The text of a value, coloured as Python where it has no colours of its own and is not long."""
    return _colored(text.expandtabs(8), "python", palette) if is_coloured_here(text) else decoded(text)


def is_coloured_here(text: str) -> bool:
    """Whether a value is shown in the colours of code: it brings none, and is no heap of data."""
    return "\x1b" not in text and len(text) <= _COLORED


def _colored(text: str, language: str, palette: Palette) -> Iterator[Text]:
    return iter(code_lines(text, language, palette))


def _name_of(display: Display) -> str:
    named = _NAMED.fullmatch(display.text)
    return named[1] if named and named[1] != "image" else "picture"
