"""Outputs as HTML: of a value in several forms the best that needs nothing from elsewhere."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from html import escape
from typing import TypeAlias

from markdown_it import MarkdownIt

from notebook_tui.document.outputs import Display, Error, Exported, Result, Still, Text
from notebook_tui.format.html_colours import coloured
from notebook_tui.format.html_kept import kept
from notebook_tui.widgets.terminal.shown import as_shown

Picture: TypeAlias = Callable[[str], str | None]
_BEST_FIRST = (
    *("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp", "video/mp4", "video/webm"),
    *("audio/wav", "audio/mpeg", "audio/ogg", "text/html", "text/markdown", "text/plain", "application/json"),
)
_SHOWS = re.compile(r"<img|>[^<]*[^<\s]|^[^<]*[^<\s]")
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def markdown(source: str, picture: Picture = lambda _: None) -> str:
    """The Markdown as HTML that neither acts nor loads anything.

    >>> markdown("*cat*")
    '<p><em>cat</em></p>\\n'
    """
    return kept(_MARKDOWN.render(source), picture)


def output(shown: Still) -> str:
    """The output as HTML.

    >>> output(Result("<cat>"))
    '<pre class="output">&lt;cat&gt;</pre>'
    """
    match shown:
        case Text(stream, text):
            return _text(as_shown(text).removesuffix("\n"), "printed stderr" if stream == "stderr" else "printed")
        case Result(text) | Exported(_, text):
            return _text(text, "")
        case Error():
            frames = shown.traceback.rstrip("\n")
            return _text("\n".join(filter(None, [frames, f"{shown.type}: {shown.message}"])), "error")
        case Display():
            return _display(shown)


def _text(text: str, kinds: str) -> str:
    return f'<pre class="{" ".join(["output", *kinds.split()])}">{coloured(text)}</pre>'


def _display(display: Display) -> str:
    for media_type in _BEST_FIRST:
        form = display.form(media_type)
        shown = None if form is None else _form(media_type, form, display.text)
        if shown is not None:
            return shown
    return _text(display.text, "")


def _form(media_type: str, form: str | bytes, text: str) -> str | None:
    """The form as HTML; None if it shows nothing by itself."""
    kind = media_type.partition("/")[0]
    if media_type == "image/svg+xml" and isinstance(form, str):
        form = form.encode("utf-8", "replace")
    if isinstance(form, bytes):
        if kind == "image":
            return f'<img class="output" src="{data_of(media_type, form)}" alt="{escape(text[:200])}">'
        if kind in ("video", "audio"):
            return f'<{kind} class="output" controls src="{data_of(media_type, form)}"></{kind}>'
        return None
    match media_type:
        case "text/html":
            html = kept(form)
            return f'<div class="output">{html}</div>' if _SHOWS.search(html) else None
        case "text/markdown":
            return f'<div class="output">{markdown(form)}</div>'
        case "text/plain":
            return _text(form, "")
        case "application/json":
            return _text(_indented(form), "")
    return None


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


def data_of(media_type: str, data: bytes) -> str:
    """The bytes as an address that holds them.

    >>> data_of("image/png", b"cat")
    'data:image/png;base64,Y2F0'
    """
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
