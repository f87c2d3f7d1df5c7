"""Who is dialled without being connected to; that it is heeded shows in S124, in tests/scenarios."""

from __future__ import annotations

from typing import Literal

import pytest

from beamlike.distribution.dial_policy import DialPolicy

B, C = "b@127.0.0.1", "c@127.0.0.1"


@pytest.mark.parametrize(("auto_connect", "before", "lost"), [("always", 1, 1), ("once", 1, 0), ("never", 0, 0)])
def test_a_node_may_be_dialled_always_or_until_it_was_lost_or_never(
    auto_connect: Literal["always", "once", "never"], before: bool, lost: bool
) -> None:
    policy = DialPolicy(auto_connect)
    assert policy.allows(B) == before
    policy.lost(B)
    assert (policy.allows(B), policy.allows(C)) == (lost, before)


def test_another_word_is_refused_when_the_node_starts() -> None:
    with pytest.raises(ValueError, match="expected one of always, once, never as `auto_connect`, got 'sometimes'"):
        DialPolicy("sometimes")  # type: ignore[arg-type]
