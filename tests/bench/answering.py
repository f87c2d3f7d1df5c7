"""What a bare child does, in a module of its own: multiprocessing imports it in the child, and nothing else of ours."""

from __future__ import annotations

from multiprocessing.connection import Connection


def answer(connection: Connection) -> None:
    while (question := connection.recv()) is not None:
        connection.send(sum(question))
