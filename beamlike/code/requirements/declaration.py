"""What somebody asks for: requirements as PEP 508 writes them, and the Python that they are for."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from beamlike.code.requirements.credentials import has_credentials, shown
from beamlike.code.requirements.errors import BadRequirements
from beamlike.kernel.record import frozen


@frozen
class Requirements:
    """
    >>> Requirements.of(["rich >=13", "numpy"])
    Requirements(dependencies=('numpy', 'rich>=13'), requires_python=None)
    """

    dependencies: tuple[str, ...] = ()
    """In one spelling, sorted, none twice."""
    requires_python: str | None = None

    @classmethod
    def of(cls, dependencies: Iterable[str], requires_python: str | None = None) -> Requirements:
        """BadRequirements names the first that is none, or whose URL has a password."""
        return cls(tuple(sorted({str(_requirement(text)) for text in dependencies})), _specifier(requires_python))

    def check_python(self, running: str | None = None) -> None:
        """BadRequirements unless they are for this Python."""
        running = running or ".".join(map(str, sys.version_info[:3]))
        if self.requires_python and not SpecifierSet(self.requires_python).contains(running, prereleases=True):
            raise BadRequirements(
                f"expected a Python {self.requires_python}, this node runs {running}: "
                "start it with such a Python, or change `requires-python`"
            )


def union(declared: Iterable[Requirements]) -> Requirements:
    """All of them at once."""
    parts = list(declared)
    pythons = sorted({part.requires_python for part in parts if part.requires_python})
    return Requirements(
        tuple(sorted({dependency for part in parts for dependency in part.dependencies})), ",".join(pythons) or None
    )


def _requirement(text: str) -> Requirement:
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        why = str(error).splitlines()[0]
        raise BadRequirements(shown(f"expected a requirement such as 'numpy>=2', got {text!r}: {why}")) from None
    if requirement.url is not None and has_credentials(requirement.url):
        raise BadRequirements(
            f"expected the URL of {requirement.name} without a user's name and a password, for other nodes are told of "
            "it: put them into netrc, keyring or the index settings of pip and uv"
        )
    return requirement


def _specifier(text: str | None) -> str | None:
    try:
        return None if text is None else str(SpecifierSet(text)) or None
    except InvalidSpecifier:
        raise BadRequirements(f"expected `requires-python` such as '>=3.11', got {text!r}") from None
