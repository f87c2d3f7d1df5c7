"""What holds of a child on this machine holds however it comes to be."""

from __future__ import annotations

import pytest

from nodes import local


@pytest.fixture(params=["forked", "started"])
def both_kinds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs a test twice: with children that a zygote forks, and with programs."""
    if request.param == "forked" and not local.HAS_ZYGOTES:
        pytest.skip("there are no zygotes on this system")
    monkeypatch.setattr(local, "HAS_ZYGOTES", request.param == "forked")
    return str(request.param)
