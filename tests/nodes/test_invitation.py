from __future__ import annotations

import base64
from collections.abc import Callable

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.tls_option import Tls
from nodes.invitation import BadInvitation, Invitation, decode, encode
from nodes.versions import Versions

own_certificates = st.builds(
    Tls, certificate=st.text(), key=st.none() | st.text(), authority=st.text(), check_hostname=st.booleans()
)
invitations = st.builds(
    Invitation,
    parent=st.text(),
    host=st.text(),
    port=st.integers(0, 65535),
    child=st.text(),
    token=st.binary(min_size=1),
    dial_seconds=st.floats(allow_nan=False),
    own_thread=st.booleans(),
    tls=st.none() | st.just("always") | own_certificates,
    lease_seconds=st.floats(allow_nan=False),
    max_lifetime=st.none() | st.floats(allow_nan=False),
    pool=st.text(),
    runner=st.text(),
    session=st.text(),
    listens_at=st.text(),
    made_by=st.builds(Versions, st.text(), st.text(), st.text(), st.integers(0, 2**16 - 1)),
)


@given(invitations)
def test_an_invitation_survives_the_environment(invitation: Invitation) -> None:
    text = encode(invitation)
    assert text.isascii()
    assert text.isprintable()
    assert decode(text) == invitation


@given(st.one_of(st.text(), st.binary().map(lambda data: data.hex())))
def test_any_other_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadInvitation, match="expected"):
        decode(text)


@pytest.mark.parametrize("tls", ["sometimes", 7, ["node.pem"], ["node.pem", None, "ca.pem", "yes"]])
def test_a_tls_option_that_is_none_is_refused(tls: object) -> None:
    text = changed(lambda version, made_by, told: [version, made_by, told | {"tls": tls}])
    with pytest.raises(BadInvitation, match="expected the fields of an invitation"):
        decode(text)


def changed(change: Callable[[int, list[object], dict[str, object]], list[object]]) -> str:
    """An invitation in which something is not as it should be."""
    whole = msgpack.unpackb(base64.urlsafe_b64decode(encode(Invitation("p@h", "h", 1, "c@h", b"sesame", 1.0))))
    return base64.urlsafe_b64encode(msgpack.packb(change(*whole))).decode()


def test_an_invitation_with_a_field_more_or_less_or_of_another_type_is_refused() -> None:
    for wrong in ({"port": "1"}, {"another": 1}):
        with pytest.raises(BadInvitation, match="expected the fields of an invitation"):
            decode(changed(lambda version, made_by, told, wrong=wrong: [version, made_by, told | wrong]))
    with pytest.raises(BadInvitation, match="expected the fields of an invitation"):
        decode(changed(lambda version, made_by, told: [version, made_by, {"port": 1}]))


def test_an_invitation_of_a_later_version_says_which_programs_do_not_fit() -> None:
    later = changed(lambda version, made_by, told: [version + 1, ["9.0.0", "3.11.2", "3.1.0", 4], "what", "ever"])
    with pytest.raises(BadInvitation, match=r"this program beamlike 9\.0\.0 .* build the image anew"):
        decode(later)


def test_an_invitation_of_another_version_and_the_same_program_is_refused_by_its_number() -> None:
    with pytest.raises(BadInvitation, match="expected an invitation of version 4, got 3"):
        decode(changed(lambda version, made_by, told: [version - 1, "p@h", "h", 1]))


def test_the_token_is_not_in_the_repr() -> None:
    assert "sesame" not in repr(Invitation("p@h", "h", 1, "c@h", b"sesame", 1.0))
