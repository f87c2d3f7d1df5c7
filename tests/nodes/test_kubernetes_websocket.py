"""Frames of a WebSocket: bytes in, messages out, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.kubernetes import websocket
from nodes.kubernetes.websocket import BINARY, CLOSE, PING, BadFrame, Message, Reader

KEY = b"the sample nonce"


def unmasked(opcode: int, content: bytes, *, final: bool = True) -> bytes:
    """As a server sends it."""
    size = len(content)
    first = (0x80 if final else 0) | opcode
    if size < 126:
        return bytes([first, size]) + content
    if size < 1 << 16:
        return bytes([first, 126]) + size.to_bytes(2, "big") + content
    return bytes([first, 127]) + size.to_bytes(8, "big") + content


sizes = st.integers(0, 300) | st.sampled_from([125, 126, 127, 65535, 65536, 70000])
messages = st.lists(
    st.builds(Message, st.sampled_from([BINARY, PING, CLOSE]), sizes.map(lambda size: bytes([size % 251]) * size)),
    max_size=4,
)


@given(messages, st.lists(st.integers(1, 5000), max_size=8))
def test_messages_come_whole_however_their_bytes_are_cut(sent: list[Message], cuts: list[int]) -> None:
    stream = b"".join(unmasked(it.opcode, it.content) for it in sent)
    reader, received = Reader(), []
    for cut in [*cuts, len(stream)]:
        received += reader.receive(stream[:cut])
        stream = stream[cut:]
    received += reader.receive(stream)
    assert received == sent


@given(st.binary(max_size=400), st.binary(min_size=4, max_size=4))
def test_what_is_masked_twice_is_what_it_was_and_each_byte_is_masked(content: bytes, mask: bytes) -> None:
    once = websocket.masked(content, mask)
    assert once == bytes(byte ^ mask[index % 4] for index, byte in enumerate(content))
    assert websocket.masked(once, mask) == content


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_what_is_sent_has_the_head_that_its_size_needs(size: int) -> None:
    sent = websocket.frame(BINARY, bytes(size), bytes(4))
    assert sent[1] & 0x80
    assert Reader().receive(bytes([sent[0], sent[1] & 0x7F]) + sent[2 : len(sent) - size - 4] + bytes(size)) == [
        Message(BINARY, bytes(size))
    ]


def test_a_message_in_parts_is_put_together_and_a_ping_may_come_between() -> None:
    stream = unmasked(BINARY, b"a", final=False) + unmasked(PING, b"?") + unmasked(0, b"b")
    assert Reader().receive(stream) == [Message(PING, b"?"), Message(BINARY, b"ab")]


@pytest.mark.parametrize(
    "stream", [unmasked(0, b"a"), bytes([0xC2, 0]), bytes([0x82, 0x80]), bytes([0x83, 0]), b"\x82\x7f" + b"\xff" * 8]
)
def test_what_is_no_frame_of_a_server_is_refused(stream: bytes) -> None:
    with pytest.raises(BadFrame):
        Reader().receive(stream)


def test_only_the_answer_to_our_own_question_is_taken() -> None:
    # The example of RFC 6455, 1.3.
    assert websocket.accepts({"sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, KEY)
    assert not websocket.accepts({"sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, b"another, of sixt")
    assert not websocket.accepts({}, KEY)
    asked = websocket.request("h:443", "/x?ports=1", {"authorization": "Bearer t"}, KEY, "v4.channel.k8s.io").decode()
    assert asked.startswith("GET /x?ports=1 HTTP/1.1\r\nHost: h:443\r\n")
    assert "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" in asked
    assert asked.endswith("authorization: Bearer t\r\n\r\n")
