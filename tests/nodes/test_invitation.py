from __future__ import annotations

import base64

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.tls_option import Tls
from nodes.invitation import BadInvitation, Invitation, decode, encode

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
    fields = msgpack.unpackb(base64.urlsafe_b64decode(encode(Invitation("p@h", "h", 1, "c@h", b"sesame", 1.0))))
    with pytest.raises(BadInvitation, match="expected the fields of an invitation"):
        decode(base64.urlsafe_b64encode(msgpack.packb([*fields[:-1], tls])).decode())


def test_the_token_is_not_in_the_repr() -> None:
    assert "sesame" not in repr(Invitation("p@h", "h", 1, "c@h", b"sesame", 1.0))
