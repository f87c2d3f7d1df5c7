"""Inline Markdown to one rich text: emphasis, code, links with their address beside them."""

from __future__ import annotations

from typing import Final

from markdown_it.tree import SyntaxTreeNode
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette

_STRUCK: Final = Style(strike=True)


def inline_text(node: SyntaxTreeNode, palette: Palette) -> Text:
    """The text of an `inline` node, or of any node by way of its children."""
    text = Text(end="")
    for child in node.children:
        text.append_text(_piece(child, palette))
    return text


def _piece(node: SyntaxTreeNode, palette: Palette) -> Text:
    match node.type:
        case "softbreak":
            return Text(" ")
        case "hardbreak":
            return Text("\n")
        case "code_inline":
            return Text(node.content, palette.builtin + palette.panel)
        case "strong":
            return _styled(node, palette, palette.strong)
        case "em":
            return _styled(node, palette, palette.emphasis)
        case "s":
            return _styled(node, palette, _STRUCK)
        case "link":
            return _link(node, palette)
        case "image":
            return Text.assemble("image: ", node.content, (f" ‹{node.attrs.get('src', '')}›", palette.muted))
        case "html_inline":
            return Text(node.content, palette.muted)
        case _ if node.children:
            return inline_text(node, palette)
        case _:
            return Text(node.content)


def _styled(node: SyntaxTreeNode, palette: Palette, style: Style) -> Text:
    text = inline_text(node, palette)
    text.stylize_before(style)
    return text


def _link(node: SyntaxTreeNode, palette: Palette) -> Text:
    """A terminal shows no address on hover, so it stands behind the words unless they are the address."""
    text = _styled(node, palette, palette.link)
    address = str(node.attrs.get("href", ""))
    if address.removeprefix("mailto:") != text.plain:
        text.append(f" ‹{address}›", palette.muted)
    return text
