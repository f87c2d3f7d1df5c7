"""TLS of one connection, without its socket: ciphertext in, plaintext out, and the reverse.

    socket ── feed ──►  ┌───────┐ ── read_into ──► frames
    socket ◄── take ──  └───────┘ ◄── write ─────  frames

Until `ready`, only TLS itself speaks: `feed` answers into `take`. From then on `fingerprint` is there to bind the
handshake to, so no byte of plaintext is seen before its channel is known. Of a peer that never gets there no more than
`cap` bytes are looked at. Errors are raised by `read_into` alone; after one, `take` has the last words for the peer.

One thread at a time, as OpenSSL has it.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final, cast

from beamlike.distribution.certificates import fingerprint
from beamlike.distribution.errors import TlsFailed
from beamlike.distribution.frames import REFUSE, frame
from beamlike.distribution.handshake_frames import encode_refusal
from beamlike.distribution.refusal import Status
from beamlike.distribution.tls_failures import ANSWERED_IN_CLEAR, CUT_OFF, DIALLED_IN_CLEAR, in_words

HANDSHAKE_CAP: Final = 1984
"""Bytes of ciphertext that are accepted of somebody with whom TLS is not agreed on. It is thrice what that takes,
enough for key exchanges of the next generation, and within 4 KiB together with the two frames of a proof."""

CERTIFIED_HANDSHAKE_CAP: Final = 1 << 15
"""The same where both sides show certificates of an authority, which come with those that signed them."""

HANDSHAKE_RECORD: Final = 22
_ALERT_RECORD: Final = 21


class TlsLayer:
    """The end of one connection. A listener gives the fingerprint of the certificate that its `context` presents; a
    dialler may give the `host` whose certificate it expects."""

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        presents: bytes | None = None,
        host: str | None = None,
        cap: int = HANDSHAKE_CAP,
    ) -> None:
        self.ready = False
        self.fingerprint = presents or b""
        self._listens = presents is not None
        self._cap = self._left = cap
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, self._listens, host)
        # The type that is declared for `read` is that of its other form, which returns bytes.
        self._decrypt_into = cast(Callable[[int, memoryview], int], self._tls.read)
        self._heard = False
        self._failure: TlsFailed | None = None
        self._ended = False
        self._agree()

    def feed(self, data: memoryview | bytes) -> None:
        """Takes ciphertext; no bytes mean that the other side has closed the connection."""
        if self._failure is not None or not (self.ready or self._is_welcome(data)):
            return
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        if not self.ready:
            self._agree()

    def read_into(self, buffer: memoryview) -> int:
        """Fills `buffer` with plaintext as far as there is some and says how much; 0: nothing now.

        EOFError when the other side has closed the connection, TlsFailed when it is of no use any more.
        """
        filled = 0
        try:
            while self._has_news() and not self._ended and filled < len(buffer):
                count = self._decrypt_into(len(buffer) - filled, buffer[filled:])
                filled += count
                # Instead of an error: after the other side's last word always, and at a bare end in some Pythons.
                self._ended = not count
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self._ended = True
        except ssl.SSLError as error:
            self._fail(in_words(error))
        if not filled:
            self._raise_what_ended_it()
        return filled

    def write(self, data: memoryview | bytes) -> None:
        """Encrypts plaintext; to be called once `ready`."""
        if data:
            self._tls.write(data)

    def take(self) -> bytes:
        """The ciphertext that is to be sent."""
        return self._outgoing.read()

    def _is_welcome(self, data: memoryview | bytes) -> bool:
        """Whether what came before TLS is agreed on may be looked at any closer."""
        self._left -= len(data)
        if self._left < 0:
            self._fail(f"expected TLS to be agreed on within {self._cap} bytes, got more; is it a beamlike node?")
        elif data and not self._heard:
            self._heard = True
            if data[0] not in (HANDSHAKE_RECORD, _ALERT_RECORD):
                self._hear_clear_text()
        return self._failure is None

    def _hear_clear_text(self) -> None:
        if self._listens:
            self._outgoing.write(frame(REFUSE, encode_refusal(Status.TLS_REQUIRED)))
            self._fail(DIALLED_IN_CLEAR)
        else:
            self._fail(ANSWERED_IN_CLEAR)

    def _agree(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLEOFError:
            self._fail(CUT_OFF)
        except ssl.SSLError as error:
            self._fail(in_words(error))
        else:
            self._see_certificate()
            self.ready = True

    def _see_certificate(self) -> None:
        if not self._listens:
            certificate = self._tls.getpeercert(binary_form=True)
            assert certificate is not None, "a listener of TLS 1.3 always shows one"
            self.fingerprint = fingerprint(certificate)

    def _has_news(self) -> bool:
        whole = self.ready and self._failure is None
        return whole and bool(self._incoming.pending or self._incoming.eof or self._tls.pending())

    def _fail(self, message: str) -> None:
        self._failure = TlsFailed(message)

    def _raise_what_ended_it(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._ended:
            raise EOFError("the other side has closed the connection")
