"""Which release of this project runs here. `pyproject.toml` says the same."""

from typing import Final

RELEASE: Final = "0.1.0"
