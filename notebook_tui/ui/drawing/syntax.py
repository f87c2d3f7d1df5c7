"""Source text to coloured lines, by Pygments.

The cell list and the editor both draw with `code_lines`, so a cell looks the same before and while it is edited.
Pygments colours 250 lines in 7 ms where tree-sitter's highlight query takes 26; `colouring` does only what a key has
changed. Above `MAX_LINES` code stays plain, so that nobody waits for the colours of a text that was pasted.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType
from pygments.util import ClassNotFound
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable

MAX_LINES: Final = 1_500

_ROLES: Final[dict[_TokenType, str]] = {
    Token.Comment: "comment",
    Token.Keyword: "keyword",
    Token.Keyword.Constant: "number",
    Token.Literal.Number: "number",
    Token.Literal.String: "string",
    Token.Literal.String.Affix: "keyword",
    Token.Literal.String.Interpol: "keyword",
    Token.Operator.Word: "keyword",
    Token.Name.Builtin: "builtin",
    Token.Name.Exception: "builtin",
    Token.Name.Class: "builtin",
    Token.Name.Function: "function",
    Token.Name.Decorator: "decorator",
    Token.Name.Tag: "keyword",
    Token.Generic.Heading: "heading",
    Token.Generic.Subheading: "heading",
    Token.Generic.Strong: "strong",
    Token.Generic.Emph: "emphasis",
}


def code_lines(source: str, language: str, palette: Palette, most: int = MAX_LINES) -> list[Text]:
    """The lines of `source` as fresh coloured texts, one for each line; tabs are kept.

    >>> [line.plain for line in code_lines("a = 1\\n", "python", Palette())]
    ['a = 1', '']
    """
    source = printable(source)
    if source.count("\n") >= most:
        return [plain_line(plain) for plain in source.split("\n")]
    lines = [plain_line("")]
    for token_type, value in lexer(language).get_tokens(source):
        style = style_of(token_type, palette)
        first, *rest = value.split("\n")
        lines[-1].append(first, style)
        for part in rest:
            lines.append(plain_line(""))
            lines[-1].append(part, style)
    return lines


def plain_line(plain: str) -> Text:
    return Text(plain, end="", no_wrap=True)


def style_of(token_type: _TokenType, palette: Palette) -> Style | None:
    """The style of the nearest kind of token that has a role."""
    kind: _TokenType | None = token_type
    while kind is not None:
        if role := _ROLES.get(kind):
            style: Style = getattr(palette, role)
            return style
        kind = kind.parent
    return None


@lru_cache(maxsize=32)
def lexer(language: str) -> Lexer:
    # "text" for a language that Pygments does not know: it is shown plain, never refused.
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return get_lexer_by_name("text", stripnl=False, ensurenl=False)
