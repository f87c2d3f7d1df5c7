"""What goes wrong between nodes; a node that cannot be reached is `kernel.errors.NotConnected`."""

from __future__ import annotations

from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.errors import UnencodableTerm as UnencodableTerm


class PeerEnded(BeamlikeError):
    """The other side is no more, and with it what it had lent."""


class ProtocolError(BeamlikeError):
    """The other side sent what the protocol does not allow; the connection is of no use any more."""


class TlsFailed(ProtocolError):
    """TLS came to no agreement, or what came is no TLS; the connection is of no use any more."""


class UnusableCertificate(BeamlikeError, OSError):
    """A file of the `tls` option cannot be read, or is not what it is to be."""


class UndecodableTerm(BeamlikeError):
    """A term arrived that cannot be made an object here, as when its class does not exist on this node."""


class NodeNameTaken(BeamlikeError):
    """Another live process of this host runs a node of the same name."""


class CannotListen(BeamlikeError, OSError):
    """The address cannot be listened on."""


class UnusableSecret(BeamlikeError):
    """The shared secret is missing, empty, or readable by others."""


class InsecureDirectory(BeamlikeError, PermissionError):
    """The directory that lists this host's nodes could be changed by other users."""
