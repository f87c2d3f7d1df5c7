"""The packages that this interpreter was asked for: by code of its own (`declare`), and by other nodes (`ensure`).

    declare    requirements ──► what is missing ──► installed, on sys.path ──► a lock of all that they need
    ensure     a lock of another node ──► what is missing ──► installed, on sys.path

Work is done in a thread, one piece at a time. Only what is missing is installed, so an environment adds packages to an
interpreter that runs; nothing of it is replaced that has been imported. As in other directories on the path, `.pth`
files in it are not run.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Final

from beamlike.code.requirements.declaration import Requirements, union
from beamlike.code.requirements.errors import BadRequirements, CannotInstall
from beamlike.code.requirements.exclusion import naming_who_wants
from beamlike.code.requirements.here import check_own, is_met, lacking, top_level_modules
from beamlike.code.requirements.in_thread import in_thread, over
from beamlike.code.requirements.installer import Installer, choose_installer
from beamlike.code.requirements.leaving import leave
from beamlike.code.requirements.lock import Lock as RequirementsLock
from beamlike.code.requirements.lock import Pin, platform_here
from beamlike.code.requirements.needs import NEEDS, Needs
from beamlike.code.requirements.progress import Report, Step, log_step
from beamlike.code.requirements.provision import Provision
from beamlike.code.requirements.resolved_urls import ResolvedUrls
from beamlike.code.requirements.search_path import with_environment
from beamlike.code.requirements.store import Held
from beamlike.code.requirements.work import Work

RESTART: Final = "restart this interpreter (of a notebook, its runtime)"
STOP_AND_BOOT: Final = "stop that node and start it anew (a child: boot another in its place)"
"""What to do, by who is told: whoever declared something here, or another node that has named this one."""

AGAIN_AFTER: Final = 10.0
"""Seconds after which what could not be had is tried again, if somebody asks: not for each term that waits for it."""


class Environments:
    """Those of one interpreter, on disk in `root`, or in the user's cache. Safe from any thread; nothing here waits but
    the thread that works."""

    def __init__(
        self, root: Path | None = None, choose: Callable[[], Installer] = choose_installer, needs: Needs | None = None
    ) -> None:
        self._provision = Provision(root, choose)
        self._needs = needs or Needs()
        self._state = Lock()
        self._working = Lock()
        self._stop = Event()
        self._declared: dict[str, Requirements] = {}
        self._own: RequirementsLock | None = None
        self._ensured: dict[bytes, _Ensured] = {}
        self._held: list[Held] = []
        self._urls = ResolvedUrls()

    def active(self) -> list[RequirementsLock]:
        """What whoever runs code of this node needs: the lock of what was declared here, and those of other nodes."""
        with self._state:
            return self._active()

    def _active(self) -> list[RequirementsLock]:
        own = [self._own] if self._own is not None else []
        return own + [one.lock for one in self._ensured.values() if one.is_ready and one.lock != self._own]

    # What this one is to have.

    def declare(
        self, source: str, requirements: Requirements, report: Report = log_step, stop: Event | None = None
    ) -> Future[RequirementsLock]:
        """Has these packages here, and on whatever node runs code of this one: with all that was declared before, but
        for what `source` (a cell, a script) declared itself.

        The future has their lock, or a RequirementsError. `stop` calls the work off, and then it has CalledOff.
        """
        return in_thread(self._declare, source, requirements, report, stop or Event())

    def declare_installed(self, source: str, requirements: Requirements) -> tuple[str, ...]:
        """Declares what somebody else has installed here, and installs nothing: returns what of it is missing."""
        with self._state:
            declared = {**self._declared, source: requirements}
            found = self._urls.closure(union(declared.values()).dependencies)
            if not found.missing:
                self._now_declared(declared)
            return found.missing

    def ensure(self, lock: bytes, report: Report = log_step) -> Future[None]:
        """Has what a lock (`Lock.to_bytes`) of another node names here. The future, the same one for each lock, is done
        at once if it is here already; a RequirementsError in it says why it cannot be had. After a while, that is tried
        anew when somebody asks."""
        with self._state:
            known = self._ensured.get(lock)
            if known is None or known.may_be_tried_again:
                try:
                    known = _Ensured(RequirementsLock.from_bytes(lock), kept_by=known.kept_by if known else 0)
                except BadRequirements as error:
                    return over(error)
                known.is_ready = is_met(known.lock)
                work = Work(report, self._stop)  # whoever closes calls it off, also if its thread begins later
                known.future = over() if known.is_ready else in_thread(self._make_ready, known, work)
                self._ensured[lock] = known
                self._tell_needs()
            return known.future

    def keep(self, lock: bytes) -> None:
        """For a connection whose terms need that lock, which was ensured; until it releases it."""
        with self._state:
            if lock in self._ensured:
                self._ensured[lock].kept_by += 1

    def release(self, lock: bytes) -> None:
        """When no connection keeps any lock any more, and nothing was declared here, the environments are left."""
        with self._state:
            ensured = self._ensured.get(lock)
            if ensured is not None:
                ensured.kept_by -= 1
                if ensured.kept_by <= 0:
                    del self._ensured[lock]
                    self._leave_if_unused()

    def close(self) -> None:
        """Ends work under way, and leaves the environments."""
        self._stop.set()
        with self._working, self._state:
            self._declared.clear()
            self._ensured.clear()
            self._own = None
            self._stop = Event()
            self._leave_if_unused()

    def _leave_if_unused(self) -> None:
        if not self._ensured and not self._declared:
            for held in self._held:
                leave(str(held.path))
                held.close()
            self._held.clear()
        self._tell_needs()

    # The work.

    def _declare(self, source: str, requirements: Requirements, report: Report, stop: Event) -> RequirementsLock:
        requirements.check_python()
        check_own(requirements)
        with self._working:
            declared = {**self._declared, source: requirements}
            wanted = union(declared.values())
            if missing := self._urls.closure(wanted.dependencies).missing:
                report(Step("resolving", ", ".join(missing)))
                with naming_who_wants(declared):
                    pins = self._provision.plan(wanted.dependencies, (), Work(report, stop))
                self._activate(self._provision.install(pins, wanted, RESTART, Work(report, stop)))
                self._check_all_here(wanted, pins)
            with self._state:
                return self._now_declared(declared)

    def _make_ready(self, ensured: _Ensured, work: Work) -> None:
        lock = ensured.lock
        try:
            lock.requirements.check_python()
            with self._working:
                pins = lacking(lock.pins)
                if lock.platform != platform_here():
                    work.report(Step("resolving", ", ".join(lock.requirements.dependencies)))
                    pins = self._provision.plan(lock.requirements.dependencies, lock.pins, work)
                self._activate(self._provision.install(pins, lock.requirements, STOP_AND_BOOT, work))
        except BaseException:
            ensured.failed_at = time.monotonic()
            raise
        with self._state:
            ensured.is_ready = True
            self._leave_if_unused()  # all connections may be over by now

    def _activate(self, held: Held | None) -> None:
        if held is None:
            return
        paths = sysconfig.get_paths()
        standard = {paths["stdlib"], paths["platstdlib"], sysconfig.get_config_var("DESTSHARED") or paths["stdlib"]}
        with self._state:
            self._held.append(held)
            sys.path[:] = with_environment(sys.path, str(held.path), standard)
        importlib.invalidate_caches()

    def _check_all_here(self, wanted: Requirements, planned: Sequence[Pin]) -> None:
        missing = self._urls.closure(wanted.dependencies, planned).missing
        if missing:
            raise CannotInstall(
                f"{', '.join(missing)} is still missing after all was installed: the index says of a package that it "
                "needs something else than the package says itself"
            )

    def _now_declared(self, declared: dict[str, Requirements]) -> RequirementsLock:
        wanted = union(declared.values())
        present = self._urls.closure(wanted.dependencies).present
        pins = tuple(Pin.of(found.name, found.version, found.url, found.hashes) for found in present)
        self._declared = declared
        self._own = RequirementsLock(wanted, pins, platform_here())
        self._tell_needs()
        return self._own

    def _tell_needs(self) -> None:
        active = self._active()
        modules = (top_level_modules(pin) for lock in active for pin in lock.pins)
        self._needs.say((lock.to_bytes() for lock in active), frozenset().union(*modules))


@dataclass(eq=False)
class _Ensured:
    lock: RequirementsLock
    future: Future[None] = field(default_factory=Future)
    is_ready: bool = False
    kept_by: int = 0
    failed_at: float | None = None

    @property
    def may_be_tried_again(self) -> bool:
        return self.failed_at is not None and time.monotonic() > self.failed_at + AGAIN_AFTER


ENVIRONMENTS = Environments(needs=NEEDS)
