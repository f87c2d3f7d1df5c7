"""HTML to Markdown, for what can be read of it: headings, paragraphs, emphasis, links, lists, code, tables.

What runs, and what says how the rest looks, is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_DROPPED: Final = frozenset(
    ("script", "style", "head", "template", "noscript", "svg", "math", "object", "iframe", "select")
)
_VOID: Final = frozenset(("br", "hr", "img", "input", "meta", "link", "col", "wbr", "source", "area", "base", "embed"))
_BLOCKS: Final = _words(
    "p div section article header footer main aside nav figure figcaption details summary dl dt dd form fieldset "
    "body html address center"
)
_AROUND: Final = {"b": "**", "strong": "**", "i": "*", "em": "*", "var": "*", "s": "~~", "del": "~~"}
_CLOSED_BY: Final = {"li": ("li",), "tr": ("tr", "td", "th"), "td": ("td", "th"), "th": ("td", "th"), "p": ("p",)}
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~$!#])")
_SPACE: Final = re.compile(r"\s+")
_NUMBER: Final = re.compile(r"[-+−]?[\d,.]+(?:e[-+]?\d+)?%?|NaN|nan|None|", re.IGNORECASE)
_DEEPEST: Final = 60


@dataclass
class _Open:
    tag: str
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)
    rows: list[tuple[bool, list[str]]] = field(default_factory=list)
    """Of a table: whether a row names the columns, and its cells."""


@lru_cache(maxsize=64)
def markdown_of(html: str) -> str:
    """
    >>> markdown_of("<p>A <b>cat</b>,<br>a <a href='http://x'>dog</a></p>")
    'A **cat**,\\\\\\na [dog](http://x)'
    >>> print(markdown_of("<table><tr><th>n<th>x</tr><tr><td>a<td>1.5</table>"))
    | n | x |
    | --- | ---: |
    | a | 1.5 |
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.finished()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open = [_Open("", {})]
        self._dropped = 0
        self._ends: bool = True
        """Whether a comment may still have an end: who looks for it at each of thousands reads all that follows."""

    def finished(self) -> str:
        while len(self._open) > 1:
            self._close()
        return re.sub(r"\n{3,}", "\n\n", "".join(self._open[0].parts)).strip("\n")

    def parse_comment(self, i: int, report: bool = True) -> int:
        end = super().parse_comment(i, report) if self._ends else -1
        self._ends = self._ends and end >= 0
        return end

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in _DROPPED:
            self._dropped += 1
        elif self._dropped:
            return
        elif tag in _VOID:
            self._say(_void(tag, attributes))
        else:
            self._close_those_that(tag)
            if len(self._open) < _DEEPEST:
                self._open.append(_Open(tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif not self._dropped and any(each.tag == tag for each in self._open):
            while self._open[-1].tag != tag:
                self._close()
            self._close()

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        if any(each.tag in ("pre", "textarea") for each in self._open):
            self._say(data)
        elif self._open[-1].tag == "code":
            self._say(_SPACE.sub(" ", data))
        elif self._open[-1].tag not in ("table", "tr", "thead", "tbody", "tfoot", "ul", "ol"):
            self._say(_SPECIAL.sub(r"\\\1", _SPACE.sub(" ", data)))

    def _say(self, text: str) -> None:
        self._open[-1].parts.append(text)

    def _close_those_that(self, tag: str) -> None:
        """End what this tag ends without saying so: a cell ends with the next, an item too."""
        ended = _CLOSED_BY.get(tag, ())
        while self._open[-1].tag in ended:
            self._close()

    def _close(self) -> None:
        closed = self._open.pop()
        into = self._open[-1]
        inside = "".join(closed.parts)
        if closed.tag in ("td", "th", "tr", "thead", "tbody", "tfoot"):
            self._in_table(closed, inside, into)
        else:
            into.parts.append(_written(closed, inside, sum(each.tag in ("ul", "ol") for each in self._open)))

    def _in_table(self, closed: _Open, inside: str, into: _Open) -> None:
        if closed.tag in ("td", "th"):
            span = closed.attributes.get("colspan", "1")
            blanks = min(int(span), 50) - 1 if span.isdecimal() else 0
            cell = " ".join(inside.replace("\\\n", " ").split())
            into.rows.append((closed.tag == "th", [cell, *[""] * blanks]))
        elif closed.tag == "tr":
            cells = [cell for _, part in closed.rows for cell in part]
            if cells:
                into.rows.append((all(head for head, _ in closed.rows), cells))
        else:
            into.rows += closed.rows


def _void(tag: str, attributes: dict[str, str]) -> str:
    match tag:
        case "br":
            return "\\\n"
        case "hr":
            return "\n\n---\n\n"
        case "img":
            alt = _SPECIAL.sub(r"\\\1", attributes.get("alt", ""))
            return f"![{alt}]({_address(attributes.get('src', ''))})"
        case "input" if attributes.get("type") == "checkbox":
            return "[x] " if "checked" in attributes else "[ ] "
        case _:
            return ""


def _written(closed: _Open, inside: str, depth: int) -> str:
    tag = closed.tag
    if tag in _AROUND:
        return _around(inside, _AROUND[tag])
    if len(tag) == 2 and tag[0] == "h" and tag[1].isdecimal():
        return f"\n\n{'#' * max(1, min(6, int(tag[1])))} {' '.join(inside.split())}\n\n"
    match tag:
        case "code" | "kbd" | "samp" | "tt":
            return f"`{inside}`" if inside.strip() and "`" not in inside else inside
        case "pre":
            text = inside.strip("\n").strip("`")
            return f"\n\n````\n{text}\n````\n\n" if text else ""
        case "a":
            address = _address(closed.attributes.get("href", ""))
            return f"[{inside}]({address})" if inside.strip() and address else inside
        case "li":
            return f"\n{inside.strip()}\n\x00"
        case "ul" | "ol":
            return _list(closed, inside, depth)
        case "blockquote":
            return "\n\n" + "\n".join(f"> {line}" for line in inside.strip().split("\n")) + "\n\n"
        case "table":
            return f"\n\n{_table(closed.rows)}\n\n" if closed.rows else inside
        case _ if tag in _BLOCKS:
            return f"\n\n{inside.strip()}\n\n"
        case _:
            return inside


def _around(inside: str, sign: str) -> str:
    """The signs at the words, for beside a space they would be taken as themselves."""
    words = inside.strip()
    if not words or "\n\n" in words:
        return inside
    start = inside.index(words[0])
    return f"{inside[:start]}{sign}{words}{sign}{inside[start + len(words) :]}"


def _list(closed: _Open, inside: str, depth: int) -> str:
    items = [item.strip("\n") for item in inside.split("\x00") if item.strip()]
    rows = []
    for number, item in enumerate(items, 1):
        marker = f"{number}. " if closed.tag == "ol" else "- "
        first, *rest = item.split("\n")
        rows.append(marker + first)
        rows += [f"{' ' * len(marker)}{line}" if line else "" for line in rest]
    around = "\n" if depth else "\n\n"
    return around + "\n".join(rows) + around


def _table(rows: list[tuple[bool, list[str]]]) -> str:
    width = max(len(cells) for _, cells in rows)
    filled = [(head, cells + [""] * (width - len(cells))) for head, cells in rows]
    head = filled[0][1] if filled[0][0] else [""] * width
    body = [cells for _, cells in filled[1 if filled[0][0] else 0 :]]
    numeric = [body and all(_NUMBER.fullmatch(cells[at].replace("\\", "")) for cells in body) for at in range(width)]
    rule = ["---:" if each else "---" for each in numeric]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *body))


def _address(address: str) -> str:
    return "".join(address.split()).replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")
