"""Why an installer failed, in one line: read from what it printed, and from pip's log, which says more.

The first reason that is found counts, so causes stand before what follows from them: to an installer without a network
every package is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

from beamlike.code.requirements.credentials import shown
from beamlike.code.requirements.errors import CannotInstall

SHOWN_LINES: Final = 8

EXCLUDED: Final = "the requirements exclude each other"

_UNKNOWN = "the installer failed"

_Words: TypeAlias = Callable[[re.Match[str]], str]

_REASONS: tuple[tuple[str, _Words], ...] = (
    (
        r"No space left on device|os error 28\b|Disk quota exceeded",
        lambda found: "the disk is full: make room where the cache and the temporary files lie",
    ),
    (
        r"Read-only file system[^'\n]*(?:'(?P<path>[^']+)')?|Permission denied:? ?['`](?P<path2>[^'`]+)['`]"
        r"|(?:Not a directory|File exists): '(?P<path3>[^']+)'",
        lambda found: (
            f"{found['path'] or found['path2'] or found['path3'] or 'the cache'} cannot be written: packages are kept "
            "there; set XDG_CACHE_HOME to a directory that can"
        ),
    ),
    (
        r"(?s)DO NOT MATCH THE HASHES.*?\n\s+(?P<what>[^\s@]+)[^\n]* from|Hash mismatch for `(?P<what2>[^`]+)`",
        lambda found: (
            f"the index handed out another file of {found['what'] or found['what2']} than the locked one (its "
            "hash differs): look who changed it"
        ),
    ),
    (
        r"(?P<status>40[13]) (?:Client Error|Unauthorized|Forbidden)[^\n]*?(?P<url>https?://[^\s)]+)",
        lambda found: (
            f"the index refused {found['url']} ({found['status']}): give the installer its "
            "credentials (netrc, keyring, or the index's URL)"
        ),
    ),
    (
        r"Port could not be cast to integer|(?i:invalid|nonnumeric) port",
        lambda found: (
            "the URL of an index or a proxy cannot be read: write '/', '@', '#' and '?' in its user's name and "
            "password as %2F, %40, %23 and %3F"
        ),
    ),
    (
        r"Could not fetch URL (?P<url>\S+): connection error"
        r"|(?s:Failed to fetch: `?(?P<url2>https?://[^\s`]+)"
        r".*?(?:client error \(Connect\)|dns error|operation timed out))",
        lambda found: (
            f"no index was reached at {found['url'] or found['url2']}: look at the network, its proxy, and the index "
            "that pip and uv are set to"
        ),
    ),
    (
        r"(?P<what>\S+) from \S+ requires a different Python|Package '(?P<what2>[^']+)' requires a different Python"
        r"|(?P<what3>\S+) requires Python [<>=~!]",
        lambda found: (
            f"{found['what'] or found['what2'] or found['what3']} is not made for this Python: ask for another "
            "version of it, or start the node with another Python"
        ),
    ),
    (
        r"(?s)(?P<requirement>\S+) \(from versions: (?P<versions>(?!none)[^)]+)\)",
        lambda found: f"no version matches {found['requirement']}; there are {_last(found['versions'])}",
    ),
    (
        r"only (?P<versions>\S+) is available and (?:you require|\S+ depends on) (?P<requirement>\S+?),",
        lambda found: f"no version matches {found['requirement']}; there is {found['versions']}",
    ),
    (
        r"none of the wheel's tags \((?P<tags>[^)]+)\) are compatible[^\n]*?/(?P<what>[^/#\s]+\.whl)"
        r"|(?P<what2>\S+) has no wheels with a matching",
        lambda found: (
            f"there is no wheel of {found['what'] or found['what2']} for this Python and platform, and no source "
            "to build one from: ask for another version, or start the node with another Python"
        ),
    ),
    (
        r"requirement (?P<what>\S+)[^\n]* \(from versions: none\)|(?:Because|and) (?P<what2>\S+) was not found",
        lambda found: (
            f"the index has no package {_name(found['what'] or found['what2'])}: look at its spelling, and "
            "whether it stands in the index that pip and uv are set to"
        ),
    ),
    (
        r"no such option: --(?:report|dry-run)",
        lambda found: "the pip of this Python is older than 22.2: upgrade it, or put uv on the PATH",
    ),
    (
        r"ResolutionImpossible|conflicting dependencies|No solution found",
        lambda found: f"{EXCLUDED}: loosen one of them",
    ),
    (
        r"subprocess-exited-with-error|Failed to build|Failed building",
        lambda found: "a package has no wheel for this Python, and building it from its source failed",
    ),
)
_PLACE = re.compile(r" \(from (?:\S+->)*-r \S+ \(line \d+\)\)")
"""Of a requirement in a file of ours."""
_COMPILED = tuple((re.compile(pattern), words) for pattern, words in _REASONS)


def reason(said: str) -> str:
    """What came in the way, and what to do; without passwords.

    >>> reason("ERROR: Could not find a version that satisfies the requirement rich>99 (from versions: 1.0, 2.0)")
    'no version matches rich>99; there are 1.0, 2.0'
    """
    said = shown(said)
    for pattern, words in _COMPILED:
        found = pattern.search(said)
        if found is not None:
            return words(found)
    return _UNKNOWN


@contextmanager
def in_words() -> Iterator[None]:
    """What the system refuses meanwhile is a CannotInstall."""
    try:
        yield
    except OSError as error:
        why = reason(str(error))
        raise CannotInstall(shown(str(error)) if why == _UNKNOWN else why) from None


def last_lines(printed: str) -> str:
    """What an installer printed from its first error on, or at its end, to stand under the reason; without
    passwords."""
    lines = [line.rstrip() for line in shown(printed).splitlines() if line.strip()]
    errors = [place for place, line in enumerate(lines) if line.lower().startswith("error")]
    last = lines[errors[0] :][:SHOWN_LINES] if errors else lines[-SHOWN_LINES:]
    return "\n".join(f"  {_PLACE.sub('', line)}" for line in last)


def _last(versions: str) -> str:
    """The newest few, for some packages have hundreds."""
    newest = versions.split(", ")
    return ", ".join(newest if len(newest) <= 8 else ["…", *newest[-8:]])


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~;\[ ]", requirement)[0]
