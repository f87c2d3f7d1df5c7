"""The line above a cell of a percent file: `# %% A title [markdown] tags=["a"]`, as Jupytext and editors know it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from beamlike.kernel.record import frozen
from notebook_tui.format.flat import Kind
from notebook_tui.format.metadata import DEEPEST, WRAPPED, with_escaped_surrogates, writable

HEADER = re.compile(r"^#[ \t]*%%(?P<deeper>%*)(?![^\s\[])(?P<rest>[^\n]*)$", re.MULTILINE)
_KIND = re.compile(r"(?:^|\s)\[(?P<kind>markdown|md|raw|code)\](?=\s|$)")
_KINDS: Mapping[str, Kind] = {"markdown": "markdown", "md": "markdown", "raw": "raw", "code": "code"}
_KEY = re.compile(r"[A-Za-z_@][\w@./-]*")
_PAIR = re.compile(r"(?:^|(?<=\s))(?P<key>[A-Za-z_@][\w@./-]*)=")
_MOST_TRIED = 100
_DECODER = json.JSONDecoder()
TITLE = "title"
DEPTH = "cell_depth"
"""What Jupytext calls the number of `%` beyond two."""


@frozen
class Header:
    kind: Kind = "code"
    keys: Mapping[str, Any] = field(default_factory=dict)


def parsed(found: re.Match[str]) -> Header:
    """What the line says; what is no key and no kind is the title.

    >>> parsed(HEADER.match('# %% Cats [markdown] tags=["a"]'))
    Header(kind='markdown', keys={'title': 'Cats', 'tags': ['a']})
    """
    rest = found["rest"].strip()
    kind = _KIND.search(rest)
    if kind is not None:
        title, said = rest[: kind.start()], rest[kind.end() :]
        keys = _pairs(said)
        if keys is None:
            title, keys = f"{title} {said.strip()}", {}
    else:
        title, keys = _divided(rest)
    first: dict[str, Any] = {DEPTH: len(found["deeper"])} if found["deeper"] else {}
    if title := " ".join(title.split()):
        first[TITLE] = title
    return Header(_KINDS[kind["kind"]] if kind else "code", {**first, **keys})


def rendered(header: Header) -> str:
    """The line that says that.

    >>> rendered(Header("raw", {"title": "Cats", "format": "text/latex"}))
    '# %% Cats [raw] format="text/latex"'
    """
    kind = "" if header.kind == "code" else f"[{header.kind}]"
    pairs = [f"{key}={_json(value)}" for key, value in sorted(header.keys.items())]
    title = header.keys.get(TITLE)
    if isinstance(title, str) and title:
        others = [pair for pair in pairs if not pair.startswith(f"{TITLE}=")]
        line = " ".join(["# %%", title, *filter(None, [kind]), *others])
        found = HEADER.fullmatch(line)
        if found is not None and parsed(found) == header:
            return line
    return " ".join(["# %%", *filter(None, [kind]), *pairs])


def says(key: str, value: Any) -> bool:
    """Whether a header can say that."""
    return _KEY.fullmatch(key) is not None and key.isascii() and writable(value)


def _divided(rest: str) -> tuple[str, dict[str, Any]]:
    for tried, pair in enumerate(_PAIR.finditer(rest)):
        keys = _pairs(rest[pair.start() :])
        if keys is not None:
            return rest[: pair.start()], keys
        if tried == _MOST_TRIED:
            break
    return rest, {}


def _pairs(text: str) -> dict[str, Any] | None:
    """The keys and values, if that is all that stands there."""
    keys: dict[str, Any] = {}
    text = text.strip()
    while text:
        pair = _PAIR.match(text)
        if pair is None:
            return None
        try:
            value, end = _DECODER.raw_decode(text, pair.end())
        except (ValueError, RecursionError):
            return None
        if not writable(value, DEEPEST + WRAPPED) or text[end : end + 1].strip():
            return None
        keys[pair["key"]] = value
        text = text[end:].strip()
    return keys


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return with_escaped_surrogates(text)
