"""What strategies find."""

from __future__ import annotations

from beamlike.distribution.addresses import Address, split_port
from beamlike.kernel.record import frozen


@frozen
class Found:
    """A node that there is; without an address it listens where `bl.connect(name)` would look for it.

    >>> Found("b@10.0.0.7:4370")
    Found(name='b@10.0.0.7', address=('10.0.0.7', 4370))
    """

    name: str
    address: Address | None = None

    def __post_init__(self) -> None:
        name, address = split_port(self.name)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "address", self.address or address)
