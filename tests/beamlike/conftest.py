"""What many tests of `beamlike` share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.second_interpreter import SecondInterpreter


@pytest.fixture(scope="module")
def there() -> Iterator[SecondInterpreter]:
    """Another Python, one for each file: what comes to it must work where none of it was ever defined."""
    with SecondInterpreter() as interpreter:
        yield interpreter
