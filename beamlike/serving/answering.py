"""How an answer reaches who asked, though an output in it may be nothing that can travel to another node."""

from __future__ import annotations

from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.kernel import functions as kernel
from beamlike.kernel.question import Client
from beamlike.kernel.terms import Alias
from beamlike.serving.evaluating import wrong
from beamlike.serving.messages import Answer, Outcome


def answer(client: Client, given: Answer) -> None:
    """Replies; in place of an output that cannot travel stands why."""
    try:
        GenServer.reply(client, given)
    except Exception as error:
        lone = len(given.outcomes) == 1
        outcomes = [wrong(error)] if lone else [_as_it_travels(client, each) for each in given.outcomes]
        try:
            GenServer.reply(client, Answer(tuple(outcomes)))
        except Exception as error:  # together they are too much
            GenServer.reply(client, Answer((wrong(error),) * len(outcomes)))


def _as_it_travels(client: Client, outcome: Outcome) -> Outcome:
    """Tried on the way there, at the end of which nobody has the address."""
    try:
        kernel.send(Alias(client.pid, kernel.make_ref().id), outcome)
    except Exception as error:
        return wrong(error)
    return outcome
