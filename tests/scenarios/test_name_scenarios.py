"""Local names, as the BEAM keeps them."""

from __future__ import annotations

from functools import partial

import beamlike as bl
from tests.scenarios.actors import idle
from tests.scenarios.trace import Trace, dies, ends
from tests.scenarios.twin import twin
from tests.support.local_nodes import PATIENCE


@twin
async def test_s040_a_name_or_process_that_has_a_partner_a_dead_pid_and_what_is_no_name_are_refused(
    trace: Trace,
) -> None:
    p, q, dead = idle(trace, "p"), idle(), idle()
    await dies(dead, partial(bl.exit, dead, "kill"))
    bl.register("n", p)
    trace.means(bl.NoProcess, "badarg")
    for refused, name, pid in (
        ("name_taken", "n", q),
        ("same_again", "n", p),
        ("second_name", "n2", p),
        ("dead", "n3", dead),
        ("undefined", None, q),
        ("not_atom", ("x",), q),
    ):
        trace.attempt("main", refused, bl.register, name, pid)
    trace.attempt("main", "whereis_not_atom", bl.whereis, ("x",))
    trace("main", "whereis_n", bl.whereis("n"))


@twin
async def test_s041_of_many_that_race_for_one_name_exactly_one_wins(trace: Trace) -> None:
    rounds = {await race() for _ in range(50)}
    trace("main", "winners_per_round", sorted(rounds))


async def race() -> tuple[int, bool]:
    """How many won, and whether the name is the winner's."""
    racers = [bl.spawn(races, bl.self()) for _ in range(100)]
    for racer in racers:
        bl.send(racer, "go")
    results = [await bl.receive(timeout=PATIENCE) for _ in racers]
    winners = [racer for racer, won in results if won]
    named = [bl.whereis("race")] == winners
    for racer in racers:
        bl.send(racer, "stop")
        await ends(racer)
    return len(winners), named


async def races(to: bl.Pid) -> None:
    await bl.receive(lambda message: message == "go")
    try:
        bl.register("race", bl.self())
    except bl.NameTaken:
        bl.send(to, (bl.self(), False))
    else:
        bl.send(to, (bl.self(), True))
    await bl.receive(lambda message: message == "stop")
