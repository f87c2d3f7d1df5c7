"""What stands between a declaration and its packages, in words. Each error is one message, and travels as that.

They bear the name by which they are caught, `beamlike.code.CannotInstall`, in tracebacks and pickles.
"""

from __future__ import annotations

from beamlike.kernel.errors import BeamlikeError


class RequirementsError(BeamlikeError):
    """Packages that were asked for are not here."""

    __module__ = "beamlike.code"


class BadRequirements(RequirementsError, ValueError):
    """What was declared cannot be right: a block that is no TOML, a requirement that is none."""

    __module__ = "beamlike.code"


class VersionConflict(RequirementsError):
    """A package is wanted in another version than the one that this interpreter has imported."""

    __module__ = "beamlike.code"


class CannotInstall(RequirementsError):
    """Nothing could be resolved or installed; the installer's own last lines stand under the reason."""

    __module__ = "beamlike.code"
