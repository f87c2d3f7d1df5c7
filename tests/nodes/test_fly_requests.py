"""What Fly is asked, and when: against its emulator in the process, in the time of a loop that jumps."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import traceback
from collections.abc import Callable
from typing import Any

import pytest

import nodes
from nodes import phases
from nodes.backend import AuthError, BackendError, CapacityError, ConflictError, QuotaError
from nodes.fly import creating
from nodes.fly.refusals import Unclear
from nodes.fly.watching import Watch
from tests.support.fly_in_process import InProcess, in_jumping_loop, invitation
from tests.support.fly_machines import TOKEN, Answer


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What backends tell of a boot."""
    words: list[str] = []
    monkeypatch.setattr(creating, "tell", words.append)
    return words


def refusal(status: int, error: str, **headers: str) -> Answer:
    return Answer(status, {"error": error}, headers)


async def booted(fly: nodes.Fly, count: int) -> list[nodes.Machine]:
    return list(await asyncio.gather(*(fly.boot(invitation(number)) for number in range(count))))


# Rates.


def test_64_machines_are_made_as_fast_as_fly_allows_and_not_one_request_is_refused() -> None:
    async def main(world: InProcess) -> None:
        machines = await booted(world.fly(), 64)
        assert len({it.id for it in machines}) == 64
        assert world.times("create") == [0.0, 0.0, 0.0, *(float(second) for second in range(1, 62))]
        assert [it.status for it in world.machines.asked] == [200] * 64

    in_jumping_loop(main)


def test_pools_of_one_process_share_what_an_app_may_ask() -> None:
    async def main(world: InProcess) -> None:
        await asyncio.gather(booted(world.fly(), 3), world.fly(size="shared-cpu-2x").boot(invitation(7)))
        assert world.times("create") == [0.0, 0.0, 0.0, 1.0]

    in_jumping_loop(main)


def test_a_jitter_of_the_network_costs_a_second_at_most_at_the_beginning() -> None:
    chance = random.Random(7)

    async def main(world: InProcess) -> None:
        await booted(world.fly(), 64)
        refused = [round(it.at - world.began, 1) for it in world.machines.requests("create") if it.status == 429]
        assert all(at < 5.0 for at in refused)
        assert max(world.times("create")) < 70.0

    in_jumping_loop(main, latency=lambda: chance.uniform(0.02, 0.3))


def test_retry_after_is_honoured_by_all_that_wait() -> None:
    async def main(world: InProcess) -> None:
        world.machines.faults.create_refusals = [refusal(429, "rate limit exceeded", **{"Retry-After": "9"})]
        await booted(world.fly(), 5)
        # Two had their places in line at 1 and 2 s, before the refusal came.
        assert world.times("create") == [0.1, 0.1, 0.1, 9.3, 10.3, 11.3]

    in_jumping_loop(main, latency=lambda: 0.1)


def test_a_service_that_never_has_time_is_not_asked_for_ever() -> None:
    async def main(world: InProcess) -> None:
        world.machines.faults.refuse["create"] = refusal(429, "rate limit exceeded")
        with pytest.raises(nodes.RateLimited, match="got 429"):
            await world.fly().boot(invitation())
        assert len(world.times("create")) == 20

    in_jumping_loop(main)


def test_who_waits_in_line_tells_how_many_are_before_it(told: list[str]) -> None:
    async def main(world: InProcess) -> None:
        await booted(world.fly(), 5)

    in_jumping_loop(main)
    assert told == [
        "Fly makes one machine a second: 1 are before this one, which is asked for in 1.0 s",
        "Fly makes one machine a second: 2 are before this one, which is asked for in 2.0 s",
    ]


# One machine for one invitation, however the requests end.


