"""What requirements come to: exact versions, for one kind of Python. Plain values, which travel as JSON.

A lock holds all that its requirements need, also what was there already when it was made; each node installs what it
lacks of that. A node of another platform takes the versions, and resolves the requirements once more for itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from hashlib import blake2b

from packaging.tags import sys_tags
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from beamlike.code.requirements.closure import Installed, is_same_place
from beamlike.code.requirements.credentials import has_credentials, shown
from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.errors import BadRequirements
from beamlike.kernel.record import frozen

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_URL = re.compile(r"[a-z][a-z0-9+.-]*:[^\s\x00-\x1f]+")
_HASH = re.compile(r"[a-z0-9]+:[0-9a-f]+")


@frozen
class Pin:
    """One distribution in one version. `hashes`, such as "sha256:…", are of the files it may be made of; none where
    it was installed by somebody else."""

    name: str
    version: str
    url: str | None = None
    hashes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """What came from another node becomes lines of a file that an installer reads: so nothing but these."""
        url_is_one = self.url is None or (_URL.fullmatch(self.url) and not has_credentials(self.url))
        if not (_NAME.fullmatch(self.name) and url_is_one and all(map(_HASH.fullmatch, self.hashes))):
            raise BadRequirements(
                f"expected a package's name, version, URL (without a password) and hashes, got {shown(repr(self))}"
            )
        try:
            Version(self.version)
        except InvalidVersion:
            raise BadRequirements(f"expected a version of {self.name}, got {self.version!r}") from None

    @classmethod
    def of(cls, name: str, version: str, url: str | None = None, hashes: Iterable[str] = ()) -> Pin:
        """With the name in its one spelling."""
        return cls(canonicalize_name(name), version, url, tuple(sorted(hashes)))

    def is_met_by(self, found: Installed) -> bool:
        """Whether its version is this one; where this one is of a URL, from there; and of a file of this one, where
        hashes are known of both."""
        if self.url is not None and not is_same_place(self.url, found.url):
            return False
        if self.hashes and found.hashes and set(self.hashes).isdisjoint(found.hashes):
            return False
        return self.is_of(found.version)

    def is_of(self, version: str) -> bool:
        """Whether that is its version, however it is written ("1.0" and "1.0.0")."""
        return version == self.version or _same_version(version, self.version)

    @property
    def requirement(self) -> str:
        return f"{self.name} @ {self.url}" if self.url else f"{self.name}=={self.version}"

    def line(self, *, hashed: bool) -> str:
        """As a line of a requirements file."""
        hashes = self.hashes if hashed else ()
        return " ".join([self.requirement, *(f"--hash={each}" for each in hashes)])

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@frozen
class Lock:
    """
    >>> lock = Lock(Requirements.of(["rich"]), (Pin("rich", "15.0.0"),), "cp311-cp311-manylinux_2_36_x86_64")
    >>> Lock.from_bytes(lock.to_bytes()) == lock
    True
    """

    requirements: Requirements
    pins: tuple[Pin, ...]
    platform: str
    """The best tag of wheels for it: interpreter, its version, operating system, libc and processor."""

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Lock:
        """BadRequirements if these bytes are no lock."""
        try:
            parts = json.loads(data)
            declared, pins, platform = parts["requirements"], parts["pins"], str(parts["platform"])
            requirements = Requirements.of(map(str, declared["dependencies"]), declared["requires_python"])
            return cls(requirements, tuple(Pin(**{**pin, "hashes": tuple(pin["hashes"])}) for pin in pins), platform)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadRequirements(f"expected a lock of requirements, got {shown(repr(data))[:100]}: {error}") from error


def environment_key(pins: Iterable[Pin], platform: str) -> str:
    """The name of the environment that holds exactly these, made of files with these hashes where they are known, for
    Pythons of that platform."""
    content = "\n".join([platform, *sorted(pin.line(hashed=True) for pin in pins)])
    return blake2b(content.encode(), digest_size=16).hexdigest()


@cache
def platform_here() -> str:
    """The platform of the Python that runs."""
    tags = list(sys_tags())
    # The plain tag of Linux does not tell which libc there is, and of which version.
    return str(next((tag for tag in tags if not tag.platform.startswith("linux_")), tags[0]))


def _same_version(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return False
