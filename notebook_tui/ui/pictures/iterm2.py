"""Pictures as iTerm2 shows them, and WezTerm, mintty and others after it: a file, painted from the cursor on."""

from __future__ import annotations

import base64


def painting(png: bytes, columns: int, rows: int) -> str:
    """
    >>> painting(b"cat", 3, 2)
    '\\x1b]1337;File=inline=1;size=3;width=3;height=2;preserveAspectRatio=0;doNotMoveCursor=1:Y2F0\\x07'
    """
    options = f"inline=1;size={len(png)};width={columns};height={rows};preserveAspectRatio=0;doNotMoveCursor=1"
    return f"\x1b]1337;File={options}:{base64.standard_b64encode(png).decode('ascii')}\x07"