@pytest.mark.parametrize("lost", ["cut", "500", "409"])
def test_a_machine_of_which_no_reply_came_is_taken_and_not_made_twice(lost: str) -> None:
    async def main(world: InProcess) -> None:
        world.machines.faults.lose_replies = lost
        machine = await world.fly().boot(invitation())
        assert [it.id for it in world.machines.there()] == [machine.id]
        assert len({it.body["name"] for it in world.machines.requests("create")}) == 1

    in_jumping_loop(main)


def test_a_machine_that_lists_do_not_show_yet_is_found_by_its_name_being_taken() -> None:
    async def main(world: InProcess) -> None:
        world.machines.faults.lose_replies = "cut"
        world.machines.faults.lost_from_lists = 2
        machine = await world.fly().boot(invitation())
        assert [it.id for it in world.machines.there()] == [machine.id]
        assert [it.status for it in world.machines.requests("create")] == [0, 409, 409]

    in_jumping_loop(main)


def test_a_service_that_has_trouble_is_asked_again_for_the_same_machine() -> None:
    async def main(world: InProcess) -> None:
        world.machines.faults.create_refusals = [refusal(502, "bad gateway"), refusal(503, "unavailable")]
        await world.fly().boot(invitation())
        assert [it.status for it in world.machines.requests("create")] == [502, 503, 200]
        assert len(world.machines.there()) == 1

    in_jumping_loop(main)


def test_a_machine_that_was_not_wanted_any_more_is_ended_although_it_comes_late() -> None:
    async def main(world: InProcess) -> None:
        faults = world.machines.faults
        faults.refuse["create"] = refusal(500, "internal error")
        fly = world.fly()
        with pytest.raises(Unclear):
            await fly.boot(invitation())
        # The platform makes it after all, long after it said that it could not.
        del faults.refuse["create"]
        body = world.machines.requests("create")[0].body
        await asyncio.sleep(20.0)
        world.machines._perform("create", world.machines.requests("create")[0], {})
        assert [it.shown["name"] for it in world.machines.there()] == [body["name"]]
        await asyncio.sleep(60.0)
        assert world.machines.there() == []

    in_jumping_loop(main)


def test_a_machine_in_doubt_is_looked_for_also_when_the_last_answer_was_a_clear_no() -> None:
    async def main(world: InProcess) -> None:
        faults = world.machines.faults
        faults.lose_replies, faults.lost_from_lists = "cut", 1
        booting = asyncio.create_task(world.fly().boot(invitation()))
        await asyncio.sleep(0.1)
        faults.refuse["create"] = refusal(401, "Authenticate: token validation error")
        with pytest.raises(AuthError):
            await booting
        await asyncio.sleep(60.0)
        assert world.machines.there() == []

    in_jumping_loop(main)


def test_a_machine_that_could_not_be_looked_for_until_the_end_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    async def main(world: InProcess) -> None:
        faults = world.machines.faults
        faults.lose_replies, faults.refuse["list"] = "cut", refusal(503, "no answer")
        booting = asyncio.create_task(world.fly().boot(invitation()))
        await asyncio.sleep(0.1)
        booting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await booting
        assert "may be left" not in caplog.text
        await asyncio.sleep(4 * 3600.0)
        [warning] = [it.getMessage() for it in caplog.records if "may be left at Fly" in it.getMessage()]
        assert "`beamlike flame reap` ends" in warning

    in_jumping_loop(main)


@pytest.mark.parametrize("after", [0.0, 0.05, 0.15])
def test_a_boot_that_is_cancelled_leaves_nothing_wherever_the_request_is(after: float) -> None:
    async def main(world: InProcess) -> None:
        booting = asyncio.create_task(world.fly().boot(invitation()))
        await asyncio.sleep(after)
        booting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await booting
        await asyncio.sleep(30.0)
        assert world.machines.there() == []

    in_jumping_loop(main, latency=lambda: 0.1)


