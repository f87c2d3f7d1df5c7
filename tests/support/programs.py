"""Small Python programs over the names a, b and c, drawn at random; every one of them ends.

Functions are called at the very end only: an analysis may take them to run when all else has.
"""

from __future__ import annotations

import re
from textwrap import indent

from hypothesis import strategies as st

NAMES = ("a", "b", "c")
_ATOMS = st.sampled_from([*NAMES, "0", "1", "2"])
_NAMES = st.sampled_from(NAMES)
_EXPRESSIONS = st.sampled_from(
    [
        "(EXPR + EXPR)",
        "(EXPR if EXPR % 2 else EXPR)",
        "(EXPR and EXPR)",
        "(NAME := EXPR)",
        "sum([EXPR for NAME in range(EXPR % 3) if EXPR])",
        "sum(EXPR for NAME in [1, 2] for NAME in [EXPR])",
        "len({EXPR: EXPR for NAME in [1]})",
    ]
)
_SIMPLE_FORMS = [
    "NAME = EXPR",
    "NAME += EXPR",
    "NAME, *NAME = EXPR, 7",
    "NAME: int = EXPR",
    "NAME: int",
    "assert EXPR < 3",
    "del NAME",
    "from math import tau as NAME",
]
_COMPOUND_FORMS = [
    "if EXPR:\nBLOCK\nelse:\nBLOCK",
    "for NAME in range(EXPR % 3):\nBLOCK\nelse:\nBLOCK",
    "while EXPR % 2:\nBLOCK\n    break\nelse:\nBLOCK",
    "try:\nBLOCK\nexcept NameError as NAME:\nBLOCK\nelse:\nBLOCK",
    "try:\nBLOCK\nfinally:\nBLOCK",
    "with suppress(Exception):\nBLOCK",
    "with nullcontext(EXPR) as NAME:\nBLOCK",
    "match EXPR:\n    case 1:\n        NAME = EXPR\n    case NAME if EXPR:\n        NAME = EXPR",
    "class NAME:\nBLOCK",
]
_SIMPLE = st.sampled_from(_SIMPLE_FORMS)
_STATEMENTS = st.sampled_from(_SIMPLE_FORMS + _COMPOUND_FORMS)


def _fill(draw: st.DrawFn, template: str, depth: int) -> str:
    """The template with something drawn in each place for an expression, a name or a block."""

    def drawn(place: re.Match[str]) -> str:
        match place[0]:
            case "NAME":
                return draw(_NAMES)
            case "EXPR":
                return _expression(draw, depth - 1)
            case _:
                return indent(_block(draw, depth - 1), "    ")

    return re.sub("NAME|EXPR|BLOCK", drawn, template)


def _expression(draw: st.DrawFn, depth: int) -> str:
    if depth <= 0 or draw(st.booleans()):
        return draw(_ATOMS)
    return _fill(draw, draw(_EXPRESSIONS), depth)


def _block(draw: st.DrawFn, depth: int) -> str:
    count = draw(st.integers(0, 2)) if depth > 0 else 0
    return "\n".join(_statement(draw, depth) for _ in range(count)) or "pass"


def _statement(draw: st.DrawFn, depth: int) -> str:
    return _fill(draw, draw(_STATEMENTS if depth > 1 else _SIMPLE), depth)


def _compiles(source: str) -> bool:
    try:
        compile(source, "<cell>", "exec")
    except SyntaxError:
        return False
    return True


@st.composite
def _programs(draw: st.DrawFn) -> str:
    body = [_statement(draw, 3) for _ in range(draw(st.integers(1, 4)))]
    if draw(st.booleans()):
        parameter, inner = draw(_NAMES), _block(draw, 2)
        scope = draw(st.sampled_from(["pass", *(f"global {name}" for name in NAMES if name != parameter)]))
        lines = f"{scope}\n{inner}\nreturn {_expression(draw, 2)}"
        default = _expression(draw, 2)
        body = [f"def f({parameter}=({default})):\n{indent(lines, '    ')}", *body, "result = f()"]
    return "\n".join(body) + "\n"


programs = _programs().filter(_compiles)
