"""A Markdown cell to rows of text, folded to a width.

Textual's Markdown widget makes a widget per block, which a list of many cells cannot pay; here a cell is parsed once
and its rows are cached by the cell list. Mathematics is set in Unicode, diagrams are drawn with boxes, pictures are
shown as the terminal can; HTML is shown as the text in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.drawing.rows import wrap_code, wrap_words
from notebook_tui.ui.drawing.syntax import code_lines
from notebook_tui.ui.markdown.alerts import alert_of
from notebook_tui.ui.markdown.inks import Inks
from notebook_tui.ui.markdown.inline import inline_text
from notebook_tui.ui.markdown.picture_rows import picture_rows, stands_alone
from notebook_tui.ui.markdown.table import table_rows
from notebook_tui.ui.pictures.gallery import NO_PICTURES, Pictures

_PARSER: Final = (
    MarkdownIt("commonmark")
    .enable(["table", "strikethrough"])
    .use(dollarmath_plugin, allow_digits=False, double_inline=True)
    .use(footnote_plugin, inline=False)
)
_NARROWEST: Final = 12
_BULLETS: Final = "•◦▪"
_TASK: Final = re.compile(r"\[([ xX])\]\s+")
_DEEPEST_HTML: Final = 3


def markdown_rows(
    source: str, width: int, palette: Palette, pictures: Pictures = NO_PICTURES, height: int = 20
) -> list[Text]:
    """The rows of a Markdown text, each at most `width` cells wide; pictures at most `height` rows high.

    >>> [row.plain for row in markdown_rows("# Hi\\n- a\\n- b", 20, Palette())]
    ['Hi', '', '• a', '• b']
    """
    return list(_rows(source, max(width, _NARROWEST), Inks(palette, pictures, height), 0))


def _rows(source: str, width: int, inks: Inks, html: int) -> Iterator[Text]:
    root = SyntaxTreeNode(_PARSER.parse(printable(source)))
    return _Page(inks, html).blocks(root.children, width, 0)


class _Page:
    def __init__(self, inks: Inks, html: int) -> None:
        self._inks = inks
        self._palette = inks.palette
        self._html = html
        """How many texts within HTML within Markdown this is."""

    def blocks(self, nodes: Iterable[SyntaxTreeNode], width: int, depth: int) -> Iterator[Text]:
        """One below the other, a blank row between them, none between the items of a tight list."""
        for index, node in enumerate(nodes):
            tight = node.type == "paragraph" and node.hidden
            follows_tight = node.type in ("bullet_list", "ordered_list") and depth > 0
            if index and not tight and not follows_tight:
                yield Text(end="")
            yield from self._block(node, width, depth)

    def _block(self, node: SyntaxTreeNode, width: int, depth: int) -> Iterator[Text]:
        palette = self._palette
        match node.type:
            case "heading":
                return self._heading(node, width)
            case "paragraph":
                return self._paragraph(node, width)
            case "bullet_list" | "ordered_list":
                return self._list(node, width, depth)
            case "blockquote":
                return self._quote(node, width, depth)
            case "fence" | "code_block":
                return self._code(node, width)
            case "table":
                return table_rows(node, width, palette)
            case "math_block" | "math_block_label":
                return iter(_formula(node.content, width, palette))
            case "hr":
                return iter([Text("─" * width, palette.faint, end="")])
            case "html_block":
                return self._markup(node, width)
            case "footnote_block":
                return self._footnotes(node, width, depth)
            case _:
                return wrap_words(Text(node.content.rstrip("\n"), palette.muted), width)

    def _heading(self, node: SyntaxTreeNode, width: int) -> Iterator[Text]:
        text = inline_text(node, self._palette)
        text.stylize_before(self._palette.heading)
        return wrap_words(text, width)

    def _paragraph(self, node: SyntaxTreeNode, width: int) -> Iterator[Text]:
        if picture := stands_alone(node):
            yield from picture_rows(picture, width, self._inks)
        elif formula := _lone_formula(node):
            yield from _formula(formula, width, self._palette)
        else:
            yield from wrap_words(inline_text(node, self._palette), width)

    def _quote(self, node: SyntaxTreeNode, width: int, depth: int) -> Iterator[Text]:
        inside = max(width - 2, _NARROWEST)
        style = self._palette.faint
        if alert := alert_of(node, self._palette):
            style = alert.style
            yield Text.assemble(("│ ", style), (alert.title, style), end="")
        quoted = self.blocks([child for child in node.children if not _is_empty(child)], inside, depth)
        yield from _prefixed(quoted, "│ ", "│ ", style)

    def _list(self, node: SyntaxTreeNode, width: int, depth: int) -> Iterator[Text]:
        markers = _markers(node, depth)
        loose = any(not child.hidden for item in node.children for child in item.children if child.type == "paragraph")
        for index, (item, marker) in enumerate(zip(node.children, markers, strict=True)):
            if index and loose:
                yield Text(end="")
            task = _task_of(item)
            shown, style = (f"{task} ", self._palette.ok) if task else (marker, self._palette.muted)
            rows = self.blocks(item.children, max(width - len(shown), _NARROWEST), depth + 1)
            yield from _prefixed(rows, shown, " " * len(shown), style)

    def _footnotes(self, node: SyntaxTreeNode, width: int, depth: int) -> Iterator[Text]:
        yield Text("─" * min(width, 12), self._palette.faint, end="")
        for footnote in node.children:
            label = f"[{footnote.meta.get('label') or footnote.meta['id'] + 1}] "
            children = [child for child in footnote.children if child.type != "footnote_anchor"]
            rows = self.blocks(children, max(width - len(label), _NARROWEST), depth)
            yield from _prefixed(rows, label, " " * len(label), self._palette.muted)

    def _code(self, node: SyntaxTreeNode, width: int) -> Iterator[Text]:
        language = node.info.split(maxsplit=1)[0] if node.info.strip() else "text"
        if language in ("math", "latex", "tex"):
            yield from _formula(node.content, width, self._palette)
            return
        if language == "mermaid":
            # Few notebooks have diagrams: what draws them is loaded with the first.
            from notebook_tui.ui.markdown.diagrams import diagram_texts

            if (drawn := diagram_texts(node.content, width, self._palette)) is not None:
                yield from drawn
                return
            yield Text("mermaid, not drawn here; its source:", self._palette.muted, end="")
        lines = code_lines(node.content.rstrip("\n"), language, self._palette)
        rows = (row for _, _, row in wrap_code(lines, width - 2))
        yield from _prefixed(rows, "┆ ", "┆ ", self._palette.faint)

    def _markup(self, node: SyntaxTreeNode, width: int) -> Iterator[Text]:
        """What can be read of HTML; of a comment nothing."""
        if self._html < _DEEPEST_HTML:
            from notebook_tui.ui.markdown.html_text import markdown_of

            return _rows(markdown_of(node.content), width, self._inks, self._html + 1)
        return wrap_words(Text(node.content.rstrip("\n"), self._palette.muted), width)


def _formula(source: str, width: int, palette: Palette) -> list[Text]:
    from notebook_tui.ui.markdown.formulas import formula_texts

    return formula_texts(source, width, palette)


def _markers(node: SyntaxTreeNode, depth: int) -> Sequence[str]:
    if node.type == "bullet_list":
        return [_BULLETS[min(depth, len(_BULLETS) - 1)] + " "] * len(node.children)
    start = int(node.attrs.get("start", 1))
    numbers = [f"{start + index}." for index in range(len(node.children))]
    widest = max(map(len, numbers))
    return [number.rjust(widest) + " " for number in numbers]


def _task_of(item: SyntaxTreeNode) -> str:
    """The box of a task, which is taken off its text; empty for an item that is none."""
    if not item.children or item.children[0].type != "paragraph" or not item.children[0].children:
        return ""
    inline = item.children[0].children[0]
    first = inline.children[0] if inline.children else None
    if first is None or first.type != "text" or first.token is None or not (found := _TASK.match(first.content)):
        return ""
    first.token.content = first.content[found.end() :]
    return "[ ]" if found[1] == " " else "[✓]"


def _lone_formula(node: SyntaxTreeNode) -> str:
    """Of a paragraph that is nothing but a displayed formula; a blank line before it is often left out."""
    inline = node.children[0] if node.children else None
    if inline is None or len(inline.children) != 1 or inline.children[0].type != "math_inline_double":
        return ""
    return inline.children[0].content


def _is_empty(node: SyntaxTreeNode) -> bool:
    return node.type == "paragraph" and not any(child.children for child in node.children)


def _prefixed(rows: Iterable[Text], first: str, rest: str, style: Style) -> Iterator[Text]:
    prefix = first
    for row in rows:
        yield Text.assemble((prefix, style), row, end="")
        prefix = rest
