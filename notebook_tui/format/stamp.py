"""Our own stamp: what a notebook may reach, signed for the exact bytes that stand above it.

It grants, by name, secrets, files outside the notebook's folder, and runtimes. It holds on the machines that have the
key, until anything in the file is changed outside of a notebook; then all is to be granted anew. Livebook takes it for
one of its own that another machine made. Whose key it is, and where that lies, is the caller's business.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from beamlike.kernel.record import frozen
from notebook_tui.format import metadata
from notebook_tui.format.stamp_comment import divided, size, stamp_in, taken

VERSION = 1
_REVOKED = "what this notebook was granted is revoked, as"
_OF_LIVEBOOK = 2
"""By this number Livebook knows the newest of its own, and finds out that the token is none."""


@frozen
class Grants:
    """What a notebook may reach, by names: no secret stands in it."""

    secrets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Entries of `file_entries` that lie outside the notebook's own folder."""
    profiles: tuple[str, ...] = ()
    """Runtimes that it may start or attach to by itself."""


NOTHING = Grants()


def signed(text: str, grants: Grants, key: bytes) -> str:
    """The text of a notebook with our stamp at its end, in place of any other; with none if nothing is granted.

    >>> text = signed("# T\\n", Grants(secrets=("TOKEN",)), b"key")
    >>> verified(text, b"key")
    (Grants(secrets=('TOKEN',), files=(), profiles=()), '')
    >>> verified(text.replace("T", "U", 1), b"key")[0].secrets
    ()
    """
    above, _ = taken(text)
    if grants == NOTHING:
        return above
    names = {kind: list(granted) for kind, granted in asdict(grants).items()}
    stamp = {"beamlike": VERSION, "grants": names, "token": _token(above, names, key), "version": _OF_LIVEBOOK}
    return f"{above}\n{metadata.render({'offset': size(above), 'stamp': stamp})}\n"


def verified(text: str, key: bytes) -> tuple[Grants, str]:
    """What the text of a notebook grants, and a warning if it says that it grants more."""
    above, comment = divided(text)
    keys = stamp_in(comment)
    if keys is None:
        added = any(_ours(stamp_in(line)) is not None for line in text.split("\n"))
        return NOTHING, f"{_REVOKED} something was added below its stamp" if added else ""
    stamp = _ours(keys)
    if stamp is None:
        return NOTHING, ""
    if stamp["beamlike"] != VERSION:
        return NOTHING, (
            f"{_REVOKED} its stamp was made by a newer version of beamlike (version {str(stamp['beamlike'])[:20]}, "
            f"this program knows {VERSION}): upgrade, or grant it again"
        )
    grants = _grants(stamp.get("grants"))
    if grants is None or not hmac.compare_digest(_bytes(text), _bytes(signed(above, grants, key))):
        return NOTHING, f"{_REVOKED} it was changed by another program, or comes from another machine"
    return grants, ""


def _ours(keys: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    stamp = keys["stamp"] if keys is not None else None
    return stamp if isinstance(stamp, dict) and "beamlike" in stamp else None


def _grants(names: object) -> Grants | None:
    match names:
        case {"files": [*files], "profiles": [*profiles], "secrets": [*secrets]}:
            kinds = {"files": files, "profiles": profiles, "secrets": secrets}
            if all(isinstance(name, str) for granted in kinds.values() for name in granted):
                return Grants(**{kind: tuple(granted) for kind, granted in kinds.items()})
    return None


def _token(above: str, names: Mapping[str, Any], key: bytes) -> str:
    """Of the grants first, whose length is said, so that no byte may be taken for one of the text."""
    granted = json.dumps([VERSION, names], sort_keys=True).encode()
    signature = hmac.new(key, b"beamlike notebook stamp %d\n" % len(granted), hashlib.sha256)
    signature.update(granted)
    signature.update(_bytes(above))
    return base64.urlsafe_b64encode(signature.digest()).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
