"""What every backend keeps, whatever the platform: one suite, in which each plugs its `World`.

    class TestLocal(BackendContract):
        @pytest.fixture
        def world(self) -> Iterator[World]:
            ...

A world is a platform with faults that a test can ask for: an emulator, a real cluster, or this host. What it says of
what is there is its own account, not that of the backend under test.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import pytest

import beamlike as bl
import nodes
from beamlike.kernel.record import frozen
from nodes import stopping
from nodes.backend import BackendError
from nodes.census import Platform
from nodes.found import Found
from nodes.phases import Phase, PhaseName
from tests.support.local_nodes import eventually
from tests.support.sibling_work import peers, size_over_there
from tests.support.slow_work import slowly

ROOT = Path(__file__).parents[2]

Fault: TypeAlias = Literal[
    "held",  # machines are made, and do not start before this is over; stops work
    "late start",  # as "held"; and stops fail until then, as if nobody had asked
    "lost reply",  # the next machine is made, and who asked for it hears of an error or of nothing
    "refused stops",  # stops fail until this is over
]


@frozen
class Failure:
    """A way in which a boot fails there. `arrange` gives the backend, or sets the world so, until it is left.

    The boot is to fail in one of `phases`, with text in which the pattern `words` is found, and `permanent` or not.
    """

    name: str
    arrange: Callable[[], AbstractContextManager[nodes.Backend]]
    phases: tuple[PhaseName, ...]
    words: str
    permanent: bool
    timeout: float = 30.0


@frozen
class Program:
    """How another program makes that backend: `code` binds it to the name `backend`, in this environment besides."""

    code: str
    environment: dict[str, str]


class World(Protocol):
    platform: str
    """The name that its census gives it."""
    lease: float
    """The shortest lease, in seconds, with which children live there for as long as a test lasts."""
    patience: float
    """How many seconds a boot may take there."""
    makes_within: float
    """In how many seconds a machine is made there, run or not, also where the system is busy."""

    def backend(self) -> nodes.Backend:
        """A new one, as a program makes it."""
        ...

    def program(self) -> Program: ...

    def census(self) -> Platform: ...

    def running(self) -> Sequence[str]:
        """The machines whose program runs, by their ids."""
        ...

    def left(self) -> Sequence[str]:
        """All that is there of ours, running or not: machines, and what was made for them."""
        ...

    def kill(self, machine: nodes.Machine) -> None:
        """Ends it as a crash of its program would."""
        ...

    def cut_tunnels(self) -> bool:
        """Breaks every tunnel that is open now, at once; False if this backend's machines dial by themselves."""
        ...

    def failures(self) -> Sequence[Failure]: ...

    def fault(self, kind: Fault) -> AbstractContextManager[None] | None:
        """Sets that fault for as long as it is entered; None if the platform cannot have it."""
        ...


