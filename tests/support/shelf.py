"""An installer without subprocess and network: it installs wheels that it was given, as pip would."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from threading import Event

from packaging.requirements import Requirement

from beamlike.code.requirements.closure import Installed, closure
from beamlike.code.requirements.errors import CannotInstall
from beamlike.code.requirements.guarded_process import CalledOff
from beamlike.code.requirements.here import find_installed
from beamlike.code.requirements.lock import Pin
from beamlike.code.requirements.progress import Step
from beamlike.code.requirements.work import Work
from tests.support.wheels import Wheel

PATIENCE = 30.0


class Shelf:
    """Its wheels are given from the oldest to the newest."""

    def __init__(self, *wheels: Wheel) -> None:
        self.wheels = {(wheel.name, wheel.version): wheel for wheel in wheels}
        self.planned = 0
        self.installed: list[list[str]] = []
        self.plans_fail_with: CannotInstall | None = None
        self.breaks_with: Exception | None = None
        self.open = Event()
        """Nothing is installed before it is set; it is, at first."""
        self.open.set()

    def plan(
        self, dependencies: Sequence[str], constraints: Sequence[Pin], here: Path, scratch: Path, work: Work
    ) -> list[Pin]:
        self.planned += 1
        if self.plans_fail_with is not None:
            raise self.plans_fail_with
        newest = self._newest([Requirement(text) for text in dependencies])
        newest |= {pin.name: self.wheels[pin.name, pin.version] for pin in constraints if pin.name in newest}

        def find(name: str) -> Installed | None:
            wheel = newest.get(name)
            return Installed(name, wheel.version, wheel.requires) if wheel else find_installed(name)

        found = closure(dependencies, find)
        if found.missing:
            raise CannotInstall(f"the shelf has no {Requirement(found.missing[0]).name}")
        return [self._pin(newest[each.name]) for each in found.present if each.name in newest]

    def _pin(self, wheel: Wheel) -> Pin:
        return Pin(wheel.name, wheel.version, hashes=(f"sha256:{sha256(wheel.content()).hexdigest()}",))

    def _newest(self, asked: list[Requirement]) -> dict[str, Wheel]:
        """The newest wheel of each name that meets what is asked for, and what those that are asked for need."""
        names = {requirement.name for requirement in asked}
        needed = [Requirement(text) for wheel in self.wheels.values() if wheel.name in names for text in wheel.requires]
        return {
            wheel.name: wheel
            for wheel in self.wheels.values()
            if all(wheel.version in bound.specifier for bound in (*asked, *needed) if bound.name == wheel.name)
        }

    def install(self, pins: Sequence[Pin], target: Path, scratch: Path, work: Work) -> None:
        self.installed.append([str(pin) for pin in pins])
        if self.breaks_with is not None:
            raise self.breaks_with
        while not self.open.wait(0.01):
            if work.stop.is_set():
                raise CalledOff
        for pin in pins:
            if pin.hashes and pin != self._pin(self.wheels[pin.name, pin.version]):
                raise CannotInstall(f"the shelf has another file of {pin}")
            with zipfile.ZipFile(io.BytesIO(self.wheels[pin.name, pin.version].content())) as wheel:
                wheel.extractall(target)
        work.report(Step("installing", ", ".join(map(str, pins))))
