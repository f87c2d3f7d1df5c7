"""One watch of a namespace, in a thread of its own: keeps `watch_state` up to date, and tells what has changed.

It lives for as long as anybody wants to be told. What is told is told in this thread, one thing after the other.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from nodes.kubernetes.api import Api
from nodes.kubernetes.refusals import ApiRefused, ApiUnreachable
from nodes.kubernetes.watch_state import Ended, Event, Failed, Line, List, Listed, Opened, Tell, Watch, Watched, apply

logger = logging.getLogger("nodes.kubernetes")

Json: TypeAlias = Mapping[str, Any]
Slim: TypeAlias = Callable[[Json], Json | None]
Told: TypeAlias = Callable[[Tell], None]

WATCH_SECONDS: Final = 30
"""How long one answer is asked to last: one that the server leaves open and silent is not noticed before."""
SILENCE_SECONDS: Final = WATCH_SECONDS + 5.0
TROUBLE_SECONDS: Final = 3.0
"""A watch that fails for a shorter time is not worth a word."""


class NamespaceWatch:
    """The objects at `path` that match `query`. `slim` makes of one what is kept of it; None: it is of no interest.
    `told` is called with each change."""

    def __init__(self, api: Api, path: str, query: Mapping[str, str], slim: Slim, told: Told) -> None:
        self._api, self._path, self._query = api, path, dict(query)
        self._slim, self._told = slim, told
        self._over = threading.Event()
        self._response: Any = None
        self.seen = threading.Event()
        """Whether the first list was told."""
        self.state = Watched()
        self.troubled_since: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch of {path}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Nothing more is told. The thread ends with what it waits for, at once as a rule."""
        self._over.set()
        response = self._response
        if response is not None:
            _shut(response)

    def trouble(self) -> str:
        """Why what is known may be old, "" if it is not."""
        since = self.troubled_since
        if since is None or time.monotonic() - since < TROUBLE_SECONDS:
            return ""
        return f"the cluster has told nothing for {time.monotonic() - since:.0f} s: {self.state.trouble}"

    def _run(self) -> None:
        todo: List | Watch = List()
        while not self._over.is_set():
            if todo.after and self._over.wait(todo.after):
                return
            try:
                todo = self._list() if isinstance(todo, List) else self._watch(todo.version)
            except Exception:
                # Of an object that is none, say: to go on without being told would be to hang.
                logger.exception("the watch of %s begins anew", self._path)
                self.state = Watched(self.state.objects, None, "it could not be read", self.state.failures + 1)
                todo = List(1.0)

    def _list(self) -> List | Watch:
        try:
            answer = self._api.ask("GET", self._path, query=self._query, cancelled=self._over.is_set)
        except (ApiRefused, ApiUnreachable) as error:
            return self._happened(_failed(error))
        listed = Listed(
            str(answer["metadata"].get("resourceVersion", "")),
            [slim for it in answer["items"] if (slim := self._slim(it)) is not None],
        )
        next_step = self._happened(listed)
        self.seen.set()
        return next_step

    def _watch(self, version: str) -> List | Watch:
        query = {
            **self._query,
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        began = time.monotonic()
        try:
            for line in self._api.watch_lines(self._path, query, SILENCE_SECONDS, self._opened):
                if self._over.is_set():
                    return List()
                step = self._line(line)
                if step is not None:  # it has failed
                    return step
        except (ApiRefused, ApiUnreachable) as error:
            return self._happened(_failed(error))
        finally:
            self._response = None
        return self._happened(Ended(time.monotonic() - began))

    def _line(self, line: Json) -> List | Watch | None:
        kind, it = str(line["type"]), line["object"]
        if kind not in ("ERROR", "BOOKMARK"):
            slim = self._slim(it)
            kind, it = ("BOOKMARK", it) if slim is None else (kind, slim)
        self.state, effects = apply(self.state, Line(kind, it))
        return self._perform(effects)

    def _happened(self, event: Event) -> List | Watch:
        self.state, effects = apply(self.state, event)
        step = self._perform(effects)
        assert step is not None
        return step

    def _perform(self, effects: list[Any]) -> List | Watch | None:
        if not self.state.trouble:
            self.troubled_since = None
        elif self.troubled_since is None:
            self.troubled_since = time.monotonic()
        step = None
        for effect in effects:
            if not isinstance(effect, Tell):
                step = effect
            elif not self._over.is_set():
                self._told(effect)
        return step

    def _opened(self, response: Any) -> None:
        self._response = response
        self.state, effects = apply(self.state, Opened())
        self._perform(effects)
        if self._over.is_set():
            _shut(response)


def _failed(error: ApiRefused | ApiUnreachable) -> Failed:
    if isinstance(error, ApiRefused):
        return Failed(error.status, str(error), error.retry_after)
    return Failed(0, str(error))


def _shut(response: Any) -> None:
    """Wakes the thread that reads it: to close it would wait for that thread."""
    with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):  # it has ended already
        response.shutdown()


def slim_pod(pod: Json) -> Json:
    """Of a pod what says how it stands: of a thousand of them the rest would be megabytes."""
    metadata, spec = pod["metadata"], pod.get("spec") or {}
    kept = ("name", "uid", "resourceVersion", "labels", "creationTimestamp", "deletionTimestamp")
    containers = spec.get("containers") or [{}]
    main = {name: containers[0].get(name) for name in ("name", "image")}
    return {
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        "spec": {"nodeName": spec.get("nodeName"), "containers": [main]},
        "status": pod.get("status") or {},
    }


def slim_event(event: Json) -> Json | None:
    """Of an event of one of our pods what is told of it."""
    about = event.get("involvedObject") or {}
    if about.get("kind") != "Pod" or not str(about.get("name", "")).startswith("bl-"):
        return None
    metadata = event["metadata"]
    return {
        "metadata": {name: metadata.get(name) for name in ("name", "uid", "resourceVersion")},
        "pod": about.get("name"),
        "uid": about.get("uid"),
        "reason": event.get("reason"),
        "message": event.get("message"),
        "count": event.get("count") or 1,
        "at": event.get("lastTimestamp") or event.get("eventTime") or metadata.get("creationTimestamp") or "",
    }
