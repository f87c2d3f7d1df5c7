"""`.py` in the percent format, which Jupytext and editors know, both ways.

    # %% [markdown]
    # # A title
    #
    # Some words.

    # %% tags=["slow"]
    1 + 1

What a file says of a cell stands in its header as JSON; what only we know of it there under the key `beamlike`, and of
the whole notebook in a comment at the very end. A notebook that says nothing of that kind has neither.

Not kept: outputs, and what Jupyter numbers (ids, counts); how many blank lines part two cells, how a header is spelt,
and whether Markdown stands in comments, as it is written, or in a string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from notebook_tui.document.notebook import Notebook
from notebook_tui.format.flat import FlatCell, FlatNotebook, Kind
from notebook_tui.format.flatten import flattened
from notebook_tui.format.metadata import DEEPEST, WRAPPED, with_escaped_surrogates, writable
from notebook_tui.format.percent_cells import INNER, OURS, cut, inner
from notebook_tui.format.percent_header import Header, rendered, says
from notebook_tui.format.stills import outputs_dropped
from notebook_tui.format.unflatten import unflattened

NOTES = "percent"
_TOP = re.compile(r"# ---\n(?:#[^\n]*\n)*?# ---(?:\n|\Z)")
_END = re.compile(rf"(?:\A|\n)# {OURS}: (\{{[^\n]*\}})\n*\Z")
_STRING = re.compile(r"[rR]?(?P<quotes>\"{3}|'{3})\n?(?P<text>.*?)\n?(?P=quotes)", re.DOTALL)
_OF_A_RUN = ("id", "execution_count", "outputs")


def write_percent(notebook: Notebook) -> str:
    """The notebook as a Python file, without its outputs.

    >>> print(write_percent(Notebook("Cats")), end="")
    # %% [markdown]
    # # Cats
    """
    flat = flattened(outputs_dropped(notebook))
    top = _note(flat.theirs, "top")
    parts = [part for part in [top if _TOP.fullmatch(top) else ""] if part]
    parts += [_written(cell, first=not parts and place == 0) for place, cell in enumerate(flat.cells)]
    theirs = {key: value for key, value in flat.theirs.items() if key != NOTES}
    end = {**flat.ours, **({"theirs": theirs} if theirs else {})}
    text = "\n\n".join(parts)
    if end or _END.search(text):
        parts.append(f"# {OURS}: {_json(end)}")
    return "\n\n".join(parts) + "\n" if parts else ""


def _written(cell: FlatCell, *, first: bool) -> str:
    body = cell.source if cell.kind == "code" else _commented(cell.source)
    ours = dict(cell.ours)
    if _source(cell.kind, body) != cell.source:
        ours["source"] = cell.source
    if (count := inner(body)) is not None:
        ours[INNER] = count
    said = cell.theirs.get("metadata")
    said = said if isinstance(said, dict) else {}
    keys = {key: value for key, value in said.items() if key != OURS and says(key, value)}
    theirs = {key: value for key, value in cell.theirs.items() if key not in (*_OF_A_RUN, NOTES, "metadata")}
    if rest := {key: value for key, value in said.items() if key not in keys}:
        theirs["metadata"] = rest
    if theirs:
        ours["theirs"] = theirs
    header = Header(cell.kind, {**keys, OURS: ours} if ours else keys)
    if first and header == Header() and body and _is_bare(cell) and not _TOP.match(body):
        return body
    return f"{rendered(header)}\n{body}" if body else rendered(header)


def _is_bare(cell: FlatCell) -> bool:
    said = cell.theirs.get(NOTES)
    return isinstance(said, dict) and said.get("bare") is True


def _commented(source: str) -> str:
    return "\n".join(f"# {line}" if line else "#" for line in source.split("\n")) if source else ""


def read_percent(text: str) -> tuple[Notebook, tuple[str, ...]]:
    """The notebook in a Python file, and warnings. Any text is one: what has no header is one cell.

    >>> notebook, _ = read_percent("# %% [markdown]\\n# # Cats\\n# %%\\n1 + 1\\n")
    >>> notebook.title, notebook.sections[0].cells[0].source
    ('Cats', '1 + 1')
    """
    warnings: list[str] = []
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        warnings.append("the file has Windows line ends; a save writes plain ones")
    text, end = _without_end(text)
    theirs = dict(_object(end.pop("theirs", {})))
    if top := _TOP.match(text):
        theirs[NOTES] = {"top": top[0].removesuffix("\n")}
        text = text[top.end() :]
    cells = tuple(cell for header, body in cut(text) for cell in _cells(header, body, has_top=top is not None))
    notebook, faults = unflattened(FlatNotebook(cells, end, theirs))
    return notebook, (*warnings, *faults)


def _without_end(text: str) -> tuple[str, dict[str, Any]]:
    found = _END.search(text)
    if found is not None:
        try:
            said = json.loads(found[1])
        except (ValueError, RecursionError):
            return text, {}
        if isinstance(said, dict) and writable(said, DEEPEST + WRAPPED):
            return text[: found.start()], said
    return text, {}


def _cells(header: Header | None, body: str, *, has_top: bool) -> Iterator[FlatCell]:
    body = body.strip("\n")
    if header is None:
        if body:
            bare = not has_top and inner(body) is None
            yield FlatCell("code", body, theirs={NOTES: {"bare": True}} if bare else {})
        return
    keys = {key: value for key, value in header.keys.items() if key != OURS}
    ours = dict(_object(header.keys.get(OURS)))
    theirs = dict(_object(ours.pop("theirs", {})))
    ours.pop(INNER, None)
    if metadata := {**_object(theirs.pop("metadata", {})), **keys}:
        theirs["metadata"] = metadata
    own = ours.pop("source", None)
    if isinstance(own, str) and (own if header.kind == "code" else _commented(own)).strip("\n") == body:
        yield FlatCell(header.kind, own, ours, theirs)
        return
    if header.kind == "code":
        yield FlatCell("code", body, ours, theirs)
        return
    comments, code = _divided(body)
    yield FlatCell(header.kind, _source(header.kind, comments), ours, theirs)
    if code:
        yield FlatCell("code", code)


def _source(kind: Kind, body: str) -> str:
    """What a body says that holds comments, or one string, if the cell is not code."""
    body = body.strip("\n")
    if kind == "code":
        return body
    if (string := _STRING.fullmatch(body)) and string["quotes"] not in string["text"]:
        return string["text"]
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.split("\n"))


def _divided(body: str) -> tuple[str, str]:
    """The comments or the string that a body begins with, and the code that stands below."""
    if _STRING.fullmatch(body):
        return body, ""
    lines = body.split("\n")
    place = next((place for place, line in enumerate(lines) if line and not line.startswith("#")), len(lines))
    return "\n".join(lines[:place]).rstrip("\n"), "\n".join(lines[place:]).strip("\n")


def _note(theirs: Mapping[str, Any], name: str) -> str:
    said = _object(theirs.get(NOTES)).get(name)
    return said if isinstance(said, str) else ""


def _json(value: Any) -> str:
    return with_escaped_surrogates(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
