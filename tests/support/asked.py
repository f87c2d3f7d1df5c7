"""What a client of a session was asked by cells."""

from __future__ import annotations

import asyncio

from notebook_tui.runtime.messages import InputWanted
from notebook_tui.session.client import Client

SECONDS = 60.0


class Asked:
    """What a client was asked, and what was settled."""

    def __init__(self, client: Client) -> None:
        self.questions: asyncio.Queue[InputWanted] = asyncio.Queue()
        self.settled: asyncio.Queue[str] = asyncio.Queue()
        client.take_questions(self.questions.put_nowait, self.settled.put_nowait)

    async def question(self) -> InputWanted:
        return await asyncio.wait_for(self.questions.get(), SECONDS)

    async def is_settled(self) -> str:
        return await asyncio.wait_for(self.settled.get(), SECONDS)
