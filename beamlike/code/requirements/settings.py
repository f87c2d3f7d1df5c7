"""What installers have been told: where packages come from, and which may be taken. As a digest, which who asks (his
name, a token that lasts for an hour) does not change.

Two programs with the same requirements and other settings may mean other packages. The files are read instead of asking
the installers, which takes as long as the rest of a program's start. A setting that changes nothing costs a plan; one
that was overlooked would give a package of another index.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

from beamlike.code.requirements.credentials import without_user

_SECRETS = ("_USERNAME", "_PASSWORD", "_TOKEN")
_URL = re.compile(r"[\w.+-]+://\S+")


def settings_digest(environment: Mapping[str, str] = os.environ, directory: Path | None = None) -> str:
    """Of installers that are started with that environment, in that directory, or in the one of this process."""
    told = [str(shutil.which("uv", path=environment.get("PATH")) is not None)]
    told += sorted(
        f"{name}={value}"
        for name, value in environment.items()
        if name.startswith(("PIP_", "UV_")) and not name.endswith(_SECRETS)
    )
    told += [
        f"{path}\n{text}" for path in _files(environment, directory or _working_directory()) if (text := _said_in(path))
    ]
    content = _URL.sub(lambda url: without_user(url[0]), "\n".join(told))
    return blake2b(content.encode(errors="surrogateescape"), digest_size=16).hexdigest()


def _files(environment: Mapping[str, str], directory: Path) -> Iterator[Path]:
    """Those that pip and uv look for, by their documentation."""
    named = (environment.get(name) for name in ("PIP_CONFIG_FILE", "UV_CONFIG_FILE"))
    yield from (Path(name) for name in named if name)
    places = [*_of_all(environment), *_of_the_user(environment)]
    yield from (place / name for place in places for name in ("pip/pip.conf", "uv/uv.toml"))
    yield from (Path("/etc/pip.conf"), Path(sys.prefix, "pip.conf"), _home(environment) / ".pip/pip.conf")
    yield from (place / name for place in (directory, *directory.parents) for name in ("uv.toml", "pyproject.toml"))


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it has been removed
        return Path("/")


def _of_all(environment: Mapping[str, str]) -> Iterator[Path]:
    yield Path("/etc")
    yield from map(Path, (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep))
    if sys.platform == "darwin":
        yield Path("/Library/Application Support")


def _of_the_user(environment: Mapping[str, str]) -> Iterator[Path]:
    home = _home(environment)
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    if sys.platform == "darwin":
        yield from (home / ".config", home / "Library/Application Support")


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or os.path.expanduser("~"))


def _said_in(path: Path) -> str:
    """What a file says to an installer; a project's own says other things, too."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return _of_uv(text) if path.name == "pyproject.toml" else text


def _of_uv(pyproject: str) -> str:
    try:
        table = tomllib.loads(pyproject).get("tool", {}).get("uv")
    except (tomllib.TOMLDecodeError, AttributeError):
        return ""
    return repr(table) if table else ""
