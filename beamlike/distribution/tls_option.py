"""The `tls` option of a node: which of its links are inside TLS, and with whose certificates.

| `tls=`     | links within the machine                          | links between machines                 |
|------------|---------------------------------------------------|----------------------------------------|
| None       | in clear                                          | TLS, a certificate that the node makes |
| "always"   | TLS, a certificate that the node makes            | the same                               |
| `Tls(...)` | TLS, both sides show certificates of an authority | the same                               |

Within the machine is what comes from or goes to a loopback address. A listener that other machines reach takes what
comes over loopback either way, unless TLS was asked for; of other machines it takes nothing in clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Certificates of your own authority, which every node of the cluster shows to every other: mutual TLS 1.3.

    `certificate` is a PEM file with the node's certificate and those between it and the authority; `key` its private
    key, unless that stands in the same file; `authority` a PEM file with the certificates that are trusted. A dialler
    demands that the listener's certificate is for the host in the listener's name, b@db.internal that it is for
    db.internal (`check_hostname=False`: that it is of the authority is enough). A listener demands that the dialler's
    is of the authority: who may use which name is the secret's matter. Renewed files need no restart: they are read
    anew, when they have changed, for the next connection.

    >>> Tls(certificate="/etc/beamlike/node.pem", authority="/etc/beamlike/ca.pem").check_hostname
    True
    """

    certificate: str | Path
    key: str | Path | None = None
    authority: str | Path
    check_hostname: bool = True

    @property
    def files(self) -> tuple[str | Path, ...]:
        return tuple(file for file in (self.certificate, self.key, self.authority) if file is not None)


TlsOption: TypeAlias = Tls | Literal["always"] | None


def check_option(option: object) -> TlsOption:
    """ValueError for what is no such option."""
    if option is None or option == "always" or isinstance(option, Tls):
        return option
    raise ValueError(f"expected tls=None, 'always' or bl.Tls(...), got {option!r}")
