"""The pure parts of Fly: what is sent, what an answer means, how a machine is, and how often one may ask."""

from __future__ import annotations

import base64
import dataclasses
import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodes
from nodes import invitation as invitations
from nodes.backend import AuthError, BackendError, CapacityError, ConflictError, QuotaError, RateLimited
from nodes.fly import sizes, volumes
from nodes.fly.create_body import create_body, warm_body
from nodes.fly.machine_state import COMING, ENDED, RUNNING, description
from nodes.fly.options import Settings, find_token, settings
from nodes.fly.refusals import Asked, NotFound, Unclear, error_of
from nodes.fly.token_bucket import ACTION, READING, Rate, TokenBuckets
from nodes.fly.wording import machine_name
from tests.support.fly_description import errors_in
from tests.support.fly_in_process import invitation
from tests.support.fly_machines import IMAGES, Bucket

CREATE = {"$ref": "#/components/schemas/CreateMachineRequest"}
ASKED = Asked("create a machine", "my-app", "fra")


def of(**options: Any) -> Settings:
    told = {"app": "my-app", "image": IMAGES[0], "token": "t", "environ": {}}
    return settings(**{**told, **options})


# What is sent.


def test_a_create_follows_the_published_description_and_guards_against_orphans() -> None:
    known = of(region="iad,fra", size="performance-2x", env={"A": "1"}, secret_files={"/run/key": "KEY"}, drain=30.0)
    body = create_body(known, known.placements[0], invitation(max_lifetime=600.0), now=1000.0)
    assert errors_in(body, CREATE) == []
    config = body["config"]
    assert body["region"] == "iad"
    assert config["image"] == IMAGES[0]
    assert config["guest"] == {"cpu_kind": "performance", "cpus": 2, "memory_mb": 4096}
    assert (config["auto_destroy"], config["restart"]) == (True, {"policy": "no"})
    assert config["stop_config"] == {"signal": "SIGTERM", "timeout": "35s"}
    assert (config["rootfs"], body["skip_service_registration"]) == ({"persist": "never"}, True)
    assert config["files"] == [{"guest_path": "/run/key", "secret_name": "KEY"}]
    marks = config["metadata"]
    assert (marks["bl_pool"], marks["bl_runner"], marks["bl_session"]) == ("cpu", "cpu-1", "app-7f3a")
    assert (marks["bl_expires"], marks["bl_joins_by"]) == ("1600", "1120")


def test_a_machine_is_told_its_invitation_and_what_the_user_says_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the parent alone")
    known = of(env={"MODE": "fast"})
    invited = invitation()
    env = create_body(known, known.placements[0], invited, now=0.0)["config"]["env"]
    assert set(env) == {"MODE", "PYTHONUNBUFFERED", invitations.ENVIRONMENT_VARIABLE}
    assert invitations.decode(env[invitations.ENVIRONMENT_VARIABLE]) == invited


def test_metadata_hold_no_secret_for_the_whole_organisation_may_read_them() -> None:
    invited = invitation()
    metadata = create_body(of(), of().placements[0], invited, now=0.0)["config"]["metadata"]
    shown = json.dumps(metadata).encode()
    for secret in (invited.token, base64.b64encode(invited.token), invited.token.hex().encode()):
        assert secret not in shown


