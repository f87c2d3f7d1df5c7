"""Which release of this project runs here, and of Python. `pyproject.toml` says the former as well."""

import sys
from typing import Final

RELEASE: Final = "0.1.0"
PYTHON: Final = ".".join(map(str, sys.version_info[:3]))
