"""What a session puts into the environment of its runtime, such as secrets that were given to the notebook."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field

from beamlike.kernel.record import frozen


@frozen
class SetEnvironment:
    """To a runtime's server: these variables have these values from now on; None: there is none of that name.

    >>> SetEnvironment({"LB_KEY": "swordfish"})
    SetEnvironment()
    """

    values: Mapping[str, str | None] = field(repr=False)

    def apply(self) -> SetEnvironment:
        """Returns what sets them again to what they were."""
        before = SetEnvironment({name: os.environ.get(name) for name in self.values})
        for name, value in self.values.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        return before
