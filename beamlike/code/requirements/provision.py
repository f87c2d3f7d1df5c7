"""Plans what is missing, and installs it into an environment of the store."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from beamlike.code.requirements.closure import OWN
from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.errors import VersionConflict
from beamlike.code.requirements.failures import in_words
from beamlike.code.requirements.hashes import note_hashes
from beamlike.code.requirements.here import lacking, versions_here, write_metadata
from beamlike.code.requirements.imported import clashes
from beamlike.code.requirements.installer import Installer
from beamlike.code.requirements.lock import Pin, environment_key, platform_here
from beamlike.code.requirements.ones_own import check_ones_own
from beamlike.code.requirements.plans import Plans, plan_key
from beamlike.code.requirements.progress import Step
from beamlike.code.requirements.settings import settings_digest
from beamlike.code.requirements.store import Held, Store, environments_path
from beamlike.code.requirements.work import Work


class Provision:
    """With an installer that is chosen when it is needed, into `root`, or the user's cache."""

    def __init__(self, root: Path | None, choose: Callable[[], Installer]) -> None:
        self._given_root = root
        self._choose = choose

    @property
    def _root(self) -> Path:
        return (self._given_root or environments_path()).resolve()

    def plan(self, dependencies: Sequence[str], constraints: Sequence[Pin], work: Work) -> list[Pin]:
        """What has to be installed here for these requirements: what it was the last time, if that is still there.
        CannotInstall says why nothing fits."""
        plans, platform = Plans(self._root), platform_here()
        with in_words():
            check_ones_own(self._root)
        key = plan_key(dependencies, constraints, versions_here(), platform, settings_digest())
        pins = plans.recall(key, platform)
        if pins is None:
            pins = self._planned(dependencies, constraints, work)
            plans.note(key, pins)
        return pins

    def _planned(self, dependencies: Sequence[str], constraints: Sequence[Pin], work: Work) -> list[Pin]:
        others = [text for text in dependencies if _name(text) != OWN]
        with in_words(), Store(self._root).draft(secrets.token_hex(16)) as scratch:
            here = scratch / "here"
            here.mkdir()
            write_metadata(here)
            bounds = [pin for pin in constraints if not pin.url]
            pins = self._choose().plan(others, bounds, here, scratch, work)
        return lacking(pin for pin in pins if pin.name != OWN)

    def install(self, pins: Sequence[Pin], wanted: Requirements, anew: str, work: Work) -> Held | None:
        """An environment of exactly these, for `wanted`; None if these are none. VersionConflict, before anything is
        done, if one of them has been imported in another version; `anew` says how one starts this interpreter anew."""
        refuse_imported(pins, wanted, anew)
        if not pins:
            return None
        names = ", ".join(map(str, pins))

        def fill(target: Path, scratch: Path) -> None:
            work.report(Step("downloading", names))
            self._choose().install(pins, target, scratch, work)
            note_hashes(pins, target)

        def waiting() -> None:
            work.report(Step("waiting", f"another node of this machine installs {names}"))

        store = Store(self._root)
        with in_words():
            held = store.make(environment_key(pins, platform_here()), fill, waiting=waiting, stop=work.stop)
        work.report(Step("ready", names))
        return held


def refuse_imported(pins: Iterable[Pin], wanted: Requirements, anew: str) -> None:
    """VersionConflict names the first of these that comes too late, who wants it, and what to do."""
    found = clashes(pins, sys.modules)
    if found:
        pin, imported = found[0].pin, found[0].imported
        asked = [text for text in wanted.dependencies if _name(text) == pin.name]
        by = f"{asked[0]!r} asks for" if asked else f"{', '.join(wanted.dependencies)} needs"
        other = f"a {pin.version} of another index or URL" if pin.is_of(imported) else pin.version
        raise VersionConflict(
            f"{pin.name} {imported} has been imported (as `{found[0].module}`), and {by} {other}: {anew}, or ask for "
            f"a version that {imported} meets"
        )


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)
