"""Names and passwords in URLs: which URLs have some, and texts without them.

A requirement is shown, written into files and sent to other nodes, and so is its URL. Installers have credentials from
places of their own (netrc, keyring, their settings), and print what stands there now and then.
"""

from __future__ import annotations

import re
from typing import Final

_PARTS = re.compile(r"(?P<scheme>[\w.+-]+://)?(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:\d*)?")
_SHOWN = re.compile(r"(?<![\w.+-])(?P<scheme>[\w.+-]*://)(?P<before>\S*)@")
_WORD = re.compile(r"\S+")
_BRANCH = re.compile(r"[\w.+-]+\+\w+://[\w.-]*/[^\s@]*@")
"""Of a repository, as in git+https://host/repository@branch."""
_PORT = re.compile(r"(?i)(\bport\b[^'\n]{0,60}')[^'\n]*'")
"""A password with "/" in it, as who takes its beginning for a port complains of it."""

HIDDEN: Final = "…"


def has_credentials(url: str) -> bool:
    """Whether a URL has a user's name or a password, but for the name that ssh wants.

    >>> has_credentials("https://me:secret@host/a.whl"), has_credentials("git+ssh://git@host/a.git@main")
    (True, False)
    """
    scheme, authority, _ = _split(url)
    user, at, host = authority.rpartition("@")
    if at:
        return not scheme.endswith("ssh://") or ":" in user
    # What follows the ":" and is no port is the beginning of a password with "/", "?" or "#" in it.
    return bool(scheme) and _HOST.fullmatch(host) is None


def without_credentials(url: str) -> str:
    """The same URL for everybody.

    >>> without_credentials("https://me:secret@host/a.whl")
    'https://host/a.whl'
    """
    return without_user(url) if has_credentials(url) else url


def without_user(url: str) -> str:
    """As `without_credentials`, and without the name that ssh wants."""
    scheme, authority, rest = _split(url)
    return scheme + authority.rpartition("@")[2] + rest


def shown(text: str) -> str:
    """A text in which there may be URLs, without what may be a password; rather too little is shown than too much.

    >>> shown("look at https://me:sec/r@t@host/simple and git+https://host/repository@main")
    'look at https://…@host/simple and git+https://host/repository@main'
    """
    return _PORT.sub(rf"\1{HIDDEN}'", _WORD.sub(_shown_word, text))


def _shown_word(found: re.Match[str]) -> str:
    """There may be very long ones, so no more is looked through than may be hidden."""
    before, at, after = found[0].rpartition("@")
    return _SHOWN.sub(_hidden, before + at) + after


def _hidden(found: re.Match[str]) -> str:
    return found[0] if _BRANCH.fullmatch(found[0]) else f"{found['scheme']}{HIDDEN}@"


def _split(url: str) -> tuple[str, str, str]:
    parts = _PARTS.fullmatch(url)
    assert parts is not None, "it matches whatever there is"
    return parts["scheme"] or "", parts["authority"], parts["rest"]
