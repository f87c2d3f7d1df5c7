"""Fly's Machines API on loopback, as strict as the published description of it, with real processes for machines.

What the description does not allow is refused: unknown or missing fields, wrong types, states in which a request makes
no sense. So is an answer of our own that does not follow it. Machines have the states of Fly's, leases, versions and
events; requests are counted against Fly's limits. A machine is a process of this host that has its own loopback address
and only the environment that Fly would give it.

Beside the description stands what Fly's guides say: lists by `metadata.KEY`, several states to wait for, 429 with
Retry-After, `fly-machine-lease-nonce`, the address `fly-local-6pn`. `Machines` has no socket (see `fly_socket`) and no
clock of its own. It is one class, and so one file: each request changes, under one lock, machines that others wait for.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from nodes import invitation as invitations
from tests.support.fly_description import Json, Refused, action_of, check_answer, check_query, operation_of, parsed_body
from tests.support.loopback import address_of

ROOT: Final = Path(__file__).parents[2]
TOKEN: Final = "fm2_lJPECAAAAAAAAs3cr3tTok3nOfTh3T3sts"
APP: Final = "my-app"
IMAGES: Final = ("registry.fly.io/my-app:v1",)
REGIONS: Final = ("ams", "fra", "iad", "lhr")
MUTABLE: Final = ("created", "started", "stopped", "suspended", "failed")


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """A request as it came; `at` is by the world's clock."""

    method: str
    path: str
    query: list[tuple[str, str]]
    body: Any
    nonce: str
    at: float
    status: int = 0


@dataclass
class Faults:
    """What goes wrong, until it is set otherwise."""

    create_refusals: list[Answer] = field(default_factory=list)
    """Answers to the next creates, which make nothing."""
    lose_replies: str = ""
    """The next create is done, and answered "500", "409" or by hanging up ("cut")."""
    refuse: dict[str, Answer] = field(default_factory=dict)
    """By action ("get", "delete", "create", "start", "wait" ...): each such request is answered so."""
    full_regions: set[str] = field(default_factory=set)
    full_sizes: set[int] = field(default_factory=set)
    """By memory in MB."""
    held: bool = False
    """Machines stay "created", and start when this ends."""
    create_seconds: float = 0.0
    lost_from_lists: int = 0
    """So many lists do not show what was made last: they lag behind."""


