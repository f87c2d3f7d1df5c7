"""What of a cell's output a file shows: text without colours, for people and other programs to read."""

from __future__ import annotations

import re

from notebook_tui.document.outputs import Display, Error, Exported, Result, Still, Text
from notebook_tui.widgets.terminal.shown import as_shown

# ECMA-48: a control sequence, a string up to its terminator (titles, links), or a lone escape of two characters.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")
_NO_TEXT = re.compile("[\0\r\ud800-\udfff]")
_INFO = re.compile(r"[^`\s\0\ud800-\udfff](?:[^`\n\r\0\ud800-\udfff]*[^`\s\0\ud800-\udfff])?")


def plain_text(output: Still) -> str:
    """The output's text; of what was printed without the newline that ends it."""
    match output:
        case Exported():
            return _NO_TEXT.sub("", output.text)
        case Text():
            text = as_shown(output.text)
        case Result() | Display():
            text = output.text
        case Error():
            frames = output.traceback.rstrip("\n")
            text = "\n".join(part for part in (frames, f"{output.type}: {output.message}") if part)
    return _NO_TEXT.sub("", without_escapes(text)).removesuffix("\n")


def without_escapes(text: str) -> str:
    """The text without its colours and other orders to a terminal.

    >>> without_escapes("\\x1b[31mred\\x1b[0m")
    'red'
    """
    return _ESCAPES.sub("", text)


def shown(output: Still) -> tuple[str, str]:
    """The info string and the text of the fence that stands for the output in a file.

    >>> shown(Text("stdout", "\\x1b[31mred\\x1b[0m\\n"))
    ('', 'red')
    """
    info = output.info if isinstance(output, Exported) and _INFO.fullmatch(output.info) else ""
    return info, plain_text(output)


def read_back(info: str, text: str) -> Text | Exported:
    """The output that such a fence stands for if nothing else is said of it: what was printed, up to a newline.

    >>> read_back("", "red")
    Text(stream='stdout', text='red\\n')
    """
    return Exported(info, text) if info else Text("stdout", f"{text}\n")
