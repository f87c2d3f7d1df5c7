"""What is installed where this interpreter looks: the distributions that an import would take, by name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path, PurePath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from beamlike.code.requirements.closure import OWN, Installed, closure, meets
from beamlike.code.requirements.credentials import without_credentials
from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.errors import BadRequirements
from beamlike.code.requirements.hashes import hashes_of
from beamlike.code.requirements.lock import Lock, Pin, platform_here

_IMPORTABLE = (".py", ".so", ".pyd")


def find_installed(name: str) -> Installed | None:
    """The distribution of that name, in whatever version."""
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    return described(canonicalize_name(name), found) if is_whole(found) else None


def is_whole(found: metadata.Distribution) -> bool:
    """Whether it is no remains of a removal."""
    try:
        return "Name" in found.metadata and "Version" in found.metadata
    except FileNotFoundError:  # of the backport, which may have taken the standard library's place meanwhile
        return False


def described(name: str, found: metadata.Distribution) -> Installed:
    """`name` is in its one spelling."""
    urls = list(_urls(found))
    return Installed(
        name,
        found.version,
        tuple(found.requires or ()),
        urls[0] if urls else None,
        frozenset(urls),
        hashes_of(name, found),
    )


def lacking(pins: Iterable[Pin]) -> list[Pin]:
    """Those that are not here, or not as they are locked."""
    return [pin for pin in pins if (found := find_installed(pin.name)) is None or not pin.is_met_by(found)]


def check_own(requirements: Requirements) -> None:
    """BadRequirements if another version of this very package is asked for than the one that runs."""
    own = find_installed(OWN)
    for text in requirements.dependencies:
        wanted = Requirement(text)
        if own is not None and canonicalize_name(wanted.name) == OWN and not meets(own, wanted):
            raise BadRequirements(
                f"expected {text}, this node runs {OWN} {own.version}: install that version where the node is started"
            )


def is_met(lock: Lock) -> bool:
    """Whether all that it locks is here; where another platform needs other packages, whether its requirements are."""
    if lock.platform == platform_here():
        return not lacking(lock.pins)
    of_any_file = (replace(pin, hashes=()) for pin in lock.pins)  # there it may be made of another
    return not closure(lock.requirements.dependencies, find_installed).missing and not any(
        find_installed(pin.name) for pin in lacking(of_any_file)
    )


def versions_here() -> list[str]:
    return [f"{name}=={found.version}" for name, found in _visible().items()]


def write_metadata(directory: Path) -> None:
    """What is here as an installer sees it, without its code: each distribution's metadata in a directory of its own.

    So installers leave alone what is here, also in environments that they do not know.
    """
    for name, found in _visible().items():
        text = found.read_text("METADATA") or found.read_text("PKG-INFO")
        if text:
            info = directory / f"{name.replace('-', '_')}-{found.version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(text, encoding="utf-8")


@cache
def top_level_modules(pin: Pin) -> frozenset[str]:
    """What can be imported of that distribution, if it is here."""
    try:
        found = metadata.distribution(pin.name)
    except metadata.PackageNotFoundError:
        return frozenset()
    listed = found.read_text("top_level.txt")
    return frozenset(listed.split()) if listed else frozenset(_top_level(found.files or ()))


def _visible() -> dict[str, metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions():
        if is_whole(distribution):
            found.setdefault(canonicalize_name(distribution.metadata["Name"]), distribution)
    return found


def _top_level(files: Iterable[PurePath]) -> Iterator[str]:
    for file in files:
        first = file.parts[0]
        if file.suffix in _IMPORTABLE and not first.endswith((".dist-info", ".egg-info")) and first != "..":
            yield first.partition(".")[0]


def _urls(found: metadata.Distribution) -> Iterator[str]:
    """Where it was installed from, if it was by its URL (PEP 610): the very commit, and what was asked for."""
    text = found.read_text("direct_url.json")
    if text is None:
        return
    direct = json.loads(text)
    url, vcs = without_credentials(direct["url"]), direct.get("vcs_info")
    if vcs:
        asked_for = vcs.get("requested_revision")
        yield f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
        yield f"{vcs['vcs']}+{url}@{asked_for}" if asked_for else f"{vcs['vcs']}+{url}"
    elif "archive_info" in direct:
        yield url
