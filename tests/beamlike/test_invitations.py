from beamlike.distribution.invitations import Invitations
from beamlike.distribution.secret import Secret

CLUSTER = Secret(b"the cluster's")
TOKEN = Secret(b"token")


def invited(lifetime: float = 10.0) -> Invitations:
    invitations = Invitations()
    invitations.invite("child@h", TOKEN, now=0.0, lifetime=lifetime)
    return invitations


def test_the_invited_needs_its_token_and_everybody_else_the_clusters_secret() -> None:
    invitations = invited()
    assert invitations.secret_for("child@h", otherwise=CLUSTER) == TOKEN
    assert invitations.secret_for("other@h", otherwise=CLUSTER) == CLUSTER
    assert invitations.admits("child@h", 9.9)
    assert invitations.admits("other@h", 9.9)


def test_a_used_invitation_lets_nobody_in() -> None:
    invitations = invited()
    invitations.use("child@h")
    assert not invitations.admits("child@h", 1.0)


def test_an_expired_invitation_lets_nobody_in() -> None:
    assert not invited().admits("child@h", 10.0)


def test_only_the_token_tells_that_an_invitation_is_over() -> None:
    invitations = invited()
    invitations.use("child@h")
    assert invitations.secret_for("child@h", otherwise=CLUSTER) == TOKEN


def test_a_new_invitation_replaces_one_that_was_used() -> None:
    invitations = invited()
    invitations.use("child@h")
    invitations.invite("child@h", Secret(b"another"), now=1.0, lifetime=10.0)
    assert invitations.secret_for("child@h", otherwise=CLUSTER) == Secret(b"another")
    assert invitations.admits("child@h", 2.0)


def test_a_revoked_invitation_leaves_no_trace() -> None:
    invitations = invited()
    invitations.revoke("child@h")
    invitations.revoke("never invited@h")
    assert invitations.secret_for("child@h", otherwise=CLUSTER) == CLUSTER


def test_use_of_a_name_that_was_not_invited_is_nothing() -> None:
    invitations = Invitations()
    invitations.use("other@h")
    assert invitations.secret_for("other@h", otherwise=CLUSTER) == CLUSTER
    assert invitations.admits("other@h", 0.0)


def test_old_invitations_do_not_pile_up() -> None:
    invitations = Invitations()
    for child in range(100):
        invitations.invite(f"child{child}@h", TOKEN, now=float(child), lifetime=5.0)
    assert len(invitations) == 10


def test_an_invitation_may_say_by_which_tick_time_its_link_is_watched() -> None:
    invitations = invited()
    assert invitations.tick_time("child@h") is None
    assert invitations.tick_time("other@h") is None
    invitations.invite("child@h", TOKEN, now=0.0, lifetime=10.0, tick_time=0.5)
    invitations.use("child@h")
    assert invitations.tick_time("child@h") == 0.5