def test_a_name_that_somebody_else_has_is_an_error_and_theirs_is_left_alone() -> None:
    async def main(world: InProcess) -> None:
        first = world.fly()
        machine = await first.boot(invitation())
        world.machines.machines[machine.id].shown["config"]["metadata"]["bl_boot"] = "of somebody else"
        with pytest.raises(ConflictError):
            await world.fly().boot(invitation())
        await asyncio.sleep(30.0)
        assert [it.id for it in world.machines.there()] == [machine.id]

    in_jumping_loop(main)


# Where there is room.


def test_where_there_is_no_room_the_next_region_is_taken_and_then_the_next_size(told: list[str]) -> None:
    async def main(world: InProcess) -> None:
        world.machines.faults.full_regions.add("fra")
        machine = await world.fly(region=["fra", "ams"]).boot(invitation())
        assert machine.where.endswith("in ams")
        world.machines.faults.full_sizes.add(4096)
        machine = await world.fly(region="lhr", size=["performance-2x", "performance-1x"]).boot(invitation(2))
        assert world.machines.machines[machine.id].shown["config"]["guest"]["memory_mb"] == 2048

    in_jumping_loop(main)
    assert [it for it in told if "no room" in it] == [
        "Fly has no room for shared-cpu-1x with 256 MB in fra (asked Fly to create a machine of the app 'my-app' in "
        "fra, got 412: insufficient resources to create new machine); shared-cpu-1x with 256 MB in ams is tried",
        "Fly has no room for performance-2x with 4096 MB in lhr (asked Fly to create a machine of the app 'my-app' in "
        "lhr, got 412: insufficient resources to create new machine); performance-1x with 2048 MB in lhr is tried",
    ]


def test_where_there_is_room_nowhere_the_error_names_all_that_was_tried() -> None:
    async def main(world: InProcess) -> None:
        world.machines.faults.full_regions.update(("fra", "ams"))
        with pytest.raises(CapacityError, match=r"room nowhere, tried .* in fra: .*; .* in ams: .*412") as caught:
            await world.fly(region=["fra", "ams"]).boot(invitation())
        assert not caught.value.permanent
        assert world.machines.there() == []

    in_jumping_loop(main)


def test_a_quota_is_not_asked_for_again_and_one_of_a_region_moves_to_the_next() -> None:
    async def main(world: InProcess) -> None:
        fly = world.fly(region=["fra", "ams"])
        world.machines.faults.create_refusals = [refusal(422, "You have reached the machine limit")]
        with pytest.raises(QuotaError):
            await fly.boot(invitation(1))
        assert len(world.times("create")) == 1
        words = "is using 1 MB in fra which is over the allowed quota. please consider other regions"
        world.machines.faults.create_refusals = [refusal(403, words)]
        assert (await fly.boot(invitation(2))).where.endswith("in ams")

    in_jumping_loop(main)


# How it is, and its end.


def test_a_machine_is_waited_for_by_one_request_at_a_time_of_a_minute_at_most_and_while_it_is_asked_about() -> None:
    async def main(world: InProcess) -> None:
        world.machines.faults.held = True
        fly = world.fly()
        machine = await fly.boot(invitation())
        world.machines.faults.refuse["wait"] = Answer(408, {"error": "deadline_exceeded"})
        for _ in range(300):
            assert (await fly.describe(machine)).state == "created"
            await asyncio.sleep(0.1)
        waits = world.machines.requests("wait")
        assert all(1 <= int(dict(it.query)["timeout"]) <= 60 for it in waits)
        assert len(waits) < 40  # for 300 questions
        await asyncio.sleep(60.0)
        count = len(world.machines.asked)
        await asyncio.sleep(60.0)
        assert len(world.machines.asked) == count

    in_jumping_loop(main)


def test_a_service_that_does_not_answer_is_told_and_the_machine_not_taken_for_ended() -> None:
    async def main(world: InProcess) -> None:
        fly = world.fly()
        machine = await fly.boot(invitation())
        trouble = refusal(503, "unavailable")
        world.machines.faults.refuse.update({"get": trouble, "wait": trouble})
        watch = fly._watches[machine.id]
        await fly.describe(machine)
        await asyncio.sleep(5.0)
        seen = await fly.describe(machine)
        assert seen.state == "running"
        assert "got 503: unavailable" in seen.words
        assert isinstance(watch, Watch)

    in_jumping_loop(main)