def test_a_name_is_made_of_its_invitation_alone_and_fits_fly() -> None:
    first = machine_name(invitation(pool="Ein sehr langer Pool, " * 9))
    assert first == machine_name(invitation(pool="Ein sehr langer Pool, " * 9))
    assert first != machine_name(invitation(2, pool="Ein sehr langer Pool, " * 9))
    assert len(first) <= 60
    assert first == first.lower()


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_pool_and_session_give_a_name_that_fly_takes(pool: str, session: str) -> None:
    known = of()
    body = create_body(known, known.placements[0], invitation(pool=pool, session=session), now=0.0)
    assert errors_in(body, CREATE) == []
    assert body["name"].strip("-") == body["name"]
    assert set(body["name"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert body["name"][0].isalpha()
    assert len(body["name"]) <= 60


def test_a_warm_machine_is_like_another_one_but_is_not_started_and_told_nothing() -> None:
    known = of()
    [placement] = known.placements
    cold = create_body(known, placement, invitation(), now=1000.0)["config"]
    warm = warm_body(known, placement, now=1000.0, name="warm-1", lifetime=60.0)
    assert errors_in(warm, CREATE) == []
    assert warm["skip_launch"]
    assert warm["config"]["env"] == {}
    alike = ("image", "guest", "init", "restart", "rootfs", "stop_config")
    assert {name: warm["config"][name] for name in alike} == {name: cold[name] for name in alike}


def test_the_sizes_are_those_of_the_price_table() -> None:
    table = tomllib.loads(resources.files("flame").joinpath("prices.toml").read_text("utf-8"))
    assert {name: dataclasses.asdict(size) for name, size in sizes.SIZES.items()} == table["sizes"]["fly"]
    assert table["as_of"] == sizes.AS_OF


# What is missing.


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"app": None}, "app= as the name of an app on Fly, or FLY_APP_NAME"),
        ({"image": None}, "image= as an image with beamlike in it, or FLY_IMAGE_REF"),
        ({"token": None}, "a token in FLY_API_TOKEN or .*fly tokens create deploy -a my-app"),
        ({"app": "My App"}, "letters, digits and dashes, got app='My App'"),
        ({"size": "huge"}, "a size of Fly's .*performance-16x.*, got 'huge'"),
        ({"memory": 100}, "from 256 to 2048 MB in steps of 256, got 100"),
        ({"region": "Frankfurt!"}, "regions such as 'fra'.*got 'Frankfurt!'"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_asked(missing: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        of(home=tmp_path, **missing)


def test_within_a_machine_everything_is_there_already() -> None:
    environ = {
        "FLY_APP_NAME": "my-app",
        "FLY_IMAGE_REF": "registry.fly.io/my-app:deployment-1",
        "FLY_REGION": "fra",
        "FLY_PRIVATE_IP": "fdaa:0:1::3",
        "FLY_API_TOKEN": "t",
    }
    known = settings(environ=environ)
    assert (known.app, known.image, known.base_url) == ("my-app", environ["FLY_IMAGE_REF"], "http://_api.internal:4280")
    assert [it.region for it in known.placements] == ["fra"]
    fly = nodes.Fly(environ=environ)
    assert (fly.advertise, fly.dials_child) == ("fdaa:0:1::3", False)


def test_the_token_of_flyctls_file_is_found(tmp_path: Path) -> None:
    (tmp_path / ".fly").mkdir()
    (tmp_path / ".fly" / "config.yml").write_text("other: 1\naccess_token: fm2_abc=\nlast_login: 2026-10-01\n")
    assert find_token(None, "my-app", {}, tmp_path).header() == "Bearer fm2_abc="
    assert find_token(None, "my-app", {"FLY_API_TOKEN": "FlyV1 fm2_x"}, tmp_path).header() == "FlyV1 fm2_x"


def test_sizes_are_tried_in_the_order_given_each_in_every_region() -> None:
    known = of(region=["fra", "ams"], size=["performance-2x", "shared-cpu-4x"])
    assert [str(it) for it in known.placements] == [
        "performance-2x with 4096 MB in fra",
        "performance-2x with 4096 MB in ams",
        "shared-cpu-4x with 1024 MB in fra",
        "shared-cpu-4x with 1024 MB in ams",
    ]


# What an answer means.

QUOTA = (
    'organization "X" is using 99840 MB of memory in dfw which is over the allowed quota. please consider other regions'
)


@pytest.mark.parametrize(
    ("status", "body", "kind", "permanent", "remedy"),
    [
        (
            401,
            '{"error": "Authenticate: token validation error"}',
            AuthError,
            True,
            "fly tokens create deploy -a my-app",
        ),
        (403, '{"error": "unauthorized"}', AuthError, True, "fly tokens create"),
        (403, json.dumps({"error": QUOTA}), QuotaError, False, "other regions"),
        (
            422,
            '{"error": "You have reached the machine limit of your organization"}',
            QuotaError,
            False,
            "raise the limit",
        ),
        (
            422,
            '{"error": "To create more than 1 machine per app please add a payment method."}',
            QuotaError,
            False,
            "payment method",
        ),
        (
            412,
            '{"error": "insufficient resources to create new machine"}',
            CapacityError,
            False,
            "more regions or sizes",
        ),
        (
            409,
            '{"error": "aborted: could not reserve resource for machine: insufficient memory available"}',
            CapacityError,
            False,
            "more regions",
        ),
        (400, '{"error": "no capacity"}', CapacityError, False, "more regions"),
        (
            500,
            '{"error": "failed to launch VM", "status": "insufficient_capacity"}',
            CapacityError,
            False,
            "more regions",
        ),
        (422, '{"error": "insufficient capacity on the host of the volume"}', CapacityError, False, "another volume"),
        (409, '{"error": "aborted", "status": "name_taken"}', ConflictError, False, "look at what is there"),
        (
            409,
            '{"error": "already_exists: unique machine name violation, machine ID 1 already exists with name \\"a\\""}',
            ConflictError,
            False,
            "look at what is there",
        ),
        (
            409,
            '{"error": "failed to get lease: lease currently held by a@b.c"}',
            ConflictError,
            False,
            "is done with it",
        ),
        (412, '{"error": "machine version mismatch"}', ConflictError, False, "look at the machine again"),
        (409, '{"error": "aborted: current_version is stale"}', ConflictError, False, "look at the machine again"),
        (429, '{"error": "rate limit exceeded"}', RateLimited, False, "ask less often"),
        (404, '{"error": "app not found"}', NotFound, True, "fly apps create my-app"),
        (404, '{"error": "machine not found"}', NotFound, False, ""),
        (422, '{"error": "failed to get manifest registry/x: MANIFEST_UNKNOWN"}', BackendError, True, "push the image"),
        (400, '{"error": "invalid config.guest.cpu_kind"}', BackendError, True, "correct the options"),
        (500, '{"error": "internal error"}', Unclear, False, "status.fly.io"),
        (502, "<html>Bad Gateway</html>", Unclear, False, "status.fly.io"),
        (503, "", Unclear, False, "no words"),
    ],
)
def test_each_refusal_says_what_to_do(
    status: int, body: str, kind: type[BackendError], permanent: bool, remedy: str
) -> None:
    error = error_of(status, body.encode(), ASKED, retry_after=2.0 if status == 429 else None)
    assert type(error) is kind
    assert error.permanent is permanent
    assert remedy in str(error)
    assert f"got {status}" in str(error)


def test_a_conflict_says_over_what_and_a_refusal_for_its_rate_when() -> None:
    def conflict(status: int, words: str) -> object:
        error = error_of(status, json.dumps({"error": words}).encode(), ASKED)
        assert isinstance(error, ConflictError)
        return error.what

    assert conflict(409, "lease currently held by a@b.c") == "lease"
    assert conflict(409, "unique machine name violation") == "name"
    assert conflict(412, "machine version mismatch") == "version"
    limited = error_of(429, b"{}", ASKED, retry_after=7.0)
    assert isinstance(limited, RateLimited)
    assert limited.retry_after == 7.0


@given(st.integers(300, 599).filter(lambda it: it != 404), st.binary(max_size=200))
def test_any_other_answer_is_an_error_in_words_too(status: int, body: bytes) -> None:
    assert f"got {status}" in str(error_of(status, body, ASKED))


# How a machine is.


def exited(**told: Any) -> dict[str, Any]:
    return {"state": "destroyed", "events": [{"type": "destroy"}, {"type": "exit", "request": {"exit_event": told}}]}


def test_the_exit_event_tells_of_the_programs_end() -> None:
    crashed = description(exited(exit_code=7, guest_exit_code=7, guest_signal=-1, oom_killed=False))
    assert (crashed.state, crashed.exit_code, crashed.cause) == ("ended", 7, "crashed")
    killed = description(exited(exit_code=137, guest_exit_code=0, guest_signal=9, oom_killed=False))
    assert (killed.exit_code, killed.ending()) == (-9, "was killed by SIGKILL (destroyed)")
    oom = description(exited(exit_code=137, guest_exit_code=0, guest_signal=9, oom_killed=True))
    assert (oom.cause, "out of memory" in oom.words) == ("out of memory", True)
    over = description(exited(exit_code=0, guest_exit_code=0, guest_signal=-1, requested_stop=True))
    assert (over.exit_code, over.cause, over.words) == (0, None, "destroyed: it was asked to stop")


def test_a_machine_that_failed_says_why() -> None:
    seen = description({"state": "failed", "events": [{"request": {"error": "failed to pull image: not found"}}]})
    assert (seen.state, seen.cause, seen.words) == ("ended", "image", "failed: failed to pull image: not found")


def test_a_host_that_does_not_answer_is_told_and_the_machine_not_taken_for_ended() -> None:
    seen = description({"state": "started", "host_status": "unreachable"})
    assert (seen.state, seen.words) == ("running", "started, its host is unreachable")


@given(st.sampled_from(sorted(COMING | RUNNING | ENDED | {"a state of tomorrow"})), st.booleans())
def test_a_machine_that_once_ran_and_runs_again_is_not_taken_for_ended(state: str, ran: bool) -> None:
    events = exited(exit_code=1)["events"] if ran else []
    seen = description({"state": state, "events": events})
    assert (seen.state == "ended") == (state in ENDED)


# How often one may ask.


@given(
    st.sampled_from([ACTION, READING, Rate(0.5, 1)]),
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 9)), min_size=1, max_size=20),
)
def test_whoever_takes_its_place_in_line_is_never_too_early_and_never_late(
    rate: Rate, arrivals: list[tuple[float, int]]
) -> None:
    now = 100.0
    buckets, service = TokenBuckets(lambda: now), Bucket(rate.per_second, rate.burst, 100.0)
    last = 0.0
    for pause, count in arrivals:
        now += pause
        for _ in range(count):
            leaves = now + buckets.wait_for("app", "create", rate)
            assert leaves >= last  # first come, first served
            assert service.take(leaves) == 0.0
            if leaves > now + 1e-6:  # it had to wait, and not a moment too long
                assert service.tokens < 1e-3
            last = leaves


