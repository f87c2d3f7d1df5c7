"""Views as JSON, within bounds: what a program reads of them, line by line, while they change."""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import fields, is_dataclass
from typing import Any, Final

from notebook_tui.widgets.contents import ELLIPSIS
from notebook_tui.widgets.view_text import content_text
from notebook_tui.widgets.views import View

TEXT: Final = 10_000
"""The characters of a text that are told: its last ones."""
ITEMS: Final = 1_000
"""The contents of a list (points, rows, branches) that are told: the last ones."""
SIZE: Final = 250_000
"""The characters of a view; of one that is larger only the text is told."""


def view_json(view: View) -> dict[str, Any]:
    """What an event tells of it: its kind, its fields, and what it looks like as text.

    >>> from notebook_tui.widgets.views import Progress
    >>> told = view_json(Progress("p", 3, 12, "files"))
    >>> told["kind"], told["data"]["done"], told["text"]
    ('progress', 3, 'files ━━━━━━──────────────────  25 %  3/12  0:00')
    """
    data: Any = _plain(view)
    if len(json.dumps(data)) > SIZE:
        data = None
    return {"type": "view", "kind": kind_of(view), "ref": view.ref, "data": data, "text": _end(content_text(view))}


def kind_of(record: object) -> str:
    """
    >>> from notebook_tui.widgets.views import TextStream
    >>> kind_of(TextStream("s"))
    'text_stream'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(record).__name__).lower()


def _plain(value: Any) -> Any:
    match value:
        case str():
            return _end(value)
        case bytes():
            return base64.b64encode(value).decode()
        case float() if not math.isfinite(value):
            return None  # JSON has no word for it
        case tuple():
            return [_plain(each) for each in value[-ITEMS:]]
        case _ if is_dataclass(value):
            return {"is": kind_of(value), **{each.name: _plain(getattr(value, each.name)) for each in fields(value)}}
        case _:
            return value


def _end(text: str) -> str:
    return text if len(text) <= TEXT else ELLIPSIS + text[-TEXT:]
