from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.invitation import BadInvitation, Invitation, decode, encode

invitations = st.builds(
    Invitation,
    parent=st.text(),
    host=st.text(),
    port=st.integers(0, 65535),
    child=st.text(),
    token=st.binary(min_size=1),
    dial_seconds=st.floats(allow_nan=False),
    own_thread=st.booleans(),
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


def test_the_token_is_not_in_the_repr() -> None:
    assert "sesame" not in repr(Invitation("p@h", "h", 1, "c@h", b"sesame", 1.0))
