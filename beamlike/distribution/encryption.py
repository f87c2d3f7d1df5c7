"""Which links of a node are inside TLS, as its `tls` option says (see `tls_option`), and the layer for each."""

from __future__ import annotations

import ssl
from functools import cached_property

from beamlike.distribution.addresses import is_loopback
from beamlike.distribution.clear_or_tls import ClearOrTls, Layer
from beamlike.distribution.renewed import Renewed
from beamlike.distribution.tls_contexts import Presented, presenting, self_made, showing, trusting_anybody
from beamlike.distribution.tls_layer import CERTIFIED_HANDSHAKE_CAP, HANDSHAKE_CAP, TlsLayer
from beamlike.distribution.tls_option import Tls, TlsOption


class Encryption:
    """What a node encrypts, and with what."""

    def __init__(self, option: TlsOption = None) -> None:
        self._option = option
        self._files = option.files if isinstance(option, Tls) else ()
        self._presented: Renewed[Presented] | None = None
        self._beyond: set[str] = set()

    def encrypt(self, name: str) -> None:
        """Has what is dialled as the node `name` inside TLS, though its address be of this machine: a tunnel's."""
        self._beyond.add(name)

    def prepare_to_listen(self, host: str) -> None:
        """Makes or reads the certificate, if one is needed to listen at this numeric address.

        CannotListen without what makes one, UnusableCertificate for a file that does not serve.
        """
        if self._demands_tls(host):
            self._presented = Renewed(self._files, self._present)

    def dial(self, host: str, name: str) -> TlsLayer | None:
        """The layer for a link to the node `name` at this numeric address; None for one in clear.

        UnusableCertificate for a file that does not serve.
        """
        if not self._demands_tls(host) and name not in self._beyond:
            return None
        host_of_certificate = name.partition("@")[2] if isinstance(self._option, Tls) else None
        return TlsLayer(self._shown.get(), host=host_of_certificate, cap=self._cap)

    def accept(self, host: str) -> Layer | None:
        """The layer for a link that comes from this numeric address; None for one that is in clear."""
        if self._presented is None:
            return None
        presented = self._presented.get()
        tls = TlsLayer(presented.context, presents=presented.fingerprint, cap=self._cap)
        return tls if self._demands_tls(host) else ClearOrTls(tls)

    def _demands_tls(self, host: str) -> bool:
        return self._option is not None or not is_loopback(host)

    @property
    def _cap(self) -> int:
        return CERTIFIED_HANDSHAKE_CAP if isinstance(self._option, Tls) else HANDSHAKE_CAP

    @cached_property
    def _shown(self) -> Renewed[ssl.SSLContext]:
        return Renewed(self._files, self._show)

    def _show(self) -> ssl.SSLContext:
        return showing(self._option) if isinstance(self._option, Tls) else trusting_anybody()

    def _present(self) -> Presented:
        return presenting(self._option) if isinstance(self._option, Tls) else self_made()
