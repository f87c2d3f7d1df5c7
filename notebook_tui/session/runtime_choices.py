"""Where cells of an open notebook could run: the user's profiles, and the nodes of this host that can be reached."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Final

from beamlike.distribution.directory import Directory
from beamlike.kernel.record import frozen
from notebook_tui.session.profiles import LOCAL, Profile, ProfileError, profiles, settings_path
from notebook_tui.session.whole_files import replace_file

PYTHON_SECONDS: Final = 15.0
_LEAST: Final = (3, 11)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@frozen
class ReachableNode:
    name: str
    address: str
    pid: int


@frozen
class RuntimeChoices:
    profiles: tuple[Profile, ...]
    default: str
    nodes: tuple[ReachableNode, ...]
    trouble: str = ""
    """Why the profiles, or the nodes, are not all that there are."""


async def runtime_choices() -> RuntimeChoices:
    return await asyncio.to_thread(_choices)


async def add_profile(profile: Profile) -> None:
    """Writes it to the user's `runtimes.toml`. `ProfileError` says what is wrong with it."""
    await asyncio.to_thread(_add, profile)


def _choices() -> RuntimeChoices:
    troubles = []
    try:
        known, default = profiles()
    except ProfileError as error:
        known, default = {LOCAL: Profile(LOCAL)}, LOCAL
        troubles.append(str(error))
    try:
        entries = [entry for entry in Directory().nodes() if not entry.hidden]
    except OSError as error:
        entries = []
        troubles.append(f"the nodes of this host cannot be listed: {error}")
    found = (ReachableNode(entry.name, f"{entry.host}:{entry.port}", entry.pid) for entry in entries)
    return RuntimeChoices(tuple(known.values()), default, tuple(found), "; ".join(troubles))


def profile_troubles(profile: Profile) -> dict[str, str]:
    """What is wrong with it, by the names of its fields: its Python is started to see which one it is.

    >>> profile_troubles(Profile("a b"))
    {'name': 'expected letters, digits, - and _, such as old-python; got a b'}
    """
    found = {}
    if not _NAME.fullmatch(profile.name):
        found["name"] = f"expected letters, digits, - and _, such as old-python; got {profile.name}"
    if profile.python is not None and (trouble := _trouble_of_python(profile.python)):
        found["python"] = trouble
    if profile.directory is not None and not os.path.isdir(os.path.expanduser(profile.directory)):
        found["directory"] = f"expected a directory that there is; got {profile.directory}"
    return found


def _trouble_of_python(python: str) -> str:
    path = os.path.expanduser(python)
    try:
        ended = subprocess.run(
            [path, "-I", "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            timeout=PYTHON_SECONDS,
            check=True,
        )
        version = tuple(map(int, ended.stdout.split()))
    except FileNotFoundError:
        return f"expected a Python that there is, such as /usr/bin/python3.12; there is no {path}"
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return f"expected a Python that starts; {path} does not: {type(error).__name__}"
    if version < _LEAST:
        return f"expected Python 3.11 or newer; {path} is {'.'.join(map(str, version))}"
    return ""


def _add(profile: Profile) -> None:
    known, _ = profiles()
    if profile.name in known:
        raise ProfileError(f"there is a runtime {profile.name!r} already: choose another name")
    for trouble in profile_troubles(profile).values():
        raise ProfileError(trouble)
    path = settings_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    replace_file(path, (before + ("\n" if before else "") + _as_toml(profile)).encode())


def _as_toml(profile: Profile) -> str:
    """
    >>> print(_as_toml(Profile("old", python="/usr/bin/python3.11")), end="")
    [old]
    kind = "local"
    python = "/usr/bin/python3.11"
    """
    lines = [f"[{profile.name}]", 'kind = "local"']
    for key, value in (("python", profile.python), ("directory", profile.directory)):
        if value is not None:
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    if profile.env:
        pairs = ", ".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in profile.env.items())
        lines.append(f"env = {{{pairs}}}")
    return "\n".join(lines) + "\n"


def home_shortened(path: str) -> str:
    home = str(Path.home())
    return f"~{path[len(home) :]}" if path.startswith(f"{home}/") else path
