"""What a node knows about code, for all of its connections."""

from __future__ import annotations

from beamlike.code.codec import CodeCodec


class CodeServer:
    """The code of the node of that name; with `accepts_code` False it takes none from others.

    >>> codec = CodeServer("doc@127.0.0.1").codec()
    >>> codec.decode(codec.encode(("hello", 42)).data, ())
    ('hello', 42)
    """

    def __init__(self, node: str, *, accepts_code: bool = True) -> None:
        self.node = node
        self.accepts_code = accepts_code

    def codec(self) -> CodeCodec:
        """For a connection."""
        return CodeCodec(self.node, accepts_code=self.accepts_code)
