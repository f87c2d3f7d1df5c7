"""An HTTP service with a node in each of its workers: uvicorn --workers 2 tests.support.worker_service:app"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import beamlike as bl


@asynccontextmanager
async def own(_: FastAPI) -> AsyncIterator[dict[str, str]]:
    yield {"own": "entered"}


app = FastAPI(lifespan=bl.lifespan("workers", inner=own))


@app.get("/")
async def root() -> str:
    return "served"
