"""A coding agent of the tests: the mcp library's own client, and `beamlike mcp` in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

PROGRAM = "from notebook_tui.cli.main import main; main()"


def command(*words: str | Path) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable, args=["-c", PROGRAM, "mcp", *map(str, words)], env=dict(os.environ)
    )


@asynccontextmanager
async def mcp_agent(*words: str | Path, mode: str = "auto") -> AsyncIterator[Client]:
    async with Client(stdio_client(command(*words)), mode=mode) as client:
        yield client


def text_of(result: Any) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")
