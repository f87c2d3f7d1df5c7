"""The handshake inside TLS: the proofs hold for one channel, so somebody in between with his own certificate fails."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.frames import ACCEPT, CHALLENGE, PROOF, frame
from beamlike.distribution.handshake import Dialler, Handshake, Listener
from beamlike.distribution.handshake_frames import NO_CHANNEL, Identity, encode_introduction
from beamlike.distribution.refusal import Refused, Status
from beamlike.distribution.secret import Secret
from tests.support.handshakes import SECRET, A, B, bound, claim_channel, dialler, listener, parse, shake_hands

TRUE, FALSE = b"T" * 32, b"F" * 32


def refusals(outcomes: tuple[Identity | Refused | None, ...]) -> list[Refused]:
    assert all(isinstance(outcome, Refused) for outcome in outcomes)
    return [outcome for outcome in outcomes if isinstance(outcome, Refused)]


def man_in_the_middle(step: int, stream: bytes) -> bytes:
    """Shows the dialler his own certificate, and tells each side that the other sees what it sees itself."""
    return claim_channel(stream, TRUE if step == 0 else FALSE)


def test_both_ends_of_one_channel_are_content() -> None:
    assert shake_hands(bound(dialler(), TRUE), bound(listener(), TRUE)) == (B, A)


@pytest.mark.parametrize(("ours", "theirs"), [(FALSE, TRUE), (FALSE, b""), (b"", TRUE)])
def test_a_program_in_between_that_ends_tls_is_named_for_what_it_is(ours: bytes, theirs: bytes) -> None:
    near, far = refusals(shake_hands(bound(dialler(), ours), bound(listener(), theirs)))
    assert near.status is far.status is Status.INTERCEPTED
    for refused in (near, far):
        assert "in between presents a certificate of its own" in refused.message
    assert "b@127.0.0.1 refused a@127.0.0.1" in near.message


def test_a_man_in_the_middle_who_says_what_each_side_wants_to_hear_proves_nothing() -> None:
    near, far = refusals(shake_hands(bound(dialler(), FALSE), bound(listener(), TRUE), man_in_the_middle))
    assert near.status is far.status is Status.WRONG_SECRET


@pytest.mark.parametrize(("proved", "content"), [(FALSE, True), (TRUE, False), (b"", False)])
def test_the_listener_proves_the_channel_too(proved: bytes, content: bool) -> None:
    us = bound(dialler(), FALSE)
    hello, challenge = us.hello(), frame(CHALLENGE, encode_introduction(B, b"l" * 32, FALSE))
    us.receive(*parse(challenge)[0])
    us.receive(ACCEPT, SECRET.sign(b"beamlike listener" + proved + hello + challenge))
    assert (us.outcome == B) is content


@pytest.mark.parametrize("make", [dialler, listener])
def test_a_channel_comes_before_the_first_frame(make: Callable[[], Handshake]) -> None:
    side = make()
    side.introduce()
    with pytest.raises(AssertionError, match="left already"):
        side.bind(TRUE)


def test_a_fingerprint_of_another_size_is_an_error() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        dialler().bind(b"short")


# The session key.


def keys(near: Dialler, far: Listener) -> tuple[bytes, bytes]:
    shake_hands(near, far)
    return near.session_key, far.session_key


def test_both_sides_have_one_session_key_and_no_other_session_has_it() -> None:
    key, same = keys(dialler(), listener())
    assert key == same
    assert len(key) == 32
    others = {
        keys(dialler(nonce=b"e" * 32), listener())[0],
        keys(dialler(), listener(nonce=b"m" * 32))[0],
        keys(bound(dialler(), TRUE), bound(listener(), TRUE))[0],
        keys(dialler(secret=Secret(b"2")), listener(secret_for=lambda _name: Secret(b"2")))[0],
        keys(dialler(replace(A, cloudpickle="3.2")), listener())[0],
    }
    assert len(others) == 5
    assert key not in others


def test_the_session_key_never_travels() -> None:
    streams: list[bytes] = []
    near, far = dialler(), listener()
    shake_hands(near, far, lambda _step, stream: streams.append(stream) or stream)  # type: ignore[func-returns-value]
    assert near.session_key not in b"".join(streams)


def test_without_an_accepted_proof_there_is_no_session_key() -> None:
    near, far = dialler(secret=Secret(b"hunter2")), listener()
    shake_hands(near, far)
    for side in (near, far):
        with pytest.raises(AssertionError, match="not proved"):
            _ = side.session_key


# Secrets.


def test_a_traceback_with_locals_of_a_failed_handshake_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    def explode(_peer: Identity) -> Status:
        raise RuntimeError("a bug of ours")

    near, far = dialler(), listener(admit=explode)
    with caplog.at_level(logging.DEBUG):
        try:
            shake_hands(near, far)
        except RuntimeError as error:
            shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "check_dialler" in shown
    assert "secret" in shown
    assert "swordfish" not in shown + caplog.text + repr([vars(near), vars(far)])


@given(st.sampled_from([NO_CHANNEL, TRUE]), st.binary(min_size=32, max_size=32))
def test_whatever_channel_a_stranger_claims_he_proves_nothing(ours: bytes, claimed: bytes) -> None:
    us = listener()
    us.bind(ours)
    us.receive(*parse(claim_channel(dialler().hello(), claimed))[0])
    if us.outcome is None:
        assert claimed == ours
        us.receive(PROOF, Secret(b"guess").sign(encode_introduction(A, b"d" * 32, claimed)))
    assert isinstance(us.outcome, Refused)
