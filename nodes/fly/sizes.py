"""The sizes of Fly Machines, by name: what `fly platform vm-sizes` listed, and what memory each kind of CPU may have.

GPU machines are not among them: Fly withdrew them in August 2026.
"""

from __future__ import annotations

from datetime import date
from typing import Final, Literal, TypeAlias

from beamlike.kernel.record import frozen

AS_OF: Final = date(2026, 10, 9)

CpuKind: TypeAlias = Literal["shared", "performance"]


@frozen
class Guest:
    """What a machine has: memory in MiB."""

    cpu_kind: CpuKind
    cpus: int
    memory_mb: int

    def __str__(self) -> str:
        return f"{self.cpu_kind}-{'cpu-' * (self.cpu_kind == 'shared')}{self.cpus}x with {self.memory_mb} MB"


@frozen
class Kind:
    """`least` and `most` are MiB per CPU; memory comes in steps of `step`."""

    prefix: str
    cpus: tuple[int, ...]
    least: int
    most: int
    step: int


KINDS: Final[dict[CpuKind, Kind]] = {
    "shared": Kind("shared-cpu-", (1, 2, 4, 6, 8), 256, 2048, 256),
    "performance": Kind("performance-", (1, 2, 4, 6, 8, 10, 12, 14, 16), 2048, 8192, 2048),
}
SIZES: Final = {
    f"{kind.prefix}{cpus}x": Guest(name, cpus, cpus * kind.least) for name, kind in KINDS.items() for cpus in kind.cpus
}


def guest(size: str, memory_mb: int | None = None) -> Guest:
    """The machine of a size, with other memory than it comes with if that is given. ValueError says which there are.

    >>> guest("performance-2x")
    Guest(cpu_kind='performance', cpus=2, memory_mb=4096)
    >>> guest("shared-cpu-1x", 1000)
    Traceback (most recent call last):
        ...
    ValueError: expected the memory of shared-cpu-1x from 256 to 2048 MB in steps of 256, got 1000
    """
    if size not in SIZES:
        raise ValueError(f"expected a size of Fly's ({', '.join(SIZES)}), got {size!r}")
    named = SIZES[size]
    if memory_mb is None:
        return named
    kind = KINDS[named.cpu_kind]
    least, most = named.cpus * kind.least, named.cpus * kind.most
    if not least <= memory_mb <= most or memory_mb % kind.step:
        expected = f"from {least} to {most} MB in steps of {kind.step}"
        raise ValueError(f"expected the memory of {size} {expected}, got {memory_mb}")
    return Guest(named.cpu_kind, named.cpus, memory_mb)
