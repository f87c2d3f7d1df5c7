"""What code needs to run on other nodes, beside itself, and what of it they hold.

require     has packages of PyPI here, and on each node before it runs code of this one
holdings    the cells, scripts and modules that this node has, version by version
"""

from beamlike.code.holdings import Holding, holdings
from beamlike.code.requirements.errors import BadRequirements, CannotInstall, RequirementsError, VersionConflict
from beamlike.code.requirements.progress import Step
from beamlike.code.requirements.require import require

__all__ = [
    "BadRequirements",
    "CannotInstall",
    "Holding",
    "RequirementsError",
    "Step",
    "VersionConflict",
    "holdings",
    "require",
]
