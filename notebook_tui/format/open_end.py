"""Markdown that leaves a fence, a comment or raw HTML open, and so would swallow what comes after it."""

from __future__ import annotations

import re

from notebook_tui.format.blocks import Fence, Heading
from notebook_tui.format.scan import scan

_MAY_STAY_OPEN = re.compile("```|~~~|<")
_ENDS_OF_HTML = ("-->", "?>", "]]>", "</pre>")
"""CommonMark's, section 4.6, where `<!NAME` ends at any `>`; all other HTML ends at a blank line."""


def missing_end(text: str) -> str:
    """The line that would end what `text` leaves open; empty if it leaves nothing open.

    >>> missing_end("~~~~ sh\\nls"), missing_end("<!-- to do"), missing_end("~~~\\nls\\n~~~")
    ('~~~~', '-->', '')
    """
    if not _MAY_STAY_OPEN.search(text) or _ends(text):
        return ""
    fences = [block.missing for block in scan(text)[-1:] if isinstance(block, Fence)]
    return next(end for end in (*fences, *_ENDS_OF_HTML) if _ends(f"{text}\n{end}"))


def _ends(text: str) -> bool:
    """Whether what comes after the text stands on its own."""
    line = text.count("\n") + 2
    return Heading(line, line + 1, 1, "Next") in scan(f"{text}\n\n# Next")[-1:]
