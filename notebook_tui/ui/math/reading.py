"""LaTeX's mathematics to boxes: Greek, scripts, fractions, roots, sums, brackets, matrices, cases.

What is not known here is shown as it was written. Among words a formula is set in one row; where it is `tall`,
fractions, limits and matrices take several.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from unicodedata import normalize

from rich.cells import cell_len

from notebook_tui.ui.math import symbols
from notebook_tui.ui.math.box import Box, above, beside, fenced, fraction, padded, root, text

_TOKEN: Final = re.compile(r"\\[A-Za-z]+\*?|\\.|%[^\n]*|\s+|.", re.DOTALL)
_LINES: Final = "\u0305\u0332"
_DEEPEST: Final = 24
_LONGEST: Final = 4_000
_SIGNS: Final = {"-": "−", "*": "∗", "'": "′", "~": " "}
_RELATION_SIGNS: Final = frozenset("=<>:→←") | frozenset("≤≥≈≡")
_BINARY_SIGNS: Final = frozenset("+−")
_SPACED: Final = re.compile(r" ?([+−=<>→←×·∗∈∉≤≥≠≈∼,]) ?")
_ENDS: Final = ("}", "&", "\\\\", "\\right", "\\end", "]")
_MATRICES: Final = {
    "matrix": "..",
    "pmatrix": "()",
    "bmatrix": "[]",
    "Bmatrix": "{}",
    "vmatrix": "||",
    "Vmatrix": "‖‖",
    "smallmatrix": "..",
}


class _Unreadable(Exception):
    """Too deep, or not to be understood."""


def math_rows(source: str, tall: bool = True) -> tuple[str, ...]:
    r"""The formula in as many rows as it takes, or in one.

    >>> for row in math_rows(r"x = \frac{-b \pm a}{2a}"): print(row)
        −b ± a
    x = ──────
          2a
    >>> math_rows(r"\alpha_i^2 \in \mathbb{R}", tall=False)
    ('αᵢ² ∈ ℝ',)
    """
    return _rows(source.strip(), tall)


@lru_cache(maxsize=512)
def _rows(source: str, tall: bool) -> tuple[str, ...]:
    try:
        if len(source) > _LONGEST:
            raise _Unreadable
        reader = _Reader(source, tall)
        box = reader.everything()
    except (_Unreadable, RecursionError):
        return tuple(source.split("\n"))
    rows = tuple(row.rstrip() for row in box.rows)
    return rows if any(rows) else (source,)


class _Reader:
    def __init__(self, source: str, tall: bool) -> None:
        tokens = [token for token in _TOKEN.findall(source) if not token.startswith("%")]
        self._tokens = tokens
        self._at = 0
        self._tall = tall
        self._depth = 0

    def everything(self) -> Box:
        box = self._lines("left") if "\\\\" in self._tokens or "&" in self._tokens else self._row()
        # What ends something that never began is shown, and what follows it is read on.
        while self._at < len(self._tokens):
            stray = self._take()
            box = beside([box, text("" if stray == "\\\\" else stray), self._row()])
        return box

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _blanks(self) -> None:
        while self._peek().isspace():
            self._at += 1

    def _row(self, until: tuple[str, ...] = ()) -> Box:
        """Atoms beside each other, up to what ends them."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _Unreadable
        boxes: list[Box] = []
        operand = after_fraction = False
        while (token := self._peek()) and token not in (*_ENDS[:-1], *until):
            if token.isspace():
                self._at += 1
                continue
            kind, box = self._atom()
            box = self._with_scripts(kind, box)
            if kind in ("relation", "binary"):
                flat = box.flat or ""
                between = operand or kind == "relation"
                box = (
                    beside([text(" " if boxes and between else ""), box, text(" " if between else "")]) if flat else box
                )
                operand = False
            elif kind == "comma":
                box, operand = text(f"{box.rows[0]} "), False
            elif kind == "function":
                box, operand = beside([text(" " if operand else ""), box, text(self._after_function())]), False
            elif box.rows != ("",):
                operand = operand or bool((box.flat or "x").strip())
            if after_fraction and kind in ("letter", "group", "fraction"):
                boxes.append(text(" "))
            after_fraction = kind == "fraction"
            boxes.append(box)
        self._depth -= 1
        return beside(boxes)

    def _after_function(self) -> str:
        self._blanks()
        return "" if self._peek() in ("(", "[", "", "{", "\\left", *_ENDS) else " "

    def _with_scripts(self, kind: str, box: Box) -> Box:
        low = high = None
        while True:
            self._blanks()
            token = self._peek()
            if token == "^" and high is None:
                self._at += 1
                high = self._argument()
            elif token == "_" and low is None:
                self._at += 1
                low = self._argument()
            elif token in ("\\limits", "\\nolimits"):
                self._at += 1
            else:
                break
        if low is None and high is None:
            return box
        if kind == "function" and self._tall and box.rows[0] in symbols.LIMITS.values():
            parts = [part if part is box else _tight(part) for part in (high, box, low) if part is not None]
            return beside([above(parts, 1 if high is not None else 0)])
        return _scripted(box, low, high, self._tall)

    def _argument(self) -> Box:
        self._blanks()
        if self._peek() == "{":
            return self._group()
        if self._peek() in ("", *_ENDS[:-1]):
            return text("")
        return self._atom()[1]

    def _group(self) -> Box:
        self._at += 1
        box = self._row()
        if self._peek() == "}":
            self._at += 1
        return box

    def _raw_group(self) -> str:
        """The letters of a group as they stand."""
        self._blanks()
        if self._peek() != "{":
            return self._take()
        depth, parts = 0, []
        while token := self._take():
            depth += (token == "{") - (token == "}")
            if not depth:
                break
            parts.append(token)
        return "".join(parts[1:])

    def _atom(self) -> tuple[str, Box]:
        token = self._take()
        if token == "{":
            self._at -= 1
            return "group", self._group()
        if not token.startswith("\\") or len(token) == 1:
            sign = _SIGNS.get(token, token)
            kind = "relation" if sign in _RELATION_SIGNS else "binary" if sign in _BINARY_SIGNS else "letter"
            return "comma" if sign in (",", ";") else kind, text(sign)
        return self._word(token[1:])

    def _word(self, word: str) -> tuple[str, Box]:
        plain = word.rstrip("*")
        for kind, table in (("letter", symbols.LETTERS), ("binary", symbols.BINARY), ("relation", symbols.RELATIONS)):
            if plain in table:
                return kind, text(table[plain])
        if plain in symbols.FENCES:
            return "letter", text(symbols.FENCES[plain])
        if plain in symbols.LIMITS or plain in symbols.FUNCTIONS:
            return "function", text(symbols.LIMITS.get(plain, plain))
        if plain in symbols.INTEGRALS:
            return "integral", text(symbols.INTEGRALS[plain])
        if word in symbols.SPACES:
            return "space", text(symbols.SPACES[word])
        if plain in symbols.SKIPPED:
            return "space", text("")
        return "fraction" if plain.endswith("frac") else "group", self._built(plain)

    def _built(self, word: str) -> Box:
        builders: dict[str, Callable[[], Box]] = {
            **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac"), self._fraction),
            **dict.fromkeys(("binom", "dbinom"), self._binomial),
            **dict.fromkeys(
                ("text", "mathrm", "operatorname", "textbf", "textit", "textrm", "mbox"),
                lambda: text(self._raw_group()),
            ),
            **dict.fromkeys(
                ("mathsf", "mathtt", "mathit", "boxed", "mathop", "overbrace", "underbrace"), self._argument
            ),
            **dict.fromkeys(("overset", "stackrel"), lambda: self._stacked(over=True)),
            "underset": lambda: self._stacked(over=False),
            "sqrt": self._root,
            "left": self._fenced,
            "begin": self._environment,
            "not": lambda: _accented(self._argument(), "\u0338"),
            "tag": lambda: text(f"    ({self._raw_group()})"),
            "pmod": lambda: beside([text(" (mod "), self._argument(), text(")")]),
        }
        if word in builders:
            return builders[word]()
        if word in symbols.ALPHABETS:
            return text(symbols.in_alphabet(self._argument().rows[0], word))
        if word in symbols.ACCENTS:
            return _accented(self._argument(), symbols.ACCENTS[word])
        if word in symbols.SKIPPED_WITH_ARGUMENT:
            self._raw_group()
            return text("")
        return text(word if not word.isalpha() else f"\\{word}")

    def _fraction(self) -> Box:
        top, bottom = self._argument(), self._argument()
        if self._tall:
            return fraction(top, bottom)
        return text(f"{_bracketed(top)}/{_bracketed(bottom)}")

    def _binomial(self) -> Box:
        top, bottom = self._argument(), self._argument()
        if self._tall:
            return fenced(above([top, text(" "), bottom], 1), "(", ")")
        return text(f"C({top.rows[0]}, {bottom.rows[0]})")

    def _stacked(self, over: bool) -> Box:
        script, base = self._argument(), self._argument()
        if self._tall:
            return above([script, base] if over else [base, script], 1 if over else 0)
        return _scripted(base, None if over else script, script if over else None, False)

    def _root(self) -> Box:
        self._blanks()
        degree = ""
        if self._peek() == "[":
            self._at += 1
            inner = self._row(("]",)).rows[0]
            self._at += self._peek() == "]"
            degree = symbols.superscript(inner) or inner
        return root(self._argument(), degree)

    def _fence_sign(self) -> str:
        self._blanks()
        token = self._take()
        return symbols.FENCES.get(token.removeprefix("\\"), token) if token.startswith("\\") else token

    def _fenced(self) -> Box:
        left = self._fence_sign()
        inside = self._row()
        right = "."
        if self._peek() == "\\right":
            self._at += 1
            right = self._fence_sign()
        return fenced(inside, left, right)

    def _environment(self) -> Box:
        name = self._raw_group()
        if name == "array":
            self._raw_group()
        plain = name.rstrip("*")
        if plain in _MATRICES:
            box = self._lines("center")
            left, right = tuple(_MATRICES[plain])
        elif plain == "cases":
            box, left, right = self._lines("left"), "{", "."
        else:
            box, left, right = self._lines("center" if plain in ("array", "gather") else "equations"), ".", "."
        if self._peek() == "\\end":
            self._at += 1
            self._raw_group()
        return fenced(box, left, right)

    def _lines(self, align: str) -> Box:
        """Rows of cells: `&` ends a cell, a double backslash a row. Between cells of equations there is no room."""
        table: list[list[Box]] = [[]]
        while True:
            table[-1].append(self._row())
            token = self._peek()
            if token == "&":
                self._at += 1
            elif token == "\\\\":
                self._at += 1
                table.append([])
            else:
                break
        table = [row for row in table if any(any(part.strip() for part in cell.rows) for cell in row)] or [[text("")]]
        if not self._tall:
            between = "" if align == "equations" else " "
            return text("; ".join(between.join(cell.rows[0].strip() for cell in row) for row in table))
        return _grid(table, align)


