"""What stands between a declaration and its packages, in words. Each error is one message, and travels as that."""

from __future__ import annotations

from beamlike.kernel.errors import BeamlikeError


class RequirementsError(BeamlikeError):
    """Packages that were asked for are not here."""


class BadRequirements(RequirementsError, ValueError):
    """What was declared cannot be right: a block that is no TOML, a requirement that is none."""


class VersionConflict(RequirementsError):
    """A package is wanted in another version than the one that this interpreter has imported."""


class CannotInstall(RequirementsError):
    """Nothing could be resolved or installed; the installer's own last lines stand under the reason."""