def test_apps_and_actions_do_not_wait_for_each_other() -> None:
    buckets = TokenBuckets(lambda: 0.0)
    assert [buckets.wait_for("a", "create", ACTION) for _ in range(4)] == [0.0, 0.0, 0.0, 1.0]
    assert buckets.wait_for("a", "delete", ACTION) == buckets.wait_for("b", "create", ACTION) == 0.0


def test_after_a_refusal_nobody_asks_before_the_time_that_was_told() -> None:
    buckets = TokenBuckets(lambda: 0.0)
    buckets.wait_for("a", "create", ACTION)
    buckets.refused("a", "create", ACTION, 7.0)
    assert [buckets.wait_for("a", "create", ACTION) for _ in range(2)] == [7.0, 8.0]


# Volumes.


def volume(id: str, region: str, holder: str | None = None) -> dict[str, Any]:
    return {"id": id, "name": "home", "region": region, "attached_machine_id": holder}


def test_a_free_volume_decides_the_region() -> None:
    there = [volume("vol_1", "fra", "m1"), volume("vol_2", "ams"), volume("vol_3", "fra")]
    chosen = volumes.candidates(of(volume="home", region="any"), there)
    assert [(it.region, id) for it, id in chosen] == [("ams", "vol_2"), ("fra", "vol_3")]
    assert [id for _, id in volumes.candidates(of(volume="home", region="fra"), there)] == ["vol_3"]
    assert [id for _, id in volumes.candidates(of(volume="vol_2"), there)] == ["vol_2"]


def test_a_volume_that_cannot_be_had_says_why() -> None:
    with pytest.raises(BackendError, match=r"expected a volume 'home'.*found none.*fly volumes create home -a my-app"):
        volumes.candidates(of(volume="home"), [])
    with pytest.raises(CapacityError, match="in use, by machine m1"):
        volumes.candidates(of(volume="home"), [volume("vol_1", "fra", "m1")])
    with pytest.raises(BackendError, match="volumes 'home' are in fra, the machine was to be elsewhere"):
        volumes.candidates(of(volume="home", region="ams"), [volume("vol_1", "fra")])
