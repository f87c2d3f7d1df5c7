"""Questions to the API of a cluster: plain mappings in and out, each with a deadline, asked again where that helps.

The package `kubernetes` finds the cluster, signs in and speaks TLS; its models are left out, for to make a thousand of
them a second would cost more than all else that we do. All of this blocks: it is for threads.

Every question here may be asked twice: what is made has a name that we chose, so a second one is told of a conflict.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from nodes.kubernetes.configuration import Configured, configured, is_inside, kubeconfigs
from nodes.kubernetes.refusals import ApiRefused, ApiUnreachable, refused

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3 import BaseHTTPResponse

Json = dict[str, Any]

ANSWER_SECONDS: Final = 10.0
WITHIN_SECONDS: Final = 30.0
"""For a question with all that it is asked again."""
LONGEST_PAUSE: Final = 5.0
AT_ONCE: Final = 8
"""Questions that are asked at the same time; more wait for their turn."""


class Api:
    """Of one cluster, by `kubeconfig` and `context` (None: where this process runs, or what the kubeconfig says)."""

    def __init__(self, kubeconfig: str | None = None, context: str | None = None) -> None:
        self._where = kubeconfig, context
        self._lock = threading.Lock()
        self._client: ApiClient | None = None
        self._configured: Configured | None = None
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def __repr__(self) -> str:
        return f"Api({self.server})" if self._configured is not None else "Api(...)"

    @property
    def configured(self) -> Configured:
        self._connected()
        assert self._configured is not None
        return self._configured

    @property
    def server(self) -> str:
        return str(self.configured.configuration.host)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        within: float = WITHIN_SECONDS,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Json:
        """The answer. ApiRefused or ApiUnreachable where there is none within the time; asking is given up when
        `cancelled` says so."""
        return _parsed(self.ask_bytes(method, path, query=query, body=body, within=within, cancelled=cancelled))

    def ask_bytes(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        within: float = WITHIN_SECONDS,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> bytes:
        deadline = time.monotonic() + within
        tries = 0
        while True:
            error: ApiRefused | ApiUnreachable
            left = deadline - time.monotonic()
            try:
                return self._once(method, path, query, body, max(0.1, min(ANSWER_SECONDS, left)))
            except ApiRefused as refusal:
                if refusal.status == 401 and tries == 0:
                    self._forget()  # the token was renewed meanwhile
                elif not refusal.passes:
                    raise
                error = refusal
            except ApiUnreachable as unreachable:
                error = unreachable
            pause = _pause(error, tries)
            if tries and isinstance(error, ApiRefused) and error.status == 401:
                raise error
            if cancelled() or time.monotonic() + pause > deadline:
                raise error
            time.sleep(pause)
            tries += 1

    def watch_lines(
        self, path: str, query: Mapping[str, str], silence: float, opened: Callable[[Any], None]
    ) -> Iterator[Json]:
        """The lines of a watch, until the server ends it; ApiUnreachable if nothing has come for `silence` seconds.
        `opened` gets the answer once it has begun; another thread may shut it."""
        response = self._send("GET", path, query, None, (ANSWER_SECONDS, silence))
        if response.status != 200:
            if response.status == 401:
                self._forget()
            raise self._refusal(response)
        opened(response)
        from urllib3.exceptions import HTTPError

        rest = b""
        try:
            for chunk in response.stream(amt=None, decode_content=True):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield json.loads(line)
        except (HTTPError, OSError, ValueError, AttributeError) as error:
            # ValueError and AttributeError: of an answer that another thread has closed, or that was cut in a line
            raise ApiUnreachable(f"the watch broke off: {type(error).__name__}: {error}") from error
        finally:
            response.close()

    def signed(self) -> Mapping[str, str]:
        """The headers that say who asks."""
        client = self._connected()
        headers: dict[str, str] = {"User-Agent": "beamlike"}
        client.update_params_for_auth(headers, [], ["BearerToken"], "", "GET", None)
        return headers

    def _once(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Json | None, seconds: float
    ) -> bytes:
        from urllib3.exceptions import HTTPError

        if not self._turns.acquire(timeout=seconds):
            raise ApiUnreachable(f"{self.server}: {AT_ONCE} questions before this one have no answer yet")
        try:
            response = self._send(method, path, query, body, seconds)
            try:
                content: bytes = response.data
            except (HTTPError, OSError) as error:
                raise ApiUnreachable(f"its answer broke off: {error}") from error
            if not 200 <= response.status < 300:
                raise self._refusal(response)
            return content
        finally:
            self._turns.release()

    def _send(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Json | None, seconds: Any
    ) -> BaseHTTPResponse:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        client = self._connected()
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            request = client.param_serialize(
                method,
                path,
                query_params=list((query or {}).items()),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            answer = client.call_api(*request, _request_timeout=seconds)
        except (HTTPError, OSError) as error:
            self._forget()  # the cluster may have moved, and the kubeconfig say so
            raise ApiUnreachable(f"{client.configuration.host}: {error}") from error
        except ApiException as error:  # what the package makes of an error of TLS
            raise ApiUnreachable(f"{client.configuration.host}: {' '.join(str(error.reason).split())}") from error
        response: BaseHTTPResponse = answer.response
        return response

    def _refusal(self, response: BaseHTTPResponse) -> ApiRefused:
        return refused(response.status, response.data, response.reason or "", response.headers.get("Retry-After"))

    def _connected(self) -> ApiClient:
        with self._lock:
            if self._client is None:
                from kubernetes.client import ApiClient

                self._configured = configured(*self._where)
                self._client = ApiClient(self._configured.configuration)
                self._client.user_agent = "beamlike"
            return self._client

    def _forget(self) -> None:
        """What we were told to be is read anew with the next question."""
        with self._lock:
            self._client = None


def _parsed(content: bytes) -> Json:
    try:
        parsed = json.loads(content or b"{}")
    except ValueError as error:
        raise ApiUnreachable(f"its answer is no JSON: {content[:100]!r}") from error
    if not isinstance(parsed, dict):
        raise ApiUnreachable(f"its answer is no object: {content[:100]!r}")
    return parsed


def _pause(error: ApiRefused | ApiUnreachable, tries: int) -> float:
    if isinstance(error, ApiRefused) and error.retry_after is not None:
        return error.retry_after
    # Sixty-four that were refused at once do not come again at once.
    return float(min(LONGEST_PAUSE, 0.1 * 2**tries) * random.uniform(0.7, 1.3))


_APIS: dict[tuple[str | None, str | None, tuple[object, ...]], Api] = {}
_APIS_LOCK = threading.Lock()


def api_of(kubeconfig: str | None, context: str | None) -> Api:
    """The one of this process for that cluster: its connections, token and watches are shared. Which cluster it is that
    was not named, the environment may say anew."""
    named = None if kubeconfig is None else os.path.abspath(os.path.expanduser(kubeconfig))
    by_environment = (is_inside(), *kubeconfigs()) if named is None else ()
    with _APIS_LOCK:
        return _APIS.setdefault((named, context, by_environment), Api(named, context))
