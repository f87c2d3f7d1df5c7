"""The packages of a runtime, for people: which of those asked for are there, and what one more would bring along.

The installer itself is asked, with the settings that it has there; who has waited long enough ends it.
"""

from __future__ import annotations

import asyncio
import logging
import platform
from threading import Event
from typing import Final, TypeAlias

import beamlike as bl
from beamlike.kernel.question import Client
from beamlike.kernel.record import frozen
from notebook_tui.runtime.own_thread import in_thread

SECONDS: Final = 10.0
CHECK_SECONDS: Final = 60.0

logger = logging.getLogger("notebook_tui.runtime")


@frozen
class ListPackages:
    """A call to the runtime's server: how these requirements stand. The answer is `Packages`."""

    dependencies: tuple[str, ...]


@frozen
class CheckPackage:
    """A call to the runtime's server: what would be installed for this requirement. The answer is `PackageCheck`."""

    requirement: str


@frozen
class PackageSeen:
    requirement: str
    installed: str
    """The version that is there; empty if none is."""
    is_met: bool


@frozen
class Packages:
    python: str
    declared: tuple[PackageSeen, ...] = ()
    locked: int = 0
    """So many packages are locked, with all that the declared ones need, for whatever node runs code of this one."""
    installed: tuple[tuple[str, str], ...] = ()
    """All that can be imported, by name, with versions."""


@frozen
class PackageCheck:
    adds: tuple[str, ...] = ()
    """What would be installed, in words."""
    trouble: str = ""


Question: TypeAlias = ListPackages | CheckPackage


def serve(client: Client, question: Question) -> None:
    """Has `client` answered, soon."""
    bl.spawn(_serve, client, question)


async def _serve(client: Client, question: Question) -> None:
    if isinstance(question, ListPackages):
        bl.GenServer.reply(client, await _listed(question))
        return
    stop = Event()
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            answer = await in_thread(lambda: checked(question.requirement, stop))
    except TimeoutError:
        answer = PackageCheck(trouble=f"the installer had no answer within {CHECK_SECONDS:g} s, and was ended")
    finally:
        stop.set()
    bl.GenServer.reply(client, answer)


async def _listed(question: ListPackages) -> Packages:
    try:
        async with asyncio.timeout(SECONDS):
            return await in_thread(lambda: listed(question.dependencies))
    except TimeoutError:
        logger.warning("the packages could not be listed within %s s", SECONDS)
        return Packages(platform.python_version())


def listed(dependencies: tuple[str, ...]) -> Packages:
    """
    >>> found = listed(("packaging", "no-such-package-here"))
    >>> [(each.requirement, each.is_met) for each in found.declared]
    [('packaging', True), ('no-such-package-here', False)]
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    from beamlike.code.requirements.closure import meets
    from beamlike.code.requirements.environments import ENVIRONMENTS
    from beamlike.code.requirements.here import find_installed, versions_here

    declared = []
    for text in dependencies:
        wanted = Requirement(text)
        found = find_installed(canonicalize_name(wanted.name))
        declared.append(PackageSeen(text, found.version if found else "", found is not None and meets(found, wanted)))
    locked = {pin.name for lock in ENVIRONMENTS.active() for pin in lock.pins}
    pairs = (text.partition("==") for text in sorted(versions_here()))
    installed = tuple((name, version) for name, _, version in pairs)
    return Packages(platform.python_version(), tuple(declared), len(locked), installed)


def checked(requirement: str, stop: Event) -> PackageCheck:
    from beamlike.code.requirements.declaration import Requirements
    from beamlike.code.requirements.errors import RequirementsError
    from beamlike.code.requirements.installer import choose_installer
    from beamlike.code.requirements.progress import log_step
    from beamlike.code.requirements.provision import Provision
    from beamlike.code.requirements.work import Work

    try:
        wanted = Requirements.of([requirement])
        pins = Provision(None, choose_installer).plan(wanted.dependencies, (), Work(log_step, stop))
    except (RequirementsError, OSError) as error:
        return PackageCheck(trouble=str(error))
    return PackageCheck(tuple(map(str, pins)))
