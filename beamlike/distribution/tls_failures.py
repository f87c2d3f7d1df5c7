"""What is wrong with a TLS connection, in words: OpenSSL's own name what it noticed, not what to do."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import Final

_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
# OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.

_SAME_OPTION: Final = "give both nodes the same `tls` option, and use the address that the node listens at"
_SAME_AUTHORITY: Final = "sign the certificates of both nodes by the authority that both have as `authority`"

DIALLED_IN_CLEAR: Final = f"expected TLS, got bytes in clear: the dialler goes without TLS; {_SAME_OPTION}"
ANSWERED_IN_CLEAR: Final = f"expected TLS, got an answer in clear: the node there listens without TLS; {_SAME_OPTION}"
CUT_OFF: Final = (
    "the other side closed the connection before TLS was agreed on; its log says why, "
    f"unless it is no beamlike node, or listens without TLS: {_SAME_OPTION}"
)

_BY_REASON: Final = {
    "CERTIFICATE_REQUIRED": f"the other side asks for a certificate, and this node has none to show: {_SAME_AUTHORITY}",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": f"the other side shows no certificate, and has to: {_SAME_AUTHORITY}",
    "UNKNOWN_CA": f"the other side does not know the authority that signed this node's certificate: {_SAME_AUTHORITY}",
    "ALERT_CERTIFICATE_EXPIRED": "the other side says that this node's certificate has expired: "
    "renew it, or set the other machine's clock",
    "ALERT_BAD_CERTIFICATE": "the other side does not accept this node's certificate: "
    "perhaps it is not valid yet by the other machine's clock, or for another host; its log says why",
    "ALERT_CERTIFICATE_UNKNOWN": "the other side does not accept this node's certificate; its log says why",
    "UNSUPPORTED_PROTOCOL": "expected TLS 1.3, the other side speaks only an older version",
    "PROTOCOL_VERSION": "expected TLS 1.3, the other side speaks only an older version",
    "BAD_RECORD_MAC": "what came was changed on its way",
}
"""By a part of OpenSSL's name for what happened; an alert is the other side's opinion."""


def in_words(error: ssl.SSLError) -> str:
    """For the user of this side: what is wrong and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unacceptable(error)
    reason = error.reason or str(error)
    return next((words for part, words in _BY_REASON.items() if part in reason), f"TLS failed ({reason})")


def _unacceptable(error: ssl.SSLCertVerificationError) -> str:
    clock = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC by this machine's clock"
    if error.verify_code == _NOT_YET_VALID:
        return f"the other side's certificate is not valid yet, and it is {clock}: set the clock that is wrong"
    if error.verify_code == _EXPIRED:
        return f"the other side's certificate has expired, and it is {clock}: renew it, or set the clock"
    return f"the other side's certificate is not acceptable ({error.verify_message}): {_SAME_AUTHORITY}"