class Bucket:
    def __init__(self, per_second: float, burst: int, now: float) -> None:
        self.per_second, self.burst, self.tokens, self.at = per_second, burst, float(burst), now

    def take(self, now: float) -> float:
        """0, or the seconds until there is a token."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        if self.tokens < 1 - 1e-6:
            return (1 - self.tokens) / self.per_second
        self.tokens -= 1
        return 0.0


@dataclass
class FlyMachine:
    shown: Json
    skip_launch: bool
    address: str
    nonce: str = ""
    lease_until: float = 0.0
    process: subprocess.Popen[bytes] | None = None
    log: Path | None = None
    oom: bool = False
    stop_asked: bool = False
    number: int = 0

    @property
    def state(self) -> str:
        return str(self.shown["state"])

    @property
    def id(self) -> str:
        return str(self.shown["id"])


class Machines:
    """The platform. `run` says whether machines are processes; `clock` is what the limits are counted by."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, run: bool = True, app: str = APP, limited: bool = True
    ) -> None:
        self.app = app
        self.faults = Faults()
        self.asked: list[Asked] = []
        self.machines: dict[str, FlyMachine] = {}
        self.volumes: list[Json] = []
        self.secrets: list[str] = []
        self.changed = threading.Condition(threading.RLock())
        self.base_url = ""
        self.extra_environment: dict[str, str] = {}
        self._clock, self._run, self._limited = clock, run, limited
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._numbers = itertools.count(2)
        self._directory = Path(tempfile.mkdtemp(prefix="fly-machines-"))
        self._threads: list[threading.Thread] = []

    # What tests look at, and do.

    def requests(self, action: str) -> list[Asked]:
        return [it for it in self.asked if action_of(it.method, it.path) == action]

    def there(self) -> list[FlyMachine]:
        """All that cost something."""
        with self.changed:
            return [it for it in self.machines.values() if it.state != "destroyed"]

    def running(self) -> list[FlyMachine]:
        with self.changed:
            return [it for it in self.machines.values() if it.process is not None and it.process.poll() is None]

    def kill(self, machine: str, *, oom: bool = False) -> None:
        with self.changed:
            one = self.machines[machine]
            one.oom = oom
            if one.process is not None:
                _kill(one.process)

    def hold(self, held: bool) -> None:
        with self.changed:
            self.faults.held = held
            waiting = [it for it in self.machines.values() if it.state == "created" and not it.skip_launch]
        if not held:
            for one in waiting:
                self._launch(one)

    def close(self) -> None:
        for one in list(self.machines.values()):
            if one.process is not None:
                _kill(one.process)
        for thread in self._threads:
            thread.join(10)
        for path in self._directory.iterdir():
            path.unlink()
        self._directory.rmdir()

    # One request.

    def answer(
        self, method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], body: bytes
    ) -> Answer | None:
        """None: the connection is to be cut."""
        asked = Asked(method, path, query, None, headers.get("fly-machine-lease-nonce", ""), self._clock())
        self.asked.append(asked)
        try:
            answer = self._answered(asked, headers, body)
        except Refused as refused:
            answer = Answer(refused.status, refused.body, refused.headers)
            check_answer(refused.body, {"$ref": "#/components/schemas/ErrorResponse"}, lenient_status=True)
        asked.status = answer.status if answer is not None else 0
        return answer

    def _answered(self, asked: Asked, headers: Mapping[str, str], body: bytes) -> Answer | None:
        if headers.get("authorization") not in (f"Bearer {TOKEN}", f"FlyV1 {TOKEN}"):
            raise Refused(401, "Authenticate: token validation error")
        parameters, operation = operation_of(asked.method, asked.path)
        check_query(asked.query, operation)
        if "requestBody" in operation:
            asked.body = parsed_body(body, operation["requestBody"])
        elif body:
            raise Refused(400, "expected no body")
        action = action_of(asked.method, asked.path)
        if parameters.get("app_name", self.app) != self.app:
            raise Refused(404, f"app not found: {parameters['app_name']}")
        self._count(parameters.get("machine_id", self.app), action)
        if (refusal := self.faults.refuse.get(action)) is not None:
            return refusal
        answer = self._perform(action, asked, parameters)
        schema = operation["responses"].get(str(answer.status if answer else 200), {}).get("content", {})
        if answer is not None and (schema := schema.get("application/json", {}).get("schema")):
            check_answer(answer.body, schema)
        return answer

    def _count(self, scope: str, action: str) -> None:
        if not self._limited:
            return
        now = self._clock()
        with self.changed:
            rate = (5.0, 10) if action == "get" else (1.0, 3)
            wait = self._buckets.setdefault((scope, action), Bucket(*rate, now)).take(now)
        if wait:
            raise Refused(429, "rate limit exceeded", **{"Retry-After": str(max(1, round(wait)))})

    def _perform(self, action: str, asked: Asked, parameters: Mapping[str, str]) -> Answer | None:
        query = dict(asked.query)
        if action == "create":
            return self._create(asked.body)
        if action == "list":
            return Answer(200, self._list(asked.query))
        if action == "list of organisation":
            return Answer(200, {"machines": [_overview(it.shown, self.app) for it in self.there()]})
        if action == "volumes":
            return Answer(200, self.volumes)
        if action == "secrets":
            return Answer(200, {"secrets": [{"name": name} for name in self.secrets]})
        with self.changed:
            one = self.machines.get(parameters["machine_id"])
        if one is None:
            raise Refused(404, "machine not found")
        if action == "get":
            return Answer(200, self._shown(one))
        if action == "events":
            return Answer(200, one.shown["events"][: int(query.get("limit", 20))])
        if action == "wait":
            return self._wait(one, asked.query)
        if action == "lease":
            return self._lease(one, asked)
        if action == "get lease":
            with self.changed:
                if not self._is_leased(one):
                    raise Refused(404, "machine lease not found")
                return Answer(200, {"nonce": "", "owner": "somebody"})
        self._check_lease(one, asked.nonce)
        if action == "release":
            one.nonce = ""
            return Answer(200, {})
        if action == "delete":
            return self._delete(one, force=query.get("force") == "true")
        if action == "update":
            return self._update(one, asked.body)
        if action == "start":
            return self._start(one)
        if action == "signal":
            if one.process is None:
                raise Refused(412, f"unable to signal machine in state '{one.state}'")
            os.killpg(one.process.pid, signal.Signals[asked.body["signal"]])
            return Answer(200, {})
        if action in ("stop", "suspend"):
            if one.state != "started":
                raise Refused(412, f"unable to {action} machine from current state: '{one.state}'")
            threading.Thread(target=self._stop, args=(one, action)).start()
            return Answer(200, {"ok": True})
        if action == "metadata":
            version = asked.body.get("machine_version")
            if version is not None and version != one.shown["instance_id"]:
                raise Refused(412, "machine version mismatch")
            with self.changed:
                one.shown["config"].setdefault("metadata", {}).update(asked.body.get("metadata") or {})
            return Answer(204)
        raise AssertionError(action)

    # What is done.

    def _create(self, body: Json) -> Answer | None:
        faults = self.faults
        if faults.create_seconds:
            time.sleep(faults.create_seconds)
        if faults.create_refusals:
            return faults.create_refusals.pop(0)
        with self.changed:
            name = body.get("name") or secrets.token_hex(4)
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name):
                raise Refused(400, f"invalid machine name {name!r}")
            if any(it.shown["name"] == name and it.state != "destroyed" for it in self.machines.values()):
                raise Refused(409, "already_exists: unique machine name violation, machine ID already exists")
            config = body["config"]
            self._check_config(config)
            region = self._region(body.get("region"), config["guest"]["memory_mb"])
            self._attach(config, region)
            one = self._made(name, region, config, bool(body.get("skip_launch")))
        if not one.skip_launch and not faults.held:
            self._launch(one)
        if faults.lose_replies:
            lost, faults.lose_replies = faults.lose_replies, ""
            if lost == "cut":
                return None
            raise Refused(int(lost), "name_taken" if lost == "409" else "internal error")
        return Answer(200, self._shown(one))

    def _check_config(self, config: Json) -> None:
        if not config.get("image"):
            raise Refused(400, "config.image is required")
        if config["image"] not in IMAGES:
            raise Refused(422, f"failed to get manifest {config['image']}: MANIFEST_UNKNOWN")
        guest = config.get("guest") or {}
        per_cpu = {"shared": (256, 2048), "performance": (2048, 8192)}.get(guest.get("cpu_kind"))
        if per_cpu is None:
            raise Refused(422, f"invalid config.guest.cpu_kind {guest.get('cpu_kind')!r}")
        least, most = (guest["cpus"] * mb for mb in per_cpu)
        if not least <= guest["memory_mb"] <= most:
            raise Refused(422, f"invalid config.guest.memory_mb {guest['memory_mb']}")
        for one in config.get("files") or ():
            if not one["guest_path"].startswith("/"):
                raise Refused(400, "config.files.guest_path must be absolute")
            if "secret_name" in one and one["secret_name"] not in self.secrets:
                raise Refused(400, f"secret {one['secret_name']} does not exist")
        timeout = (config.get("stop_config") or {}).get("timeout")
        if timeout is not None and not (re.fullmatch(r"\d+s", timeout) and int(timeout[:-1]) <= 300):
            raise Refused(400, f"invalid config.stop_config.timeout {timeout!r}")

    def _region(self, wanted: str | None, memory: int) -> str:
        named = (wanted or "any").split(",")
        if any(it not in REGIONS and it not in ("any", "eu", "us") for it in named):
            raise Refused(400, f"unknown region {wanted}")
        regions = [it for one in named for it in (REGIONS if one in ("any", "eu", "us") else (one,))]
        if memory in self.faults.full_sizes or all(it in self.faults.full_regions for it in regions):
            raise Refused(412, "insufficient resources to create new machine", "insufficient_capacity")
        return next(it for it in regions if it not in self.faults.full_regions)

    def _attach(self, config: Json, region: str) -> None:
        for mount in config.get("mounts") or ():
            volume = next((it for it in self.volumes if it["id"] == mount["volume"]), None)
            if volume is None or volume["region"] != region:
                raise Refused(400, f"volume {mount['volume']} not found in {region}")
            if volume.get("attached_machine_id"):
                raise Refused(409, "insufficient capacity: volume is in use, its host has no other")
            volume["attached_machine_id"] = "pending"

    def _made(self, name: str, region: str, config: Json, skip_launch: bool) -> FlyMachine:
        number = next(self._numbers)
        address = address_of(number)
        stamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        shown = {
            "id": secrets.token_hex(7),
            "name": name,
            "state": "created",
            "region": region,
            "instance_id": _version(),
            "private_ip": address,
            "config": config,
            "created_at": stamp,
            "updated_at": stamp,
            "events": [],
            "host_status": "ok",
        }
        one = FlyMachine(shown, skip_launch, address, number=number)
        self.machines[one.id] = one
        for mount in config.get("mounts") or ():
            next(it for it in self.volumes if it["id"] == mount["volume"])["attached_machine_id"] = one.id
        self._event(one, "launch", "created")
        return one

    def _launch(self, one: FlyMachine) -> None:
        """Starts its program, as `init.exec` of its configuration says, in the environment that Fly gives."""
        with self.changed:
            if one.state not in ("created", "stopped", "suspended"):
                return
            self._come_to(one, "starting")
            if not self._run:
                self._come_to(one, "started")
                return
            one.log = self._directory / f"{one.id}.log"
            one.stop_asked = one.oom = False
            command = [sys.executable if it == "python" else it for it in one.shown["config"]["init"]["exec"]]
            try:
                with one.log.open("wb") as log:
                    one.process = subprocess.Popen(
                        command,
                        env=self._environment(one),
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
            except OSError as error:
                self._event(one, "exit", "failed", {"error": str(error)})
                self._come_to(one, "failed")
                return
            self._come_to(one, "started")
            thread = threading.Thread(target=self._reap, args=(one, one.process), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _environment(self, one: FlyMachine) -> dict[str, str]:
        told = dict(one.shown["config"].get("env") or {})
        text = told.get(invitations.ENVIRONMENT_VARIABLE)
        if text is not None and "fly-local-6pn" in invitations.decode(text).listens_at:
            invitation = invitations.decode(text)  # as /etc/hosts of the machine has it
            there = invitation.listens_at.replace("fly-local-6pn", one.address)
            told[invitations.ENVIRONMENT_VARIABLE] = invitations.encode(replace(invitation, listens_at=there))
        return {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT),  # that is the image
            "HOME": "/root",
            "FLY_APP_NAME": self.app,
            "FLY_MACHINE_ID": one.id,
            "FLY_REGION": one.shown["region"],
            "FLY_PRIVATE_IP": one.address,
            **self.extra_environment,
            **told,
        }

    def _reap(self, one: FlyMachine, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        _kill(process)
        with self.changed:
            if one.process is not process:
                return
            one.process = None
            exit_event = {
                "exit_code": 128 - code if code < 0 else code,
                "guest_exit_code": 0 if code < 0 else code,
                "guest_signal": -code if code < 0 else -1,
                "oom_killed": one.oom,
                "requested_stop": one.stop_asked,
                "restarting": False,
                "signal": -1,
                "exited_at": datetime.now(UTC).isoformat(),
            }
            self._event(one, "exit", "stopped", {"exit_event": exit_event})
            if one.state == "started":
                self._come_to(one, "stopped")
            if one.shown["config"].get("auto_destroy"):
                self._destroyed(one)

    def _delete(self, one: FlyMachine, *, force: bool) -> Answer:
        with self.changed:
            if one.state == "destroyed":
                raise Refused(404, "machine not found")
            if one.state == "started" and not force:
                raise Refused(412, "failed_precondition: unable to destroy machine, not currently stopped")
            one.stop_asked = True
            self._come_to(one, "destroying")
            process = one.process
        if process is None:
            self._destroyed(one)
        else:
            _kill(process)
            threading.Thread(target=self._destroyed_after, args=(one, process)).start()
        return Answer(200, {"ok": True})

    def _destroyed_after(self, one: FlyMachine, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._destroyed(one)

    def _destroyed(self, one: FlyMachine) -> None:
        with self.changed:
            if one.state == "destroyed":
                return
            for volume in self.volumes:
                if volume.get("attached_machine_id") == one.id:
                    volume["attached_machine_id"] = None
            self._event(one, "destroy", "destroyed")
            self._come_to(one, "destroyed")

    def _stop(self, one: FlyMachine, action: str) -> None:
        with self.changed:
            one.stop_asked = True
            self._come_to(one, "stopping" if action == "stop" else "suspending")
            process = one.process
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            _kill(process)
        with self.changed:
            if one.state != "destroyed":
                self._come_to(one, "stopped" if action == "stop" else "suspended")

    def _start(self, one: FlyMachine) -> Answer:
        if one.state not in ("created", "stopped", "suspended"):
            raise Refused(412, f"failed_precondition: unable to start machine from current state: '{one.state}'")
        one.skip_launch = False
        before = one.state
        self._launch(one)
        return Answer(200, {"previous_state": before})

    def _update(self, one: FlyMachine, body: Json) -> Answer:
        if one.state not in MUTABLE:
            raise Refused(412, f"unable to update machine in state '{one.state}'")
        version = body.get("current_version")
        if version and version != one.shown["instance_id"]:
            raise Refused(409, "aborted: current_version is stale")
        if one.state == "started":
            raise AssertionError("this world does not replace running machines")
        if not body.get("skip_launch"):
            raise AssertionError("it would be started by this at once")
        self._check_config(body["config"])
        with self.changed:
            one.shown["config"] = body["config"]
            one.shown["instance_id"] = _version()
            self._event(one, "update", "stopped")
            self._come_to(one, "stopped")
        return Answer(200, self._shown(one))

    def _lease(self, one: FlyMachine, asked: Asked) -> Answer:
        with self.changed:
            if self._is_leased(one) and asked.nonce != one.nonce:
                raise Refused(409, "lease currently held by somebody@example.com")
            one.nonce = one.nonce if self._is_leased(one) else secrets.token_hex(6)
            one.lease_until = self._clock() + asked.body.get("ttl", 15)
            return Answer(201, {"nonce": one.nonce, "expires_at": int(time.time()) + 15, "owner": "me"})

    def _is_leased(self, one: FlyMachine) -> bool:
        return bool(one.nonce) and self._clock() < one.lease_until

    def _check_lease(self, one: FlyMachine, nonce: str) -> None:
        with self.changed:
            if self._is_leased(one) and nonce != one.nonce:
                raise Refused(409, "failed to get lease: lease currently held by somebody@example.com")

    def _wait(self, one: FlyMachine, query: list[tuple[str, str]]) -> Answer:
        states = [state for name, text in query if name == "state" for state in text.split(",")] or ["started"]
        told = dict(query)
        seconds = int(told.get("timeout", 60))
        if not 1 <= seconds <= 60:
            raise Refused(400, "invalid_argument: timeout must be between 1s and 60s")
        if "stopped" in states and len(states) == 1 and "version" not in told:
            raise Refused(400, "invalid_argument: version is required to wait for stopped")
        with self.changed:
            if not self.changed.wait_for(lambda: one.state in states, seconds):
                return Answer(408, {"error": "deadline_exceeded: machine still " + one.state})
            return Answer(200, {"ok": True, "state": one.state, "version": one.shown["instance_id"]})

    def _list(self, query: list[tuple[str, str]]) -> list[Json]:
        wanted = {name.partition(".")[2]: value for name, value in query if name.startswith("metadata.")}
        told = dict(query)
        if self.faults.lost_from_lists:
            self.faults.lost_from_lists -= 1
            return []
        with self.changed:
            return [
                self._shown(it)
                for it in self.machines.values()
                if (it.state != "destroyed" or told.get("include_deleted") == "true")
                and all((it.shown["config"].get("metadata") or {}).get(key) == value for key, value in wanted.items())
                and told.get("state", it.state) == it.state
            ]

    def _shown(self, one: FlyMachine) -> Json:
        with self.changed:
            return json.loads(json.dumps(one.shown))  # type: ignore[no-any-return]

    def _come_to(self, one: FlyMachine, state: str) -> None:
        with self.changed:
            one.shown["state"] = state
            one.shown["updated_at"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            self.changed.notify_all()

    def _event(self, one: FlyMachine, kind: str, status: str, request: Json | None = None) -> None:
        event: Json = {"id": _version(), "type": kind, "status": status, "source": "flyd"}
        event["timestamp"] = int(time.time() * 1000)
        if request is not None:
            event["request"] = request
        one.shown["events"].insert(0, event)


def _overview(shown: Json, app: str) -> Json:
    config = shown["config"]
    kept = ("id", "name", "state", "region", "created_at", "updated_at", "private_ip", "instance_id")
    return {
        **{key: shown[key] for key in kept},
        "app_name": app,
        "config": {key: config[key] for key in ("guest", "image", "metadata") if key in config},
    }


def _version() -> str:
    return secrets.token_hex(13).upper()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
