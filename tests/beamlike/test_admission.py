import pytest

from beamlike.distribution.admission import Standing, admit
from beamlike.distribution.handshake_frames import Identity
from beamlike.distribution.refusal import Status

PEER = Identity("m@h", 7, False, b"1234", "3.1")
LESSER, GREATER = "a@h", "z@h"


@pytest.mark.parametrize(
    ("us", "dialling", "connected_creation", "status"),
    [
        (LESSER, False, None, Status.OK),
        (GREATER, False, None, Status.OK),
        (LESSER, True, None, Status.OK),
        (GREATER, True, None, Status.SIMULTANEOUS),
        (LESSER, False, 7, Status.OK),
        (GREATER, False, 7, Status.OK),
        (LESSER, False, 8, Status.DUPLICATE_NAME),
        (GREATER, False, 8, Status.DUPLICATE_NAME),
    ],
)
def test_at_most_one_link_joins_two_nodes(
    us: str, dialling: bool, connected_creation: int | None, status: Status
) -> None:
    assert admit(us, PEER, Standing(dialling, connected_creation), began=1) is status


def test_of_two_nodes_that_dial_each_other_exactly_one_lets_the_other_in() -> None:
    dialling = Standing(dialling=True, connected_creation=None)
    a, b = (Identity(name, 7, False, b"1234", "3.1") for name in ("a@h", "b@h"))
    assert {admit(a.name, b, dialling, began=1), admit(b.name, a, dialling, began=1)} == {
        Status.OK,
        Status.SIMULTANEOUS,
    }


@pytest.mark.parametrize("us", [LESSER, GREATER])
def test_a_dial_that_was_dropped_for_the_others_takes_no_place_from_its_link(us: str) -> None:
    """Its proof was on its way while that came up; a dial of the time after is told by whoever knows the link dead."""
    up = Standing(dialling=False, connected_creation=7, since=5)
    assert admit(us, PEER, up, began=4) is Status.SIMULTANEOUS
    assert admit(us, PEER, up, began=6) is Status.OK
