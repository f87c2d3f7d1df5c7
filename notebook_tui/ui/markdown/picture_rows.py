"""Pictures in Markdown: those in a file beside the notebook, and those in the text itself; others are named."""

from __future__ import annotations

import base64
from typing import Final

from markdown_it.tree import SyntaxTreeNode
from rich.text import Text

from notebook_tui.ui.drawing.rows import wrap_words
from notebook_tui.ui.markdown.inks import Inks
from notebook_tui.ui.markdown.inline import inline_text, picture_text

_DATA: Final = "data:image/"


def stands_alone(paragraph: SyntaxTreeNode) -> SyntaxTreeNode | None:
    """The picture of a paragraph that is nothing else."""
    pieces = paragraph.children[0].children if paragraph.children else []
    return pieces[0] if len(pieces) == 1 and pieces[0].type == "image" else None


def picture_rows(node: SyntaxTreeNode, width: int, inks: Inks) -> list[Text]:
    """The picture, and below it what it shows."""
    source = str(node.attrs.get("src", ""))
    alt = inline_text(node, inks.palette).plain or node.content
    data = _embedded(source) if source.startswith(_DATA) else inks.pictures.file(source)
    if isinstance(data, str | None):
        named = picture_text(alt, source if data is None else "in the text", inks.palette)
        return list(wrap_words(named, width))
    rows = inks.pictures.rows(data, alt or "picture", width, inks.height, inks.palette)
    return [*rows, *wrap_words(Text(alt, inks.palette.muted), width)] if alt and len(rows) > 1 else rows


def _embedded(address: str) -> bytes | str:
    head, _, payload = address.partition(",")
    try:
        return base64.b64decode(payload) if head.endswith(";base64") else address
    except ValueError:
        return address
