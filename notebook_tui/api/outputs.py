"""Outputs as JSON: whole, as `beamlike run --json` writes them, and within the bounds that a reader sets."""

from __future__ import annotations

import base64
from typing import Any

from notebook_tui.api.view_json import view_json
from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Text
from notebook_tui.widgets.contents import ELLIPSIS


def output_json(output: Output) -> dict[str, Any]:
    """
    >>> output_json(Result("2"))
    {'type': 'result', 'text': '2'}
    """
    match output:
        case Text(stream, text):
            return {"type": "text", "stream": stream, "text": text}
        case Result(text):
            return {"type": "result", "text": text}
        case Error() as output:
            return {
                "type": "error",
                "name": output.type,
                "message": output.message,
                "traceback": output.traceback,
                "line": output.line,
            }
        case Display(forms):
            return {"type": "display", "data": {kind: _form(form) for kind, form in forms}}
        case Exported(info, text):
            return {"type": "exported", "info": info, "text": text}
        case _:
            return view_json(output)


def _form(form: str | bytes) -> str:
    return form if isinstance(form, str) else base64.b64encode(form).decode()


def told(output: Output, characters: int, *, images: bool) -> dict[str, Any]:
    """The output within bounds: of printed text its end, of any other its beginning; `cut` then says how many
    characters there are. Pictures are there on request, else their sizes in bytes.

    >>> told(Text("stdout", "0123456789"), 4, images=False)
    {'type': 'text', 'stream': 'stdout', 'text': '…6789', 'cut': 10}
    >>> told(Display((("image/png", b"png"), ("text/plain", "a cat"))), 9, images=False)
    {'type': 'display', 'data': {'text/plain': 'a cat'}, 'left_out': {'image/png': 3}}
    """
    match output:
        case Display(forms):
            return _display(forms, characters, images=images)
        case Text():
            plain = output_json(output)
            return _cut(plain, "text", characters, end=True)
        case Error():
            plain = output_json(output)
            for field in ("traceback", "message", "name"):
                plain = _cut(plain, field, characters, end=field == "traceback")
            return plain
        case Result() | Exported():
            return _cut(output_json(output), "text", characters, end=False)
        case _:
            plain = {key: value for key, value in view_json(output).items() if key != "data"}
            return _cut(plain, "text", characters, end=True)


def _display(forms: tuple[tuple[str, str | bytes], ...], characters: int, *, images: bool) -> dict[str, Any]:
    data: dict[str, str] = {}
    left_out: dict[str, int] = {}
    for kind, form in forms:
        is_picture = isinstance(form, bytes) or kind.startswith("image/")
        if is_picture and images:
            data[kind] = _form(form)
        elif not is_picture and (len(form) <= characters or kind == "text/plain"):
            data[kind] = _shortened(str(form), characters, end=False)
        else:
            left_out[kind] = len(form)
    plain: dict[str, Any] = {"type": "display", "data": data}
    if left_out:
        plain["left_out"] = left_out
    return plain


def _cut(plain: dict[str, Any], field: str, characters: int, *, end: bool) -> dict[str, Any]:
    text = plain[field]
    if len(text) <= characters:
        return plain
    return {**plain, field: _shortened(text, characters, end=end), "cut": max(len(text), plain.get("cut", 0))}


def _shortened(text: str, characters: int, *, end: bool) -> str:
    if len(text) <= characters:
        return text
    return ELLIPSIS + text[-characters:] if end else text[:characters] + ELLIPSIS
