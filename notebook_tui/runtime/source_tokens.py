"""The tokens of a source that is being typed: broken code, open strings and open brackets are the normal case.

The standard `tokenize` refuses what is unfinished, and differs in that between Python versions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

TokenKind: TypeAlias = Literal["string", "open_string", "comment", "number", "name", "newline", "op"]

_TOKEN = re.compile(
    r"""
      (?P<space> [ \t\f]+ | \\(?:\r\n|\r|\n) )
    | (?P<comment> \#[^\r\n]* )
    | (?P<string> (?:[rRbBuUfF]{0,2})
          (?: \"{3} (?:[^\\]|\\.)*? \"{3} | '{3} (?:[^\\]|\\.)*? '{3}
            | \"(?!\"\") (?:[^"\\\r\n]|\\.)* \" | '(?!'') (?:[^'\\\r\n]|\\.)* ' ) )
    | (?P<open_string> [rRbBuUfF]{0,2} (?: \"{3}.* | '{3}.* | ["'] (?:[^\\\r\n]|\\.)* ) )
    | (?P<number> \.?\d (?:[eE][+-]|[\w.])* )
    | (?P<name> [^\W\d]\w* )
    | (?P<newline> \r\n|\r|\n )
    | (?P<op> . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
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
    return [
        Token(cast(TokenKind, match.lastgroup), match.group(), match.start())
        for match in _TOKEN.finditer(source)
        if match.lastgroup != "space"
    ]
