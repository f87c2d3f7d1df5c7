"""The contract of all backends on a real app of yours: `make test-fly`. It costs, and keeps to limits.

    BEAMLIKE_FLY_APP            the app; nothing runs without it, and without a token in FLY_API_TOKEN
    BEAMLIKE_FLY_IMAGE          an image with this version of beamlike (registry.fly.io/APP:beamlike)
    BEAMLIKE_FLY_REGION         where (any)
    BEAMLIKE_FLY_MAX_MACHINES   machines at a time (3)
    BEAMLIKE_FLY_MAX_SECONDS    machine-seconds in all (900)

What Fly cannot be made to do, such as to lose a reply, is skipped.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

import beamlike as bl
import nodes
from nodes.census import Platform
from nodes.fly.census import FlyCensus
from nodes.fly.options import PUBLIC, Token
from tests.nodes.backend_contract import BackendContract, Failure, Fault, Program, World, none_is_left, parent
from tests.support.fly_world import FlyWorld, fly_world

MARK = "bl_test"


class Limited(nodes.Fly):
    """Refuses for good what would cost more than it may. `spent` is in machine-seconds."""

    spent = 0.0

    def __init__(self, *, machines: int, seconds: float, **options: Any) -> None:
        super().__init__(**options)
        self._machines, self._seconds = machines, seconds
        self._since: dict[str, float] = {}

    async def boot(self, invitation: nodes.Invitation) -> nodes.Machine:
        left = self._seconds - self.used
        if len(self._since) >= self._machines or left <= 0:
            words = f"{len(self._since)} of {self._machines} machines run, {left:.0f} of {self._seconds:g} s are left"
            raise nodes.BackendError(f"the limit of the test: {words}", permanent=True)
        lifetime = min(left, invitation.max_lifetime or left)
        machine = await super().boot(replace(invitation, max_lifetime=lifetime))
        self._since[machine.id] = time.monotonic()
        return machine

    async def stop(self, machine: nodes.Machine) -> None:
        await super().stop(machine)
        if (since := self._since.pop(machine.id, None)) is not None:
            Limited.spent += time.monotonic() - since

    @property
    def used(self) -> float:
        now = time.monotonic()
        return Limited.spent + sum(now - since for since in self._since.values())


class OwnOrganisation:
    """A real app as a world of the contract."""

    platform = "fly"
    lease = 10.0
    patience = 120.0
    makes_within = 20.0

    def __init__(self, app: str, token: str, base_url: str = PUBLIC, **options: Any) -> None:
        self._app, self._token, self._base_url = app, token, base_url
        self._options = options
        self._mark = secrets.token_hex(8)
        self._backend = Limited(
            machines=int(os.environ.get("BEAMLIKE_FLY_MAX_MACHINES", "3")),
            seconds=float(os.environ.get("BEAMLIKE_FLY_MAX_SECONDS", "900")),
            **{
                "app": app,
                "token": token,
                "base_url": base_url,
                "image": os.environ.get("BEAMLIKE_FLY_IMAGE", f"registry.fly.io/{app}:beamlike"),
                "region": os.environ.get("BEAMLIKE_FLY_REGION", "any"),
                "metadata": {MARK: self._mark},
                **options,
            },
        )

    def backend(self) -> nodes.Backend:
        return self._backend

    def program(self) -> Program:
        pytest.skip("another program would not keep to the limits of this one")

    def census(self) -> Platform:
        return FlyCensus(self._app, "", Token(self._token), self._base_url)

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": Token(self._token).header()}
        url = f"{self._base_url}/v1/apps/{self._app}/machines{path}"
        return httpx.request(method, url, headers=headers, timeout=30.0, **options)

    def _shown(self) -> list[dict[str, Any]]:
        while (answer := self._ask("GET", f"?metadata.{MARK}={self._mark}")).status_code == 429:
            time.sleep(1.0)
        return [it for it in answer.raise_for_status().json() if it["state"] != "destroyed"]

    def running(self) -> Sequence[str]:
        return [it["id"] for it in self._shown() if it["state"] == "started"]

    def left(self) -> Sequence[str]:
        return [it["id"] for it in self._shown()]

    def kill(self, machine: nodes.Machine) -> None:
        self._ask("POST", f"/{machine.id}/signal", json={"signal": "SIGKILL"}).raise_for_status()

    def cut_tunnels(self) -> bool:
        return False

    def failures(self) -> Sequence[Failure]:
        @contextmanager
        def no_image() -> Iterator[nodes.Backend]:
            image = "registry.fly.io/no-such-image:1"
            yield nodes.Fly(self._app, token=self._token, base_url=self._base_url, image=image, **self._options)

        return [Failure("image", no_image, ("creating", "created", "started"), "image|manifest|MANIFEST", True, 60.0)]

    def fault(self, kind: Fault) -> AbstractContextManager[None] | None:
        return None

    def clear(self) -> None:
        for machine in self.left():
            self._ask("DELETE", f"/{machine}?force=true")


APP, TOKEN = os.environ.get("BEAMLIKE_FLY_APP", ""), os.environ.get("FLY_API_TOKEN", "")


@pytest.mark.skipif(not (APP and TOKEN), reason="it costs: set BEAMLIKE_FLY_APP and FLY_API_TOKEN (docs/fly.md)")
@pytest.mark.timeout(600)
class TestOwnOrganisation(BackendContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        world = OwnOrganisation(APP, TOKEN, os.environ.get("FLY_FLAPS_BASE_URL", PUBLIC))
        try:
            yield world
        finally:
            world.clear()


# That those tests are right is seen on the emulator, and that they keep to their limits.


def test_the_tests_on_a_real_app_work_on_the_emulator_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_FLY_IMAGE", "registry.fly.io/my-app:v1")
    monkeypatch.setattr(Limited, "spent", 0.0)
    with fly_world() as emulated:
        world = _own(emulated)
        contract = BackendContract()
        contract.test_a_child_runs_there_and_nothing_is_left_of_it_once_it_is_stopped(world)
        contract.test_each_kind_of_failure_is_told_in_the_platforms_words_and_leaves_nothing(world)
        assert Limited.spent > 0


def test_they_refuse_what_would_cost_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_FLY_IMAGE", "registry.fly.io/my-app:v1")
    monkeypatch.setenv("BEAMLIKE_FLY_MAX_MACHINES", "1")
    monkeypatch.setattr(Limited, "spent", 0.0)

    async def main(world: OwnOrganisation) -> None:
        async with parent():
            child = await nodes.boot(world.backend(), timeout=20.0)
            with pytest.raises(nodes.BootFailed, match="the limit of the test: 1 of 1 machines run") as caught:
                await nodes.boot(world.backend(), timeout=20.0)
            assert caught.value.permanent
            monkeypatch.setattr(Limited, "spent", 10_000.0)
            await child.stop()
            with pytest.raises(nodes.BootFailed, match="of 900 s are left"):
                await nodes.boot(world.backend(), timeout=20.0)
            assert bl.nodes(hidden=True) == []
            await none_is_left(world)

    with fly_world() as emulated:
        asyncio.run(main(_own(emulated)))


def _own(emulated: FlyWorld) -> OwnOrganisation:
    from tests.support.fly_machines import TOKEN

    return OwnOrganisation(emulated.machines.app, TOKEN, emulated.machines.base_url, dials_child=False)
