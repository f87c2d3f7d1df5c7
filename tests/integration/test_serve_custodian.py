"""The program that has the runtimes of a server: what it says when it cannot do what it is asked, and how it ends."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

import beamlike as bl
import nodes
from beamlike.kernel.record import frozen
from nodes.backend import BackendError
from notebook_tui.serve import custody
from notebook_tui.serve.custodian import LATE_SECONDS, TOO_OLD, stop_all, way
from notebook_tui.serve.custody_messages import STOP_FAR_SECONDS, StandIn, version_of
from notebook_tui.serve.held_far import HeldFar
from notebook_tui.serve.rendezvous import CUSTODIANS, servers
from notebook_tui.session.booted import Booted
from notebook_tui.session.keepsakes import Keepsake
from tests.support.in_loop import in_loop
from tests.support.served import until

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("own_state")]


class _Slow:
    """A child whose machine takes its time to go; or a platform says that it cannot stop it."""

    node = "child@127.0.0.1"
    machine = nodes.Machine("1", "machine 1")

    def __init__(self, goes: asyncio.Event | None) -> None:
        self.is_gone = False
        self._goes = goes

    async def stop(self, *, grace: float) -> None:
        if self._goes is None:
            raise BackendError("the platform is down")
        await self._goes.wait()
        self.is_gone = True


@in_loop
async def test_a_machine_that_cannot_be_stopped_keeps_no_other_from_being_stopped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    goes = asyncio.Event()
    children = [_Slow(None), _Slow(goes)]
    ending = asyncio.ensure_future(stop_all(cast(Any, children)))
    await asyncio.wait([ending], timeout=0.05)
    goes.set()
    await ending
    assert [each.is_gone for each in children] == [False, True]
    assert "machine 1 could not be stopped" in caplog.text


def test_the_kernel_lets_a_custodian_stop_its_machines_before_it_ends_it() -> None:
    assert LATE_SECONDS > STOP_FAR_SECONDS


@in_loop
async def test_whatever_goes_wrong_with_a_boot_is_answered(tmp_path: Any) -> None:
    async with bl.Node(f"wrong-{os.getpid()}@127.0.0.1", hidden=True) as node:
        kept = custody.Custody(str(tmp_path))
        await kept.begin(node.self(), ())
        async with asyncio.timeout(60):
            with pytest.raises(bl.BeamlikeError, match="TypeError"):
                await kept.boot_far(cast(Any, 7), node.self())
        (custodian,) = servers(CUSTODIANS)
        kept.dismiss()
        await until(lambda: not servers(CUSTODIANS), "the custodian has ended")
    for program in [each for each in custody.STARTED if each.pid == custodian.pid]:
        assert await asyncio.to_thread(program.wait, 60) == 0


def _as_an_older_one() -> None:
    from nodes import reached_at

    del reached_at.lets_in


@in_loop
async def test_why_there_is_no_way_to_a_node_of_an_older_image_is_said() -> None:
    async with bl.Node(f"image-{os.getpid()}@127.0.0.1", hidden=True):
        child = await nodes.boot(nodes.Local(), timeout=60)
        await bl.rpc.call(child.node, _as_an_older_one, timeout=60)
        here: Any = SimpleNamespace(node=child.node, carrier=SimpleNamespace(address=("127.0.0.1", 1)))
        assert await way(here, "visitor@127.0.0.1") == TOO_OLD
        await child.stop(grace=0)


def test_no_log_has_the_environment_of_a_server() -> None:
    assert "hidden" not in repr(StandIn(((b"FLY_API_TOKEN", b"hidden"),), "/"))


def test_the_lifetime_and_price_of_a_machine_are_those_that_an_earlier_server_has_noted() -> None:
    runtime = HeldFar(Booted("fly:app", nodes.Local(), lifetime=3600.0), custody.Custody("/"))
    begun = Keepsake(bl.Pid("a@127.0.0.1", 7), "", 0, "a machine", "fly:app", "", time.time() - 3000, 3600.0, 0.25)
    resumed = runtime.resume(begun)
    assert resumed.usd_per_hour == 0.25
    assert resumed.lifetime is not None
    assert not resumed.lifetime.is_over
    over = runtime.resume(replace(begun, began=time.time() - 3601)).lifetime
    assert over is not None
    assert over.is_over


def test_a_custodian_has_another_version_when_anything_that_is_said_has_another_form() -> None:
    @frozen
    class Asked:
        node: str

    before = version_of(Asked)

    @frozen
    class Asked:  # type: ignore[no-redef]
        node: str
        within: float

    assert version_of(Asked) != before
    assert version_of() != before
