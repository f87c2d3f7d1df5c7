"""What an answer of Fly that is no success means: a table from status and words to the error that says what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from beamlike.kernel.record import frozen
from nodes.backend import AuthError, BackendError, CapacityError, ConflictError, QuotaError, RateLimited

LONGEST_WORDS: Final = 500


class NotFound(BackendError):
    """There is no such app or machine."""


class Unclear(BackendError):
    """The service, or the way to it, failed: whether it did what was asked is not known."""


@frozen
class Asked:
    """What was asked for, for the words of an error: "create a machine", of which app, and in which region."""

    what: str
    app: str
    region: str = ""

    def __str__(self) -> str:
        return f"asked Fly to {self.what} of the app {self.app!r}{f' in {self.region}' if self.region else ''}"


@frozen
class _Rule:
    """The first that fits counts. `statuses` empty: any."""

    statuses: tuple[int, ...]
    words: str
    error: Callable[[str, Asked], BackendError]


def _capacity(text: str, asked: Asked) -> BackendError:
    scope = f"region {asked.region}" if asked.region else ""
    remedy = "name more regions or sizes, which are tried in order, or try again later"
    return CapacityError(text, scope=scope, remedy=remedy)


def _volume_host(text: str, asked: Asked) -> BackendError:
    remedy = "its volume is bound to one host: use another volume, or a copy of it elsewhere (fly volumes fork)"
    return CapacityError(text, scope="the host of its volume", remedy=remedy)


def _quota(text: str, asked: Asked) -> BackendError:
    return QuotaError(text, remedy="stop what is not needed, use other regions, or have Fly raise the limit")


def _payment(text: str, asked: Asked) -> BackendError:
    return QuotaError(text, remedy="add a payment method at fly.io/dashboard")


def _token(text: str, asked: Asked) -> BackendError:
    return AuthError(text, remedy=f"make a token for this app with `fly tokens create deploy -a {asked.app}`")


def _name(text: str, asked: Asked) -> BackendError:
    return ConflictError(text, what="name")


def _lease(text: str, asked: Asked) -> BackendError:
    return ConflictError(text, what="lease", remedy="wait until the other one is done with it")


def _version(text: str, asked: Asked) -> BackendError:
    return ConflictError(text, what="version", remedy="look at the machine again, and ask anew")


def _image(text: str, asked: Asked) -> BackendError:
    return BackendError(text, permanent=True, remedy="push the image, and check its name with `fly image show`")


def _app(text: str, asked: Asked) -> BackendError:
    return NotFound(text, permanent=True, remedy=f"make the app with `fly apps create {asked.app}`")


def _machine(text: str, asked: Asked) -> BackendError:
    return NotFound(text)


def _wrong(text: str, asked: Asked) -> BackendError:
    return BackendError(text, permanent=True, remedy="what was asked for is not valid, so correct the options")


def _unclear(text: str, asked: Asked) -> BackendError:
    return Unclear(text, remedy="Fly has trouble (see status.fly.io), so try again")


_RULES: Final = (
    _Rule((401,), "", _token),
    _Rule((402,), "", _payment),
    _Rule((), r"payment method", _payment),
    _Rule(
        (400, 403, 409, 412, 422),
        r"quota|machine limit|limit reached|maximum number of machines|exceeds? .*limit",
        _quota,
    ),
    _Rule((403,), "", _token),
    _Rule((404,), r"app", _app),
    _Rule((404,), "", _machine),
    _Rule(
        (400, 409, 412, 422, 503), r"volume.*(capacity|insufficient|host)|(capacity|insufficient).*volume", _volume_host
    ),
    _Rule(
        (400, 403, 409, 412, 422, 500, 503),
        r"insufficient|no capacity|could not reserve|not enough|insufficient_capacity|no host",
        _capacity,
    ),
    _Rule((409, 422), r"name_taken|name.*(taken|exists|in use)|already.*name|unique", _name),
    _Rule((409,), r"lease", _lease),
    _Rule((409, 412), r"version", _version),
    _Rule((409,), "", _lease),
    _Rule((400, 422), r"manifest|image|registry", _image),
    _Rule((400, 405, 412, 413, 422), "", _wrong),
    _Rule((), "", _unclear),
)


def error_of(status: int, body: bytes, asked: Asked, retry_after: float | None = None) -> BackendError:
    """The error for an answer with that status and body.

    >>> asked = Asked("create a machine", "my-app", "fra")
    >>> refused = error_of(412, b'{"error": "insufficient resources"}', asked)
    >>> type(refused).__name__, refused.scope
    ('CapacityError', 'region fra')
    >>> print(error_of(401, b'{"error": "Authenticate: token validation error"}', asked))
    asked Fly to create a machine of the app 'my-app' in fra, got 401: Authenticate: token validation error; \
make a token for this app with `fly tokens create deploy -a my-app`
    """
    said, sort = _said(body)
    text = f"{asked}, got {status}: {said or 'no words'}"
    if status == 429:
        return RateLimited(text, retry_after=retry_after)
    looked_at = f"{said} {sort}"
    rule = next(it for it in _RULES if (not it.statuses or status in it.statuses) and _has(it.words, looked_at))
    return rule.error(text, asked)


def _has(words: str, text: str) -> bool:
    return re.search(words, text, re.IGNORECASE | re.DOTALL) is not None


def _said(body: bytes) -> tuple[str, str]:
    """The service's words, and its own name for the failure."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace").strip()[:LONGEST_WORDS], ""
    if not isinstance(answer, dict):
        return str(answer)[:LONGEST_WORDS], ""
    said = answer.get("error") or answer.get("message") or answer.get("details") or ""
    return str(said)[:LONGEST_WORDS], str(answer.get("status") or "")
