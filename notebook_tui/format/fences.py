"""A fence that no text can end from inside."""

from __future__ import annotations

import re

_RUNS = re.compile("`{3,}")


def fenced(info: str, text: str) -> str:
    """The text as a fence, one backtick longer than the longest run inside.

    >>> print(fenced("sh", "ls"))
    ```sh
    ls
    ```
    """
    longest = max((len(run) for run in _RUNS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{info}\n{text}\n{fence}"
