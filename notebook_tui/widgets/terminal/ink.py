"""How a character looks: colours, attributes, and the link that it belongs to; and what an SGR sequence makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

from beamlike.kernel.record import frozen

Underline: TypeAlias = Literal["", "single", "double", "curly", "dotted", "dashed"]
TRUE: Final = 1 << 24
"""Added to a colour of 24 bits; a smaller number is a place in the palette of 256."""


@frozen
class Ink:
    """The default is a terminal's own."""

    front: int | None = None
    back: int | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: Underline = ""
    blink: bool = False
    reverse: bool = False
    conceal: bool = False
    strike: bool = False
    overline: bool = False
    link: str = ""


PLAIN: Final = Ink()
_UNDERLINES: Final[tuple[Underline, ...]] = ("", "single", "double", "curly", "dotted", "dashed")
# The common ones by codes that every reader knows.
_UNDERLINE_CODES: Final = {"": "24", "single": "4", "double": "21", "curly": "4:3", "dotted": "4:4", "dashed": "4:5"}
_CHANGES: Final[dict[int, dict[str, Any]]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": "single"},
    5: {"blink": True},
    6: {"blink": True},
    7: {"reverse": True},
    8: {"conceal": True},
    9: {"strike": True},
    21: {"underline": "double"},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": ""},
    25: {"blink": False},
    27: {"reverse": False},
    28: {"conceal": False},
    29: {"strike": False},
    39: {"front": None},
    49: {"back": None},
    53: {"overline": True},
    55: {"overline": False},
    **{30 + n: {"front": n} for n in range(8)},
    **{40 + n: {"back": n} for n in range(8)},
    **{90 + n: {"front": 8 + n} for n in range(8)},
    **{100 + n: {"back": 8 + n} for n in range(8)},
}
_MISSING: Final = "-"
_COLOURS: Final = {38: "front", 48: "back", 58: ""}


@lru_cache(maxsize=2048)
def inked(ink: Ink, parameters: str) -> Ink:
    """The ink after `CSI parameters m`; what nobody knows changes nothing.

    >>> inked(Ink(), "1;38;2;255;0;10").front == TRUE + 0xFF000A
    True
    >>> inked(Ink(bold=True), "22;4:3")
    Ink(front=None, back=None, bold=False, dim=False, italic=False, underline='curly', blink=False, reverse=False, \
conceal=False, strike=False, overline=False, link='')
    """
    changes: dict[str, Any] = {}
    rest = iter(parameters.split(";"))
    for parameter in rest:
        code, *details = parameter.split(":")
        number = _number(code)
        if number == 0:
            ink, changes = Ink(link=ink.link), {}
        elif number in _COLOURS:
            colour = _colour(_exact(details)) if details else _colour(_following(rest))
            if colour is not None and (field := _COLOURS[number]):
                changes[field] = colour
        elif number == 4 and details:
            style = _number(details[0])
            changes["underline"] = _UNDERLINES[style] if style < len(_UNDERLINES) else "single"
        else:
            changes |= _CHANGES.get(number, {})
    return replace(ink, **changes)


def sequence_of(ink: Ink) -> str:
    """What a terminal in plain ink is to be sent to write in this one.

    >>> sequence_of(Ink(bold=True, front=1)), sequence_of(Ink())
    ('\\x1b[1;38;5;1m', '')
    """
    codes = [code for code, on in _flags(ink) if on]
    codes += [_colour_code(code, colour) for code, colour in ((38, ink.front), (48, ink.back)) if colour is not None]
    attributes = f"\x1b[{';'.join(codes)}m" if codes else ""
    return f"\x1b]8;;{ink.link}\x1b\\{attributes}" if ink.link else attributes


def ending_of(ink: Ink) -> str:
    """What is to be sent after it."""
    plain = "\x1b[0m" if replace(ink, link="") != PLAIN else ""
    return f"{plain}\x1b]8;;\x1b\\" if ink.link else plain


def _flags(ink: Ink) -> Iterator[tuple[str, bool]]:
    yield "1", ink.bold
    yield "2", ink.dim
    yield "3", ink.italic
    yield _UNDERLINE_CODES[ink.underline], bool(ink.underline)
    yield "5", ink.blink
    yield "7", ink.reverse
    yield "8", ink.conceal
    yield "9", ink.strike
    yield "53", ink.overline


def _colour_code(code: int, colour: int) -> str:
    if colour < TRUE:
        return f"{code};5;{colour}"
    return f"{code};2;{colour >> 16 & 255};{colour >> 8 & 255};{colour & 255}"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 0 if not text else -1


def _following(rest: Iterator[str]) -> list[int]:
    """The numbers of a colour whose parts are parameters of their own."""
    kind = _number(next(rest, _MISSING))
    return [kind, *(_number(next(rest, _MISSING)) for _ in range({5: 1, 2: 3}.get(kind, 0)))]


def _exact(details: list[str]) -> list[int]:
    """The numbers of a colour in one parameter, without the colour space that may stand before three of them."""
    if details[0] == "2" and len(details) > 4:
        return [2, *map(_number, details[2:5])]
    return [_number(each) for each in details]


def _colour(numbers: list[int]) -> int | None:
    match numbers:
        case [5, place] if 0 <= place < 256:
            return place
        case [2, red, green, blue] if all(0 <= part < 256 for part in (red, green, blue)):
            return TRUE | red << 16 | green << 8 | blue
        case _:
            return None
