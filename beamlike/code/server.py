"""What a node knows about code, for all of its connections."""

from __future__ import annotations

from beamlike.code.codec import CodeCodec
from beamlike.code.modules.modules import Modules
from beamlike.code.modules.receiver import Ask
from beamlike.distribution.connection import LARGEST_SIGNAL


class CodeServer:
    """The code of the node of that name; with `accepts_code` False it takes none from others. `ask` is how it asks the
    servers of its peers, whose `answer` answers; `largest` is how many bytes it sends in one message.

    >>> codec = CodeServer("doc@127.0.0.1", ask=lambda peer, question, timeout: b"").codec()
    >>> codec.decode(codec.encode(("hello", 42)).data, ())
    ('hello', 42)
    """

    def __init__(self, node: str, ask: Ask, *, accepts_code: bool = True, largest: int = LARGEST_SIGNAL) -> None:
        self.node = node
        self.accepts_code = accepts_code
        self.largest = largest
        self.modules = Modules(node, ask, accepts_code)
        self.answer = self.modules.answer

    def codec(self) -> CodeCodec:
        """For a connection."""
        return CodeCodec(self.node, accepts_code=self.accepts_code, modules=self.modules, largest=self.largest)

    def close(self) -> None:
        """The node stops: nothing of others is kept."""
        self.modules.close()
