from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution import frames, handshake_frames
from beamlike.distribution.frames import ACCEPT, CHALLENGE, HELLO, PROOF, REFUSE
from beamlike.distribution.handshake import TRANSITIONS, Dialler, Listener, State
from beamlike.distribution.handshake_frames import Identity, encode_introduction, encode_refusal
from beamlike.distribution.refusal import Refused, Status
from beamlike.distribution.secret import Secret
from tests.support.handshakes import A, B, dialler, listener, parse, shake_hands
from tests.support.incomparable import Incomparable

OTHER = Secret(b"hunter2")


def refused(outcome: Identity | Refused | None) -> Refused:
    assert isinstance(outcome, Refused)
    return outcome


def test_both_sides_learn_who_the_other_is() -> None:
    assert shake_hands(dialler(), listener()) == (B, A)


def test_a_wrong_secret_is_refused_with_what_to_do_on_both_sides() -> None:
    ours, theirs = map(refused, shake_hands(dialler(secret=OTHER), listener()))
    assert ours.status is theirs.status is Status.WRONG_SECRET
    assert "b@127.0.0.1 refused a@127.0.0.1: the two nodes hold different secrets" in ours.message
    assert "a@127.0.0.1 does not know the secret" in theirs.message
    assert ours.message.endswith(": give the other the one that this node was given by its program, as `secret=`")
    assert theirs.message.endswith(": give the other the one that this node was given by its program, as `secret=`")


def test_each_side_is_told_what_to_do_with_the_secret_that_it_has_itself() -> None:
    one, another = Secret(b"1", "do this here"), Secret(b"2", "do that there")
    ours, theirs = map(refused, shake_hands(dialler(secret=one), listener(secret_for=lambda _name: another)))
    assert ours.message.endswith("different secrets: do this here")
    assert theirs.message.endswith("expected of it: do that there")


def test_a_listener_that_cannot_prove_the_secret_is_refused() -> None:
    us = dialler()
    us.receive(CHALLENGE, encode_introduction(B, b"l" * 32))
    assert parse(us.receive(ACCEPT, b"x" * 32)) == [(REFUSE, encode_refusal(Status.WRONG_SECRET))]
    assert refused(us.outcome).status is Status.WRONG_SECRET


def test_a_proof_sent_back_to_its_maker_proves_nothing() -> None:
    us = dialler()
    [(_, proof)] = parse(us.receive(CHALLENGE, encode_introduction(B, b"l" * 32)))
    us.receive(ACCEPT, proof)
    assert refused(us.outcome).status is Status.WRONG_SECRET


def test_an_echo_of_the_whole_conversation_proves_nothing() -> None:
    us = dialler()
    [(_, hello)] = parse(us.hello())
    us.receive(CHALLENGE, hello)
    assert refused(us.outcome).status is Status.DUPLICATE_NAME


def test_a_recorded_proof_does_not_open_a_second_connection() -> None:
    recorded: list[bytes] = []
    shake_hands(dialler(), listener(), lambda _step, stream: recorded.append(stream) or stream)  # type: ignore[func-returns-value]
    hello, _, proof, _ = (parse(stream)[0] for stream in recorded)
    later = listener(nonce=b"m" * 32)
    later.receive(*hello)
    later.receive(*proof)
    assert refused(later.outcome).status is Status.WRONG_SECRET


def test_both_sides_compare_proofs_in_constant_time() -> None:
    near, far = dialler(), listener()
    [hello] = parse(near.hello())
    [challenge] = parse(far.receive(*hello))
    [(_, proof)] = parse(near.receive(*challenge))
    [(_, counter_proof)] = parse(far.receive(PROOF, Incomparable(proof)))
    near.receive(ACCEPT, Incomparable(counter_proof))
    assert (near.outcome, far.outcome) == (B, A)