def _grid(table: list[list[Box]], align: str) -> Box:
    count = max(map(len, table))
    filled = [[*row, *[text("")] * (count - len(row))] for row in table]
    widths = [max(row[at].width for row in filled) for at in range(count)]
    lines = []
    for row in filled:
        cells = []
        for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
            gap = ("" if at % 2 == 0 else " ") if align == "equations" else "  "
            side = align if align in ("left", "center") else ("right" if at % 2 == 0 else "left")
            cells += [text(gap if at else ""), above([cell, text(" " * width)], 0, side)]  # type: ignore[arg-type]
        line = beside(cells)
        lines.append(Box(line.rows[:-1], line.base) if line.height > 1 else line)
    spaced = [part for line in lines for part in ((line, text("")) if line.height > 1 else (line,))]
    spaced = spaced[:-1] if lines[-1].height > 1 else spaced
    rows = tuple(row for part in spaced for row in part.rows)
    width = max(map(cell_len, rows))
    return Box(tuple(padded(row, width) for row in rows), (len(rows) - 1) // 2)


def _scripted(box: Box, low: Box | None, high: Box | None, tall: bool) -> Box:
    """With signs of Unicode where there are any, else raised and lowered, or in one row behind `^` and `_`."""
    low, high = low and _tight(low), high and _tight(high)
    said_low = symbols.subscript(low.flat or "\n") if low else ""
    said_high = symbols.superscript(high.flat or "\n") if high else ""
    if box.height == 1 and said_low is not None:
        box, low = text(box.rows[0] + said_low), None
        if said_high is not None:
            return text(box.rows[0] + said_high)
    if not tall:
        after = "" if low is None else f"_{_braced(low)}"
        after += "" if high is None else said_high or f"^{_braced(high)}"
        return beside([box, text(after)])
    scripts = above([high or text(""), *[text(" ")] * box.height, low or text("")], 1, "left")
    kept = slice(0 if high else 1, None if low else -1)
    return beside([box, Box(scripts.rows[kept], scripts.base - (0 if high else 1) + box.base)])


def _tight(box: Box) -> Box:
    """Scripts have no room around their signs."""
    return Box(tuple(_SPACED.sub(r"\1", row) for row in box.rows), box.base) if box.height == 1 else box


def _braced(box: Box) -> str:
    return box.rows[0] if len(box.rows[0]) == 1 else f"({box.rows[0]})"


def _bracketed(box: Box) -> str:
    row = box.rows[0]
    simple = len(row) == 1 or row.isalnum() or not any(sign in row for sign in " +−=/±·×")
    return row if simple else f"({row})"


def _accented(box: Box, mark: str) -> Box:
    """The mark on the last letter, or on each where it is a line."""
    if box.height > 1 or not box.rows[0]:
        return box
    if mark in _LINES:
        return text("".join(character + mark for character in box.rows[0]))
    return text(normalize("NFC", box.rows[0] + mark))
