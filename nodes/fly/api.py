"""The requests to Fly's Machines API that this package makes, each in its place in line (see `token_bucket`).

Whatever does not succeed is a BackendError of `refusals`: `Unclear` where it is not known whether it was done. Only
what merely looks is asked again by itself when the way there breaks.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from beamlike.kernel.record import frozen
from nodes.backend import BackendError, RateLimited
from nodes.fly.connections import Connections
from nodes.fly.options import NEAREST, Token
from nodes.fly.refusals import Asked, NotFound, Unclear, error_of
from nodes.fly.token_bucket import ACTION, OF_THIS_PROCESS, READING, Rate, TokenBuckets
from nodes.fly.wording import Json

if TYPE_CHECKING:
    import httpx

LONGEST_WAIT: Final = 60
"""Seconds that one request may wait for a machine; the service refuses more."""
RATE_TRIES: Final = 20
"""How often a request is sent again for which it was too early."""
LOOKS: Final = 3
"""How often what merely looks is sent when the way there breaks."""
NONCE: Final = "fly-machine-lease-nonce"

OnLine = Callable[[float], None]


class Unreached(BackendError):
    """Nothing was sent: Fly cannot be reached from here."""


class NotYet(Exception):
    """The machine did not come to any of the states in time."""


@frozen
class _Request:
    method: str
    path: str
    scope: str
    """What the rate is counted for: an app, or a machine."""
    action: str
    asked: Asked
    rate: Rate = ACTION
    params: Sequence[tuple[str, str]] = ()
    body: Json | None = None
    nonce: str = ""
    patience: float = 30.0
    """How long the answer may take."""


class FlyApi:
    """Of one app (or none, for what is asked of an organisation)."""

    def __init__(
        self,
        app: str,
        token: Token,
        base_url: str,
        *,
        buckets: TokenBuckets = OF_THIS_PROCESS,
        connections: Connections | None = None,
    ) -> None:
        self.app = app
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._buckets = buckets
        self._connections = connections or Connections()

    def __repr__(self) -> str:
        return f"FlyApi({self.app!r}, {self._base_url!r})"

    # Machines.

    async def create(self, body: Callable[[], Json], *, on_line: OnLine | None = None) -> Json:
        """The machine that was made. `on_line` is told the seconds until the request is sent, if it has to wait; then
        `body` is asked what to send."""
        asked = Asked("create a machine", self.app)
        request = _Request("POST", self._machines(), self.app, "create", asked)
        return await self._json(request, on_line, lambda: _with_body(request, body()))

    async def machine(self, machine: str) -> Json:
        asked = Asked(f"show machine {machine}", self.app)
        return await self._json(_Request("GET", self._machines(machine), machine, "get", asked, READING))

    async def machines(self, **metadata: str) -> list[Json]:
        """Those of the app that bear these metadata, with the ones that are being destroyed."""
        params = [(f"metadata.{name}", value) for name, value in metadata.items()]
        asked = Asked("list the machines", self.app)
        answer = await self._ask(_Request("GET", self._machines(), self.app, "list", asked, params=params))
        return [dict(one) for one in answer]

    async def update(self, machine: str, body: Json, *, nonce: str) -> Json:
        asked = Asked(f"update machine {machine}", self.app)
        return await self._json(
            _Request("POST", self._machines(machine), machine, "update", asked, body=body, nonce=nonce)
        )

    async def start(self, machine: str, *, nonce: str = "") -> None:
        asked = Asked(f"start machine {machine}", self.app)
        await self._ask(_Request("POST", self._machines(machine, "start"), machine, "start", asked, nonce=nonce))

    async def delete(self, machine: str, *, nonce: str = "") -> None:
        """Ends it whatever it does; NotFound if there is none."""
        asked = Asked(f"destroy machine {machine}", self.app)
        params = [("force", "true")]
        path = self._machines(machine)
        await self._ask(_Request("DELETE", path, machine, "delete", asked, params=params, nonce=nonce))

    async def wait(self, machine: str, states: Sequence[str], *, seconds: float, version: str = "") -> str:
        """The state that it came to; NotYet after so many seconds, of which the service grants 60 at most."""
        timeout = max(1, min(LONGEST_WAIT, round(seconds)))
        params = [*(("state", state) for state in states), ("timeout", str(timeout))]
        if version:
            params.append(("version", version))
        asked = Asked(f"wait for machine {machine}", self.app)
        path = self._machines(machine, "wait")
        answer = await self._json(_Request("GET", path, machine, "wait", asked, params=params, patience=timeout + 15.0))
        return str(answer.get("state") or states[0])

    async def lease(self, machine: str, *, seconds: int, why: str) -> str:
        """The nonce with which only we may change it for so long; ConflictError if somebody else has it."""
        asked = Asked(f"lease machine {machine}", self.app)
        body = {"ttl": seconds, "description": why}
        answer = await self._json(
            _Request("POST", self._machines(machine, "lease"), machine, "lease", asked, body=body)
        )
        # The service wraps it: {"status": "success", "data": {"nonce": ...}}; its description does not.
        data = answer.get("data")
        return str((data if isinstance(data, dict) else answer)["nonce"])

    async def release(self, machine: str, nonce: str) -> None:
        asked = Asked(f"release machine {machine}", self.app)
        await self._ask(_Request("DELETE", self._machines(machine, "lease"), machine, "release", asked, nonce=nonce))

    # What is not a machine.

    async def organisations_machines(self, organisation: str) -> list[Json]:
        """All machines of an organisation, with the names of their apps."""
        found: list[Json] = []
        cursor = ""
        while True:
            params = [("limit", "1000"), *([("cursor", cursor)] if cursor else [])]
            path = f"/v1/orgs/{quote(organisation, safe='')}/machines"
            asked = Asked(f"list the machines of the organisation {organisation}", self.app or "-")
            answer = await self._json(_Request("GET", path, organisation, "list", asked, params=params))
            found += answer.get("machines") or []
            cursor = str(answer.get("next_cursor") or "")
            if not cursor:
                return found

    async def volumes(self) -> list[Json]:
        path = f"/v1/apps/{quote(self.app, safe='')}/volumes"
        asked = Asked("list the volumes", self.app)
        return [dict(one) for one in await self._ask(_Request("GET", path, self.app, "list volumes", asked))]

    async def secrets(self) -> list[str]:
        """The names of the app's secrets."""
        path = f"/v1/apps/{quote(self.app, safe='')}/secrets"
        asked = Asked("list the secrets", self.app)
        answer = await self._json(_Request("GET", path, self.app, "list secrets", asked))
        return [str(one.get("name")) for one in answer.get("secrets") or ()]

    # How one request is made.

    def _machines(self, *further: str) -> str:
        return "/".join(quote(part, safe="") for part in ("", "v1", "apps", self.app, "machines", *further))

    async def _json(
        self, request: _Request, on_line: OnLine | None = None, in_full: Callable[[], _Request] | None = None
    ) -> Json:
        answer = await self._ask(request, on_line, in_full)
        if not isinstance(answer, dict):
            raise Unclear(f"{request.asked}, expected an object, got {str(answer)[:200]!r}")
        return answer

    async def _ask(
        self, request: _Request, on_line: OnLine | None = None, in_full: Callable[[], _Request] | None = None
    ) -> Any:
        """What the service answers. `in_full` gives the request as it is to be sent, when it is its turn."""
        looks = 0
        too_early = 0
        while True:
            seconds = self._buckets.wait_for(request.scope, request.action, request.rate)
            if seconds > 0:
                if on_line is not None:
                    on_line(seconds)
                await asyncio.sleep(seconds)
                if self._buckets.is_closed(request.scope, request.action):
                    continue
            try:
                return await self._once(request if in_full is None else in_full())
            except RateLimited as refused:
                too_early += 1
                if too_early == RATE_TRIES:
                    raise
                after = 1.0 if refused.retry_after is None else refused.retry_after
                self._buckets.refused(request.scope, request.action, request.rate, after)
            except (Unreached, Unclear):
                looks += 1
                if request.method != "GET" or looks == LOOKS:
                    raise
                await asyncio.sleep(random.uniform(0.1, 0.5) * looks)

    async def _once(self, request: _Request) -> Any:
        async with self._connections.client() as client:
            return self._answer(await self._sent(client, request), request)

    async def _sent(self, client: httpx.AsyncClient, request: _Request) -> httpx.Response:
        import httpx

        timeout = httpx.Timeout(connect=10.0, read=request.patience, write=10.0, pool=30.0)
        try:
            return await client.request(
                request.method,
                f"{self._base_url}{request.path}",
                params=list(request.params),
                json=request.body,
                headers={NONCE: request.nonce} if request.nonce else {},
                auth=self._sign,
                timeout=timeout,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreached(f"{request.asked}, cannot reach {self._base_url}: {_words(error)}") from None
        except httpx.TransportError as error:
            raise Unclear(f"{request.asked}, got no answer: {_words(error)}") from None

    def _sign(self, request: httpx.Request) -> httpx.Request:
        """Here, so that the token stands in no variable of any other function, and so in no report of one."""
        request.headers["Authorization"] = self._token.header()
        return request

    def _answer(self, answer: httpx.Response, request: _Request) -> Any:
        status: int = answer.status_code
        if status == 408 and request.action == "wait":
            raise NotYet
        if not 200 <= status < 300:
            body = self._token.absent_from(answer.content.decode("utf-8", "replace")).encode()
            raise error_of(status, body, request.asked, _retry_after(answer.headers))
        if not answer.content.strip():
            return {}
        try:
            return json.loads(answer.content)
        except ValueError:
            raise Unclear(f"{request.asked}, expected JSON, got {answer.text[:200]!r}") from None


def _with_body(request: _Request, body: Json) -> _Request:
    region = "" if body["region"] == NEAREST else str(body["region"])
    return replace(request, body=body, asked=replace(request.asked, region=region))


def gone(error: BackendError) -> bool:
    """Whether it says that there is no such machine (any more)."""
    return isinstance(error, NotFound) and not error.permanent


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None


def _words(error: Exception) -> str:
    return f"{type(error).__name__}{f': {error}' if str(error) else ''}"