@given(st.integers(0, 3), st.data())
def test_a_bit_changed_on_the_way_never_leaves_both_sides_content(step: int, data: st.DataObject) -> None:
    def flip(at: int, stream: bytes) -> bytes:
        if at != step:
            return stream
        bit = data.draw(st.integers(8 * 5, 8 * len(stream) - 1))
        changed = bytearray(stream)
        changed[bit // 8] ^= 1 << bit % 8
        return bytes(changed)

    ours, theirs = shake_hands(dialler(), listener(), flip)
    assert isinstance(ours, Refused) or isinstance(theirs, Refused)


@pytest.mark.parametrize("status", [Status.DUPLICATE_NAME, Status.NOT_ALLOWED, Status.SIMULTANEOUS])
def test_a_peer_for_which_there_is_no_room_is_told_why(status: Status) -> None:
    ours, theirs = map(refused, shake_hands(dialler(), listener(admit=lambda _peer: status)))
    assert ours.status is theirs.status is status
    assert (ours.peer, theirs.peer) == ("b@127.0.0.1", "a@127.0.0.1")
    assert "b@127.0.0.1 refused a@127.0.0.1" in ours.message


def test_nobody_is_asked_about_room_before_the_secret_is_proved() -> None:
    asked: list[Identity] = []
    shake_hands(dialler(secret=OTHER), listener(admit=lambda peer: asked.append(peer) or Status.OK))  # type: ignore[func-returns-value]
    assert asked == []


def test_the_secret_is_that_of_the_name_which_the_dialler_claims() -> None:
    secrets = {A.name: OTHER}
    assert shake_hands(dialler(secret=OTHER), listener(secret_for=secrets.__getitem__)) == (B, A)


def test_another_protocol_version_is_refused_with_both_versions() -> None:
    us = dialler()
    hello = b"\x00\x07" + parse(us.hello())[0][1][2:]
    them = listener()
    reply = them.receive(HELLO, hello)
    assert "expected protocol version 5, the other side speaks version 7" in refused(them.outcome).message
    us.receive(*parse(reply)[0])
    assert refused(us.outcome).status is Status.VERSION_MISMATCH


def test_a_node_of_another_name_at_the_address_is_not_taken_for_the_expected_one() -> None:
    ours, theirs = map(refused, shake_hands(dialler(expected="c@127.0.0.1"), listener()))
    assert ours.status is theirs.status is Status.WRONG_NODE
    assert "expected c@127.0.0.1 at that address, found b@127.0.0.1" in ours.message


def test_a_node_that_calls_itself_by_our_name_is_refused() -> None:
    us = replace(A, creation=99)
    ours, theirs = map(refused, shake_hands(dialler(expected=A.name), listener(us=us)))
    assert ours.status is theirs.status is Status.DUPLICATE_NAME


def dialler_in(state: State) -> Dialler:
    us = dialler()
    if state is State.AWAIT_ACCEPT:
        us.receive(CHALLENGE, encode_introduction(B, b"l" * 32))
    return us


def listener_in(state: State) -> Listener:
    us = listener()
    if state is State.AWAIT_PROOF:
        us.receive(HELLO, encode_introduction(A, b"d" * 32))
    return us


SIDES = {
    State.AWAIT_CHALLENGE: dialler_in,
    State.AWAIT_ACCEPT: dialler_in,
    State.AWAIT_HELLO: listener_in,
    State.AWAIT_PROOF: listener_in,
}


@pytest.mark.parametrize("kind", [*frames.NAMES, 0, 6, 99])
@pytest.mark.parametrize("state", SIDES)
def test_in_every_state_a_frame_is_either_in_the_table_or_malformed(state: State, kind: int) -> None:
    side = SIDES[state](state)
    reply = side.receive(kind, b"\x00")
    assert side.state is State.FAILED
    assert refused(side.outcome).status in (Status.MALFORMED, Status.WRONG_SECRET)
    if (state, kind) not in TRANSITIONS:
        assert f"got {frames.kind_name(kind)}" in refused(side.outcome).message
        assert parse(reply) == [(REFUSE, encode_refusal(Status.MALFORMED))]


@pytest.mark.parametrize("state", SIDES)
def test_every_state_says_what_it_expected(state: State) -> None:
    side = SIDES[state](state)
    side.receive(99, b"")
    expected = [frames.kind_name(kind) for awaiting, kind in TRANSITIONS if awaiting is state]
    assert f"expected {' or '.join(expected)}, got unknown kind 99" in refused(side.outcome).message


def test_the_table_has_no_way_out_of_an_end() -> None:
    assert not {state for state, _ in TRANSITIONS} & {State.DONE, State.FAILED}
    assert {following for _, following in TRANSITIONS.values()} >= {State.DONE, State.FAILED}


@given(st.lists(st.tuples(st.sampled_from([HELLO, CHALLENGE, PROOF, ACCEPT, REFUSE]), st.binary(max_size=120))))
def test_nobody_gets_in_by_chance(stream: list[tuple[int, bytes]]) -> None:
    for side in (dialler(), listener()):
        for kind, payload in stream:
            if side.outcome is None:
                side.receive(kind, payload)
        assert not isinstance(side.outcome, Identity)


identities = st.builds(
    Identity,
    st.from_regex(r"[a-zé]{1,9}@[a-z.]{1,9}", fullmatch=True),
    st.integers(0, 2**31 - 1),
    st.booleans(),
    st.binary(min_size=4, max_size=4),
    st.from_regex(r"[0-9.]{0,9}", fullmatch=True),
)


@given(identities, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_introductions_come_out_as_they_went_in(node: Identity, nonce: bytes, channel: bytes) -> None:
    introduction = encode_introduction(node, nonce, channel)
    assert handshake_frames.decode_introduction(introduction) == (node, channel)
    assert nonce in introduction
    assert len(introduction) <= frames.HANDSHAKE_CAP


@given(identities, st.data())
def test_an_introduction_of_another_length_is_malformed(node: Identity, data: st.DataObject) -> None:
    introduction = encode_introduction(node, b"n" * 32)
    cut = introduction[: data.draw(st.integers(0, len(introduction) - 1))]
    for wrong in (cut, introduction + b"\x00"):
        us = listener()
        us.receive(HELLO, wrong)
        assert refused(us.outcome).status in (Status.MALFORMED, Status.VERSION_MISMATCH)


@pytest.mark.parametrize("name", ["", "a", "@h", "a@", "a b@h", "a\n@h", "\x1b[2J@h"])
def test_an_introduction_under_a_name_that_is_none_is_malformed(name: str) -> None:
    us = listener()
    us.receive(HELLO, encode_introduction(replace(A, name=name), b"d" * 32))
    assert refused(us.outcome).status is Status.MALFORMED
    assert "\n" not in refused(us.outcome).message


@pytest.mark.parametrize("status", Status)
def test_no_message_shows_the_secret(status: Status) -> None:
    for outcome in shake_hands(dialler(), listener(admit=lambda _peer: status)):
        assert "swordfish" not in repr(outcome)