def test_a_machine_that_nobody_knows_is_described_as_gone_and_stopped_without_error() -> None:
    async def main(world: InProcess) -> None:
        fly = world.fly()
        stranger = nodes.Machine("148ed193b95389", "machine 148ed193b95389")
        seen = await fly.describe(stranger)
        assert (seen.state, seen.words) == ("ended", "Fly knows no such machine any more")
        await fly.stop(stranger)

    in_jumping_loop(main)


def test_a_machine_whose_host_does_not_answer_is_an_error_that_says_so() -> None:
    async def main(world: InProcess) -> None:
        fly = world.fly()
        machine = await fly.boot(invitation())
        world.machines.faults.refuse["delete"] = Answer(200, {"ok": True})
        world.machines.faults.refuse["wait"] = Answer(408, {"error": "deadline_exceeded"})
        with pytest.raises(BackendError, match=r"not gone 15 s after.*beamlike flame reap"):
            await fly.stop(machine)

    in_jumping_loop(main)


# Machines that are made beforehand.


def test_a_warm_machine_is_leased_told_its_invitation_and_started_and_another_one_is_made() -> None:
    async def main(world: InProcess) -> None:
        fly = world.fly(warm=2)
        await fly.warm()
        waiting = {it.id for it in world.machines.there()}
        assert {it.state for it in world.machines.there()} == {"created"}
        machine = await fly.boot(invitation())
        assert machine.id in waiting
        taken = world.machines.machines[machine.id]
        config = taken.shown["config"]
        assert (taken.state, config["auto_destroy"]) == ("started", True)
        assert "BEAMLIKE_INVITATION" in config["env"]
        assert "bl_warm" not in config["metadata"]
        [update], [start] = world.machines.requests("update"), world.machines.requests("start")
        assert update.nonce == start.nonce != ""
        assert taken.nonce == ""  # the lease is given back
        await asyncio.sleep(10.0)
        assert len(world.machines.there()) == 3

    in_jumping_loop(main)


def test_a_warm_machine_that_somebody_else_has_is_passed_over_and_without_one_a_new_one_is_made() -> None:
    async def main(world: InProcess) -> None:
        fly = world.fly(warm=1)
        await fly.warm()
        [waiting] = world.machines.there()
        waiting.nonce, waiting.lease_until = "theirs", world.loop.time() + 1000.0
        machine = await fly.boot(invitation())
        assert machine.id != waiting.id
        assert waiting.state == "created"
        assert world.machines.machines[machine.id].state == "started"

    in_jumping_loop(main)


def test_a_warm_machine_whose_host_is_full_is_destroyed_and_a_new_one_made() -> None:
    async def main(world: InProcess) -> None:
        fly = world.fly(warm=1)
        await fly.warm()
        [waiting] = world.machines.there()
        world.machines.faults.refuse["start"] = refusal(412, "insufficient resources")
        machine = await fly.boot(invitation())
        assert machine.id != waiting.id
        assert waiting.state == "destroyed"

    in_jumping_loop(main)


def test_two_programs_never_take_the_same_warm_machine() -> None:
    async def main(world: InProcess) -> None:
        one, other = world.fly(warm=1), world.fly(warm=1)
        await one.warm()
        await other.warm()
        machines = await asyncio.gather(one.boot(invitation(1)), other.boot(invitation(2)))
        assert machines[0].id != machines[1].id

    in_jumping_loop(main, latency=lambda: 0.1)


# Secrets and volumes.


