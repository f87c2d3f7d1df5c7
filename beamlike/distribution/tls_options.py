"""Which links of a node are inside TLS, and with whose certificates.

| `tls=`     | links within the machine | links between machines                  |
|------------|--------------------------|-----------------------------------------|
| None       | clear                    | TLS, a certificate that the node makes  |
| "always"   | TLS, likewise            | TLS, likewise                           |
| `Tls(...)` | TLS, both sides show certificates of an authority               |

Within the machine is what comes from or goes to a loopback address. A listener that other machines reach takes what
comes over loopback either way, unless TLS was asked for; of other machines it takes nothing in clear.
"""

from __future__ import annotations

import ssl
from functools import cached_property
from typing import Literal, TypeAlias

from beamlike.distribution.addresses import is_loopback
from beamlike.distribution.clear_or_tls import ClearOrTls, Layer
from beamlike.distribution.tls_contexts import Presented, Tls, presented, self_made, showing, trusting_anybody
from beamlike.distribution.tls_layer import CERTIFIED_HANDSHAKE_CAP, HANDSHAKE_CAP, TlsLayer

TlsOption: TypeAlias = Tls | Literal["always"] | None


def check_option(option: object) -> TlsOption:
    """ValueError for what is no such option."""
    if option is None or option == "always" or isinstance(option, Tls):
        return option
    raise ValueError(f"expected tls=None, 'always' or bl.Tls(...), got {option!r}")


class Encryption:
    """What a node encrypts, and with what."""

    def __init__(self, option: TlsOption = None) -> None:
        self._option = option
        self._presented: Presented | None = None

    def prepare_to_listen(self, host: str) -> None:
        """Makes or reads the certificate, if one is needed to listen at this numeric address.

        CannotListen without what makes one, UnusableCertificate for a file that does not serve.
        """
        if self._demands_tls(host):
            self._presented = presented(self._option) if isinstance(self._option, Tls) else self_made()

    def dial(self, host: str, name: str) -> TlsLayer | None:
        """The layer for a link to the node `name` at this numeric address; None for one in clear.

        UnusableCertificate for a file that does not serve.
        """
        if not self._demands_tls(host):
            return None
        return TlsLayer(self._dialling_context, host=name.partition("@")[2], cap=self._cap)

    def accept(self, host: str) -> Layer | None:
        """The layer for a link that comes from this numeric address; None for one that is in clear."""
        if self._presented is None:
            return None
        tls = TlsLayer(self._presented.context, presents=self._presented.fingerprint, cap=self._cap)
        return tls if self._demands_tls(host) else ClearOrTls(tls)

    def _demands_tls(self, host: str) -> bool:
        return self._option is not None or not is_loopback(host)

    @property
    def _cap(self) -> int:
        return CERTIFIED_HANDSHAKE_CAP if isinstance(self._option, Tls) else HANDSHAKE_CAP

    @cached_property
    def _dialling_context(self) -> ssl.SSLContext:
        return showing(self._option) if isinstance(self._option, Tls) else trusting_anybody()
