"""What a parent and its child must have alike, and what may differ."""

from __future__ import annotations

import cloudpickle

from beamlike.distribution.handshake_frames import VERSION as PROTOCOL
from beamlike.distribution.handshake_frames import Identity
from beamlike.kernel.record import frozen
from beamlike.release import PYTHON, RELEASE


@frozen
class Versions:
    """Of one program: the releases of beamlike, Python and cloudpickle, and the version of the protocol of nodes."""

    beamlike: str
    python: str
    cloudpickle: str
    protocol: int

    def __str__(self) -> str:
        return f"beamlike {self.beamlike} and Python {self.python}"


HERE = Versions(RELEASE, PYTHON, cloudpickle.__version__, PROTOCOL)


def versions_of(node: Identity) -> Versions:
    """Of a node that was met: its protocol is the same."""
    return Versions(node.beamlike, node.python, node.cloudpickle, PROTOCOL)


def misfit(parent: Versions, child: Versions) -> str:
    """Why a child of `child` cannot serve a parent of `parent`, and what to do; "" if it can.

    >>> old, new = Versions("0.1.0", "3.12.4", "3.1.2", 4), Versions("0.2.0", "3.11.2", "3.1.2", 4)
    >>> print(misfit(new, old))
    the image has beamlike 0.1.0 and Python 3.12.4, this program beamlike 0.2.0 and Python 3.11.2: build the image \
anew with beamlike 0.2.0 (docs/images.md)
    >>> misfit(new, Versions("0.2.7", "3.12.4", "3.1.2", 4))
    ''
    """
    if _series(parent.beamlike) == _series(child.beamlike) and parent.protocol == child.protocol:
        return ""
    protocols = "" if parent.protocol == child.protocol else f" (protocols {child.protocol} and {parent.protocol})"
    return (
        f"the image has {child}, this program {parent}{protocols}: "
        f"build the image anew with beamlike {parent.beamlike} (docs/images.md)"
    )


def differences(parent: Versions, child: Versions) -> str:
    """What differs between two that fit, and what does not work therefore; "" if all is alike.

    >>> here = Versions("0.2.0", "3.11.2", "3.1.2", 4)
    >>> differences(here, Versions("0.2.0", "3.12.4", "3.1.2", 4))
    'Python 3.12.4 there, 3.11.2 here: code that has no source is refused'
    >>> differences(here, Versions("0.2.0", "3.11.9", "3.1.2", 4))
    ''
    """
    told = []
    if _series(parent.python) != _series(child.python):
        told.append(f"Python {child.python} there, {parent.python} here: {_NO_CODE}")
    if parent.cloudpickle != child.cloudpickle:
        told.append(f"cloudpickle {child.cloudpickle} there, {parent.cloudpickle} here: {_NO_CODE}")
    if parent.beamlike != child.beamlike:
        told.append(f"beamlike {child.beamlike} there, {parent.beamlike} here")
    return "; ".join(told)


_NO_CODE = "code that has no source is refused"


def _series(version: str) -> list[str]:
    """What may not differ of a release: the first two numbers."""
    return version.split(".")[:2]
