"""What code needs to run on other nodes, beside itself.

require    has packages of PyPI here, and on each node before it runs code of this one
"""

from beamlike.code.requirements.errors import BadRequirements, CannotInstall, RequirementsError, VersionConflict
from beamlike.code.requirements.require import require

__all__ = [
    "BadRequirements",
    "CannotInstall",
    "RequirementsError",
    "VersionConflict",
    "require",
]