def test_a_file_of_a_secret_that_the_app_does_not_have_is_refused_before_anything_is_made() -> None:
    async def main(world: InProcess) -> None:
        world.machines.secrets = ["KEY"]
        fly = world.fly(secret_files={"/run/key": "KEY", "/run/cert": "CERT"})
        with pytest.raises(BackendError, match=r"to have the secrets CERT.*fly secrets set CERT=") as caught:
            await fly.boot(invitation())
        assert caught.value.permanent
        assert world.times("create") == []
        world.machines.secrets.append("CERT")
        await fly.boot(invitation())

    in_jumping_loop(main)


def test_a_free_volume_is_mounted_and_one_that_is_taken_meanwhile_passed_over() -> None:
    async def main(world: InProcess) -> None:
        world.machines.volumes = [
            {"id": f"vol_{number}", "name": "home", "region": "fra", "state": "created"} for number in (1, 2)
        ]
        fly = world.fly(volume="home", volume_path="/home/me")
        world.machines.faults.create_refusals = [refusal(409, "insufficient capacity on the host of the volume")]
        machine = await fly.boot(invitation())
        mounts = world.machines.machines[machine.id].shown["config"]["mounts"]
        assert mounts == [{"volume": "vol_2", "path": "/home/me"}]
        assert world.machines.volumes[1]["attached_machine_id"] == machine.id

    in_jumping_loop(main)


# The token.


def test_the_token_is_in_no_error_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    def looked_at(error: BaseException | None) -> None:
        while error is not None:
            report = traceback.TracebackException.from_exception(error, capture_locals=True)
            ours = [it for it in report.stack if "/tests/" not in it.filename]  # whose variables have it
            shown.extend([repr(error), str(error), *(f"{it.filename} {it.line} {it.locals}" for it in ours)])
            error = error.__context__

    async def main(world: InProcess) -> None:
        faults = world.machines.faults
        fly = world.fly()
        shown.extend([repr(fly), repr(vars(fly)), repr(fly._api), repr(fly._settings)])
        troubles: list[Callable[[], Any]] = [
            lambda: faults.refuse.update(create=refusal(401, f"no such token: {TOKEN}")),
            lambda: faults.refuse.update(create=refusal(500, TOKEN)),
            lambda: (
                faults.refuse.clear(),
                setattr(faults, "lose_replies", "cut"),
                setattr(faults, "lost_from_lists", 99),
            ),
            lambda: world.machines.__setattr__("answer", _cut),
        ]
        numbers = itertools.count()
        for trouble in troubles:
            trouble()
            with pytest.raises(BackendError) as caught:
                await fly.boot(invitation(next(numbers)))
            looked_at(caught.value)
        with pytest.raises(TypeError):
            fly.__reduce__()

    in_jumping_loop(main)
    assert any("_client.py" in it for it in shown), "expected the frames of httpx, which has sent it"
    texts = [*shown, caplog.text, *(repr(vars(it)) for it in caplog.records)]
    assert not [it for it in texts if TOKEN in it or TOKEN.removeprefix("fm2_") in it]


def _cut(*_: object) -> None:
    return None


def test_a_wrong_token_fails_at_once_and_for_good() -> None:
    async def main(world: InProcess) -> None:
        with pytest.raises(AuthError, match="fly tokens create deploy -a my-app") as caught:
            await world.fly(token="fm2_wrong").boot(invitation())
        assert caught.value.permanent
        assert len(world.machines.asked) == 1

    in_jumping_loop(main)


def test_what_it_does_is_told_to_whoever_follows_the_boot() -> None:
    async def main(world: InProcess) -> list[str]:
        world.machines.faults.full_regions.add("fra")
        told: list[str] = []
        progress = phases.Progress(lambda phase: told.append(phase.words))
        progress.reach("creating", "it is asked for a machine")
        with progress.told_by_backend():
            await world.fly(region=["fra", "ams"]).boot(invitation())
        return told

    assert [it.partition(" (")[0] for it in in_jumping_loop(main)[1:]] == [
        "Fly has no room for shared-cpu-1x with 256 MB in fra"
    ]
