"""HTML of others made fit to stand in ours: tags that show something, all closed, and nothing that acts or loads."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from html.parser import HTMLParser

_SHOWN = """
    a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr
    i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var
"""
_HIDDEN = "script style template svg math iframe object noscript head title textarea select"
_TAGS, _EMPTY = frozenset(_SHOWN.split()), frozenset(["br", "col", "hr", "img"])
_DROPPED = frozenset(_HIDDEN.split())
"""With all that stands in them."""
_ATTRIBUTES = frozenset(["alt", "title", "colspan", "rowspan", "span", "align", "width", "height", "start", "open"])
_ALIGNED = re.compile(r"text-align:\s*(left|right|center)")
_LINKS = ("https://", "http://", "mailto:", "#")
_DEEPEST = 200


def kept(html: str, picture: Callable[[str], str | None] = lambda _: None) -> str:
    """What may stay of the HTML. `picture` gives the data of an image by its source; one without it is left out.

    >>> kept('<p onclick="steal()">Cats<script>steal()</script> <b>purr')
    '<p>Cats <b>purr</b></p>'
    """
    parser = _Kept(picture)
    try:
        parser.feed(html)
        parser.close()
    except AssertionError:  # what Python's parser raises at a declaration that it does not know
        return escape(html, quote=False)
    return parser.finished()


class _Kept(HTMLParser):
    def __init__(self, picture: Callable[[str], str | None]) -> None:
        super().__init__(convert_charrefs=True)
        self._picture = picture
        self._out: list[str] = []
        self._open: list[str] = []
        self._dropping: list[str] = []

    def finished(self) -> str:
        self._out += [f"</{tag}>" for tag in reversed(self._open)]
        self._open = []
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropping.append(tag)
        if self._dropping or tag not in _TAGS or len(self._open) > _DEEPEST:
            return
        if tag == "img":
            self._out.append(self._image({name: value or "" for name, value in attrs}))
            return
        self._out.append(f"<{tag}{''.join(_attribute(name, value or '') for name, value in attrs)}>")
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag in self._dropping:
                del self._dropping[self._dropping.index(tag) :]
        elif tag in self._open:
            while (last := self._open.pop()) != tag:
                self._out.append(f"</{last}>")
            self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._out.append(escape(data, quote=False))

    def _image(self, said: dict[str, str]) -> str:
        source = said.get("src", "")
        data = source if source.startswith("data:image/") else self._picture(source)
        if data is None:
            return escape(f"[{said.get('alt') or source}]")
        others = "".join(_attribute(name, value) for name, value in said.items())
        return f'<img src="{escape(data)}"{others}>'


def _attribute(name: str, value: str) -> str:
    if name == "href" and value.lower().startswith(_LINKS):
        return f' href="{escape(value)}" rel="noopener noreferrer"'
    if name == "style" and (found := _ALIGNED.fullmatch(value)):
        return f' align="{found[1]}"'
    return f' {name}="{escape(value)}"' if name in _ATTRIBUTES else ""
