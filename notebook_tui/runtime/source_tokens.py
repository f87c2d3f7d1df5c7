"""The tokens of a source that is being typed: broken code, open strings and open brackets are the normal case.

The standard `tokenize` refuses what is unfinished, and differs in that between Python versions.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, cast

from beamlike.kernel.record import frozen
from notebook_tui.runtime.fstring import is_formatted, scan

TokenKind: TypeAlias = Literal["string", "open_string", "comment", "number", "name", "newline", "op"]

_TOKEN = re.compile(
    r"""
      (?P<space> [ \t\f]+ | \\(?:\r\n|\r|\n) )
    | (?P<comment> \#[^\r\n]* )
    | (?P<string> (?:[rRbBuUfFtT]{0,2})
          (?: \"{3} (?:[^\\]|\\.)*? \"{3} | '{3} (?:[^\\]|\\.)*? '{3}
            | \"(?!\"\") (?:[^"\\\r\n]|\\.)* \" | '(?!'') (?:[^'\\\r\n]|\\.)* ' ) )
    | (?P<open_string> [rRbBuUfFtT]{0,2} (?: \"{3}.* | '{3}.* | ["'] (?:[^\\\r\n]|\\.)* ) )
    | (?P<number> \.?\d (?:[eE][+-]|[\w.])* )
    | (?P<name> [^\W\d]\w* )
    | (?P<newline> \r\n|\r|\n )
    | (?P<op> . )
    """,
    re.VERBOSE | re.DOTALL,
)


@frozen
class Token:
    """An operator is one character, so `==` is two tokens. `start` and `end` count characters of the source."""

    kind: TokenKind
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def tokens(source: str) -> list[Token]:
    """All tokens; white space and the line breaks after a backslash are none.

    >>> [(token.kind, token.text) for token in tokens("d['a") ]
    [('name', 'd'), ('op', '['), ('open_string', "'a")]
    """
    found: list[Token] = []
    at = 0
    while (match := _TOKEN.match(source, at)) is not None:
        kind, text, at = cast(TokenKind, match.lastgroup), match.group(), match.end()
        if kind in ("string", "open_string") and is_formatted(text):
            literal = scan(source, match.start())
            kind, at = "open_string" if literal.is_open else "string", literal.end
            text = source[match.start() : at]
        if match.lastgroup != "space":
            found.append(Token(kind, text, match.start()))
    return found
