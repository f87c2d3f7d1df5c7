"""What of a cell's output a file holds: text without colours, for people and other programs to read."""

from __future__ import annotations

import re

from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Text

# ECMA-48: a control sequence, a string up to its terminator (titles, links), or a lone escape of two characters.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")
_NO_TEXT = re.compile("[\0\r\ud800-\udfff]")


def plain_text(output: Output) -> str:
    """The output's text; of what was printed without the newline that ends it."""
    match output:
        case Exported():
            return output.text
        case Text() | Result() | Display():
            text = output.text
        case Error():
            frames = output.traceback.rstrip("\n")
            text = "\n".join(part for part in (frames, f"{output.type}: {output.message}") if part)
    return _NO_TEXT.sub("", _ESCAPES.sub("", text)).removesuffix("\n")


def printed(text: str) -> Text:
    """What was printed, from `plain_text` of it."""
    return Text("stdout", f"{text}\n" if text.endswith("\n") else text)
