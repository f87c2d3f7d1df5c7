"""A Markdown cell to rows of text, folded to a width.

Textual's Markdown widget makes a widget per block, which a list of many cells cannot pay; here a cell is parsed once
and its rows are cached by the cell list. What Markdown has and a terminal has not (HTML, images) is shown as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.drawing.rows import wrap_code, wrap_words
from notebook_tui.ui.drawing.syntax import code_lines
from notebook_tui.ui.markdown.inline import inline_text
from notebook_tui.ui.markdown.table import table_rows

_PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_NARROWEST: Final = 12
_BULLETS: Final = "•◦▪"


def markdown_rows(source: str, width: int, palette: Palette) -> list[Text]:
    """The rows of a Markdown text, each at most `width` cells wide.

    >>> [row.plain for row in markdown_rows("# Hi\\n- a\\n- b", 20, Palette())]
    ['Hi', '', '• a', '• b']
    """
    root = SyntaxTreeNode(_PARSER.parse(printable(source)))
    return list(_blocks(root.children, max(width, _NARROWEST), palette, depth=0))


def _blocks(nodes: Iterable[SyntaxTreeNode], width: int, palette: Palette, depth: int) -> Iterator[Text]:
    """The blocks one below the other, a blank row between them, none between the items of a tight list."""
    for index, node in enumerate(nodes):
        tight = node.type == "paragraph" and node.hidden
        follows_tight = node.type in ("bullet_list", "ordered_list") and depth > 0
        if index and not tight and not follows_tight:
            yield Text(end="")
        yield from _block(node, width, palette, depth)


def _block(node: SyntaxTreeNode, width: int, palette: Palette, depth: int) -> Iterator[Text]:
    match node.type:
        case "heading":
            return _heading(node, width, palette)
        case "paragraph":
            return wrap_words(inline_text(node, palette), width)
        case "bullet_list" | "ordered_list":
            return _list(node, width, palette, depth)
        case "blockquote":
            quoted = _blocks(node.children, max(width - 2, _NARROWEST), palette, depth)
            return _prefixed(quoted, "│ ", "│ ", palette.faint)
        case "fence" | "code_block":
            return _code(node, width, palette)
        case "table":
            return table_rows(node, width, palette)
        case "hr":
            return iter([Text("─" * width, palette.faint, end="")])
        case _:
            return wrap_words(Text(node.content.rstrip("\n"), palette.muted), width)


def _heading(node: SyntaxTreeNode, width: int, palette: Palette) -> Iterator[Text]:
    text = inline_text(node, palette)
    text.stylize_before(palette.heading)
    return wrap_words(text, width)


def _list(node: SyntaxTreeNode, width: int, palette: Palette, depth: int) -> Iterator[Text]:
    markers = _markers(node, depth)
    loose = any(not child.hidden for item in node.children for child in item.children if child.type == "paragraph")
    for index, (item, marker) in enumerate(zip(node.children, markers, strict=True)):
        if index and loose:
            yield Text(end="")
        rows = _blocks(item.children, max(width - len(marker), _NARROWEST), palette, depth + 1)
        yield from _prefixed(rows, marker, " " * len(marker), palette.muted)


def _markers(node: SyntaxTreeNode, depth: int) -> Sequence[str]:
    if node.type == "bullet_list":
        return [_BULLETS[min(depth, len(_BULLETS) - 1)] + " "] * len(node.children)
    start = int(node.attrs.get("start", 1))
    numbers = [f"{start + index}." for index in range(len(node.children))]
    widest = max(map(len, numbers))
    return [number.rjust(widest) + " " for number in numbers]


def _code(node: SyntaxTreeNode, width: int, palette: Palette) -> Iterator[Text]:
    language = node.info.split(maxsplit=1)[0] if node.info.strip() else "text"
    lines = code_lines(node.content.rstrip("\n"), language, palette)
    rows = (row for _, _, row in wrap_code(lines, width - 2))
    return _prefixed(rows, "┆ ", "┆ ", palette.faint)


def _prefixed(rows: Iterable[Text], first: str, rest: str, style: Style) -> Iterator[Text]:
    prefix = first
    for row in rows:
        yield Text.assemble((prefix, style), row, end="")
        prefix = rest
