"""Inline Markdown to one rich text: emphasis, code, links with their address beside them."""

from __future__ import annotations

import re
from typing import Final

from markdown_it.tree import SyntaxTreeNode
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette

_STRUCK: Final = Style(strike=True)
# What a terminal may be told to open: nothing in it can end the sequence that tells it, and no other program hears it.
_SAFE: Final = re.compile(r"(?:https?://|mailto:)[!-~]{1,1000}")
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)


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
            return picture_text(node.content, str(node.attrs.get("src", "")), palette)
        case "math_inline" | "math_inline_double":
            # Loaded with the first formula, as in other places what few notebooks need.
            from notebook_tui.ui.markdown.formulas import formula_text

            return formula_text(node.content, palette)
        case "footnote_ref":
            return Text(f"[{node.meta.get('label') or node.meta['id'] + 1}]", palette.link)
        case "html_inline":
            return _markup(node.content, palette)
        case _ if node.children:
            return inline_text(node, palette)
        case _:
            return Text(node.content)


def picture_text(alt: str, source: str, palette: Palette) -> Text:
    """What stands in the place of a picture that is not shown."""
    return Text.assemble("image: ", alt, (f" ‹{source}›", palette.muted))


def _markup(tag: str, palette: Palette) -> Text:
    """A tag of HTML among words: a break is one, a comment is nothing, others are shown plainly."""
    if _BREAK.fullmatch(tag):
        return Text("\n")
    return Text("" if tag.startswith("<!--") else tag, palette.muted)


def _styled(node: SyntaxTreeNode, palette: Palette, style: Style) -> Text:
    text = inline_text(node, palette)
    text.stylize_before(style)
    return text


def _link(node: SyntaxTreeNode, palette: Palette) -> Text:
    """A terminal shows no address on hover, so it stands behind the words unless they are the address."""
    address = str(node.attrs.get("href", ""))
    text = _styled(node, palette, palette.link + Style(link=address) if _SAFE.fullmatch(address) else palette.link)
    if address.removeprefix("mailto:") != text.plain:
        text.append(f" ‹{address}›", palette.muted)
    return text
