"""Where an environment stands among the directories that Python searches: pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def with_environment(path: Sequence[str], environment: str, standard: Collection[str]) -> list[str]:
    """`path` with the environment behind the standard library, which nothing may replace, and in front of what is
    installed for everybody. The newest stands first.

    >>> with_environment(["/app", "/lib/python3.11", "/lib/python3.11/site-packages"], "/env", {"/lib/python3.11"})
    ['/app', '/lib/python3.11', '/env', '/lib/python3.11/site-packages']
    """
    others = [entry for entry in path if entry != environment]
    behind = max((place + 1 for place, entry in enumerate(others) if entry in standard), default=len(others))
    return [*others[:behind], environment, *others[behind:]]
