"""What a file says of a cell's outputs beyond their text: colours, what kind each is, pictures and tables.

Livebook knows an output as a fence of plain text, and so does anybody who reads the file. All else stands in the
metadata of the cell, under a key that Livebook ignores: a list with an item for each output, `null` where the text
says it all. An item counts only as long as its text is what stands in the fence below.

    null                                what was printed to stdout
    "stderr", "result"                  the text is one of those
    {"result": TEXT}                    likewise, and the text had colours
    {"error": [TYPE, MESSAGE, TRACEBACK, LINE]}
    {"display": [[MEDIA TYPE, TEXT], [MEDIA TYPE, {"base64": DATA}], [MEDIA TYPE, null]]}, null being the text below
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from notebook_tui.document.outputs import Display, Error, Exported, Result, Still, Text
from notebook_tui.format.plain_text import read_back, shown

KEY = "outputs"
ROOM = 64 * 2**20
"""The characters that pictures, tables and the like take in a file; those that come later are kept as text only."""


class Keeper:
    """What is kept of the outputs of one notebook, cell by cell, as long as there is room."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room

    def kept(self, outputs: Sequence[Still]) -> list[Any]:
        """An item for each; empty if the texts say all.

        >>> Keeper().kept([Text("stdout", "1\\n"), Result("2")])
        [None, 'result']
        """
        items = [self._fitting(item(output)) for output in outputs]
        return items if any(kept is not None for kept in items) else []

    def _fitting(self, kept: Any) -> Any:
        if isinstance(kept, dict) and "display" in kept:
            size = sum(_size(form) for _, form in kept["display"])
            if size > self._room:
                return None
            self._room -= size
        return kept


def _size(form: Any) -> int:
    return len(form["base64"] if isinstance(form, dict) else form or "")


def item(output: Still) -> Any:
    """What has to be said of the output beside its text."""
    info, text = shown(output)
    if read_back(info, text) == output:
        return None
    match output:
        case Text(stream, own):
            return stream if own == f"{text}\n" else {stream: own}
        case Result(own):
            return "result" if own == text else {"result": own}
        case Error():
            return {"error": [output.type, output.message, output.traceback, output.line]}
        case Exported():
            return {"exported": [output.info, output.text]}
        case Display(forms):
            return {"display": [[media_type, _written(form, text)] for media_type, form in forms]}


def _written(form: str | bytes, text: str) -> Any:
    if isinstance(form, bytes):
        return {"base64": base64.b64encode(form).decode("ascii")}
    return None if form == text else form


def outputs_of(
    keys: Mapping[str, Any], fences: Sequence[tuple[str, str]]
) -> tuple[tuple[Still, ...], Mapping[str, Any], str]:
    """A cell's outputs by its metadata and the fences below it; the rest of the metadata; and what does not fit.

    >>> outputs_of({"outputs": ["result"], "k": 1}, [("", "2")])
    ((Result(text='2'),), {'k': 1}, '')
    """
    items = keys.get(KEY)
    if not isinstance(items, list):
        return tuple(read_back(*fence) for fence in fences), keys, ""
    keys = {key: value for key, value in keys.items() if key != KEY}
    try:
        outputs = tuple(restored(kept, *fence) for kept, fence in zip(items, fences, strict=True))
    except ValueError as fault:
        words = f"the outputs are read as plain text, as they were changed outside of a notebook: {fault}"
        return tuple(read_back(*fence) for fence in fences), keys, words
    return outputs, keys, ""


def restored(kept: Any, info: str, text: str) -> Still:
    """The output of that item and that fence. ValueError if they do not belong together.

    >>> restored("result", "", "2")
    Result(text='2')
    """
    if kept is None:
        return read_back(info, text)
    output = _output(kept, text)
    if shown(output) != (info, text):
        raise ValueError("the text is not that of the output")
    return output


def _output(kept: Any, text: str) -> Still:
    match kept:
        case "stdout" | "stderr":
            return Text(kept, f"{text}\n")
        case {"stdout": str(own)}:
            return Text("stdout", own)
        case {"stderr": str(own)}:
            return Text("stderr", own)
        case "result":
            return Result(text)
        case {"result": str(own)}:
            return Result(own)
        case {"error": [str(type), str(message), str(traceback), int() | None as line]} if not isinstance(line, bool):
            return Error(type, message, traceback, line)
        case {"exported": [str(info), str(own)]}:
            return Exported(info, own)
        case {"display": [*forms]} if forms:
            return _display(forms, text)
        case _:
            raise ValueError("there is no such kind of output")


def _display(forms: Sequence[Any], text: str) -> Display:
    found: dict[str, str | bytes] = {}
    for form in forms:
        match form:
            case [str(media_type), None]:
                found[media_type] = text
            case [str(media_type), str(own)]:
                found[media_type] = own
            case [str(media_type), {"base64": str(data)}]:
                found[media_type] = decoded(data)
            case _:
                raise ValueError("expected pairs of media types and forms")
    return Display(tuple(found.items()))


def decoded(data: str) -> bytes:
    """The bytes of that base64. ValueError if it is none."""
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as fault:
        raise ValueError(f"expected base64: {fault}") from None