PARENT = """
import asyncio, logging, beamlike as bl, nodes
{code}
async def main():
    async with bl.Node("doomed@127.0.0.1", secret=b"a secret of the test"):
        child = await nodes.boot(
            backend, timeout={patience}, lease={lease}, labels=nodes.Labels("doomed", "doomed-1"), max_lifetime=600.0
        )
        print(child.machine.id, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def parent() -> bl.Node:
    return bl.Node("contract@127.0.0.1", secret=b"a secret of the test")


class BackendContract:
    """Each test is a promise of `nodes.boot` on any backend; nothing of the world may be left at its end."""

    @pytest.fixture
    def world(self) -> World:
        raise NotImplementedError("expected a subclass that gives the world of its platform")

    # A boot and its end.

    def test_a_child_runs_there_and_nothing_is_left_of_it_once_it_is_stopped(self, world: World) -> None:
        async def main() -> None:
            async with parent():
                child = await boot(world)
                assert await bl.rpc.call(child.node, os.getpid, timeout=world.patience) != os.getpid()
                assert child.machine.id in world.running()
                await child.stop()
                assert bl.nodes(hidden=True) == []
                await none_is_left(world)

        asyncio.run(main())

    def test_two_children_reach_each_other_by_a_link_of_their_own(self, world: World) -> None:
        async def main() -> None:
            async with parent():
                one, other = await asyncio.gather(boot(world), boot(world))
                try:
                    asked = bl.rpc.call(
                        one.node, size_over_there, other.node, world.patience, timeout=2 * world.patience
                    )
                    assert await asked == 4
                    assert await bl.rpc.call(other.node, peers, timeout=world.patience) == sorted(
                        [one.node, bl.self().node]
                    )
                finally:
                    await asyncio.gather(one.stop(), other.stop())
                await none_is_left(world)

        asyncio.run(main())

    def test_the_steps_of_a_boot_come_in_order(self, world: World) -> None:
        phases: list[nodes.Phase] = []

        async def main() -> None:
            async with parent():
                child = await boot(world, on_phase=phases.append)
                await child.stop()
            await none_is_left(world)

        asyncio.run(main())
        steps = list(dict.fromkeys(phase.name for phase in phases))
        assert steps == ["requested", "creating", "created", "started", "dialled", "ready"]
        order = [steps.index(phase.name) for phase in phases]
        assert order == sorted(order)
        assert [it.seconds for it in phases] == sorted(it.seconds for it in phases)
        assert all(it.words for it in phases)

    def test_a_stop_of_what_is_gone_already_is_no_error(self, world: World) -> None:
        async def main() -> None:
            async with parent():
                child = await boot(world)
                world.kill(child.machine)
                await eventually(lambda: child.machine.id not in world.running())
                await child.stop()
                await child.stop()
                await child.backend.stop(child.machine)
                await none_is_left(world)

        asyncio.run(main())

    def test_a_machine_that_was_killed_is_described_as_ended_and_its_node_is_down(self, world: World) -> None:
        async def main() -> None:
            async with parent():
                child = await boot(world)
                assert (await child.backend.describe(child.machine)).state == "running"
                bl.monitor_node(child.node)
                world.kill(child.machine)
                down = await bl.receive(lambda it: isinstance(it, bl.NodeDown), timeout=world.patience)
                assert down.node == child.node
                words = await child.fate(within=world.patience)
                assert child.machine.where in words
                assert "still runs" not in words
                seen = await child.backend.describe(child.machine)
                assert seen.state == "ended"
                assert seen.exit_code not in (0,)
                await child.stop()
                await none_is_left(world)

        asyncio.run(main())

    # Failures.

    def test_each_kind_of_failure_is_told_in_the_platforms_words_and_leaves_nothing(self, world: World) -> None:
        async def main(failure: Failure) -> None:
            phases: list[nodes.Phase] = []
            async with parent():
                with failure.arrange() as backend:
                    with pytest.raises(nodes.BootFailed) as caught:
                        await nodes.boot(backend, timeout=failure.timeout, on_phase=phases.append)
                    failed = caught.value
                    assert re.search(failure.words, str(failed)), f"{failure.name}: {failed}"
                    assert failed.phase in failure.phases, f"{failure.name}: {failed}"
                    assert failed.permanent == failure.permanent, f"{failure.name}: {failed}"
                    assert phases[-1].name == "failed"
                    assert bl.nodes(hidden=True) == []
                await none_is_left(world)

        failures = world.failures()
        assert failures, "expected a platform on which something can fail"
        for failure in failures:
            asyncio.run(main(failure))

    def test_a_boot_that_is_cancelled_at_any_step_leaves_nothing(self, world: World) -> None:
        async def cancelled_at(step: PhaseName) -> None:
            async with parent():

                def told(phase: Phase) -> None:
                    # Once: whoever is cancelled again, as by the next words of the same phase, does not wait for what
                    # is undone behind it.
                    if phase.name == step and not booting.cancelling():
                        booting.cancel()

                booting = asyncio.create_task(boot(world, on_phase=told))
                with pytest.raises(asyncio.CancelledError):
                    await booting
                await none_is_left(world)
                assert bl.nodes(hidden=True) == []

        for step in ("requested", "creating", "created", "started", "dialled", "ready"):
            asyncio.run(cancelled_at(step))

    def test_a_machine_that_is_not_started_in_time_fails_the_boot_and_is_gone(self, world: World) -> None:
        async def main() -> None:
            async with parent():
                with fault(world, "held"):
                    with pytest.raises(nodes.BootFailed, match=r"not started|no answer of its backend") as caught:
                        await nodes.boot(world.backend(), timeout=1.0)
                    assert not caught.value.permanent
                    await none_is_left(world)

        asyncio.run(main())

    def test_a_machine_that_starts_late_is_refused_and_ends_and_is_deleted_in_the_end(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stopping, "STOP_PAUSES", (0.05,))
        monkeypatch.setattr(stopping, "FIRST_PAUSE", 0.2)

        async def main() -> None:
            async with parent():
                with fault(world, "late start"):
                    with pytest.raises(nodes.BootFailed) as caught:
                        await nodes.boot(world.backend(), timeout=world.makes_within)
                    assert any("could not be stopped" in note for note in caught.value.__notes__)
                    assert len(world.left()) >= 1
                await none_is_left(world)
                assert bl.nodes(hidden=True) == []

        asyncio.run(main())

    def test_a_machine_whose_making_was_not_answered_is_adopted_or_deleted(self, world: World) -> None:
        async def main() -> None:
            async with parent():
                with fault(world, "lost reply"), suppress(nodes.BootFailed):
                    child = await nodes.boot(world.backend(), timeout=world.patience)
                    assert len(world.running()) == 1
                    await child.stop()
                await none_is_left(world)

        asyncio.run(main())

    def test_a_stop_that_fails_is_told_and_tried_again_in_the_background(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stopping, "STOP_PAUSES", (0.05,))
        monkeypatch.setattr(stopping, "FIRST_PAUSE", 0.2)

        async def main() -> None:
            async with parent():
                refused = fault(world, "refused stops")
                child = await boot(world)
                with refused, pytest.raises((BackendError, OSError)):
                    await child.stop(grace=0.0)
                await none_is_left(world)

        asyncio.run(main())

    def test_the_loss_of_a_tunnel_is_not_that_of_the_node(self, world: World) -> None:
        async def main() -> None:
            async with parent():
                child = await boot(world)
                bl.monitor_node(child.node)
                before = await bl.rpc.call(child.node, os.getpid, timeout=world.patience)
                working = asyncio.create_task(bl.rpc.call(child.node, slowly, 0.3, timeout=world.patience))
                await asyncio.sleep(0)
                if not world.cut_tunnels():
                    working.cancel()
                    await child.stop()
                    pytest.skip(f"the children of {world.platform} dial by themselves")
                assert await working == before
                assert await bl.rpc.call(child.node, os.getpid, timeout=world.patience) == before
                with pytest.raises(TimeoutError):
                    await bl.receive(lambda it: isinstance(it, bl.NodeDown), timeout=0)
                await child.stop()
                await none_is_left(world)

        asyncio.run(main())

    # Whose they are, and what becomes of them without their parent.

    def test_the_census_of_the_platform_tells_whose_a_child_is(self, world: World) -> None:
        async def main() -> None:
            async with parent() as node:
                child = await boot(world, labels=nodes.Labels("cpu", "cpu-1"), max_lifetime=600.0)
                [found] = await asyncio.to_thread(found_in, world)
                assert (found.platform, found.node, found.pool, found.runner) == (
                    *(world.platform, child.node),
                    *("cpu", "cpu-1"),
                )
                assert found.state == "alive"
                assert node.name in found.parent
                assert found.expires_at is not None
                assert 590 < found.expires_at - found.booted_at < 610
                gone, words = await asyncio.to_thread(world.census().reap, found)
                assert not gone, words
                assert child.node in bl.nodes(hidden=True)
                await child.stop()
                assert await asyncio.to_thread(found_in, world) == []

        asyncio.run(main())

    def test_a_child_whose_parent_is_killed_ends_within_its_lease_and_a_sweeper_leaves_nothing(
        self, world: World
    ) -> None:
        with orphaned(world) as machine:
            assert machine in world.running()

        async def main() -> None:
            async with asyncio.timeout(world.lease * 2 + world.patience):
                while machine in world.running():  # noqa: ASYNC110 - a platform has no event for this
                    await asyncio.sleep(0.05)

        asyncio.run(main())
        for found in found_in(world):
            if found.state == "no parent":
                gone, words = world.census().reap(found)
                assert gone, words
        world.census().tidy()
        asyncio.run(none_is_left(world))
        assert found_in(world) == []


@contextmanager
def orphaned(world: World) -> Iterator[str]:
    """Has another program boot a child there, and kills that program at the end. Gives the machine."""
    told = world.program()
    code = PARENT.format(code=told.code, patience=world.patience, lease=world.lease)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **told.environment}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            machine = program.stdout.readline().strip()
            assert machine, f"the parent ended with {program.wait(10)} before its child was there"
            yield machine
        finally:
            program.kill()


async def boot(
    world: World,
    *,
    on_phase: Callable[[nodes.Phase], object] | None = None,
    labels: nodes.Labels | None = None,
    max_lifetime: float | None = None,
) -> nodes.Child:
    return await nodes.boot(
        world.backend(),
        timeout=world.patience,
        lease=world.lease,
        labels=labels or nodes.Labels(),
        max_lifetime=max_lifetime,
        on_phase=None if on_phase is None else lambda phase: on_phase(phase) and None,
    )


def fault(world: World, kind: Fault) -> AbstractContextManager[None]:
    fault = world.fault(kind)
    if fault is None:
        pytest.skip(f"{world.platform} cannot have this fault: {kind}")
    return fault


def found_in(world: World) -> list[Found]:
    found, troubles = world.census().children()
    assert troubles == []
    return found


async def none_is_left(world: World) -> None:
    """Returns once nothing is there any more; what still is after the world's patience fails the test."""
    with suppress(TimeoutError):
        async with asyncio.timeout(world.patience):
            while world.left():  # noqa: ASYNC110 - a platform has no event for this
                await asyncio.sleep(0.02)
    left = list(world.left())
    assert left == [], f"this is still there: {left}"
