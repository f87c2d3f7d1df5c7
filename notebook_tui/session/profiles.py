"""Runtimes by name, as a user describes them in `beamlike/runtimes.toml` in the directory for settings:

    default = "old"

    [old]
    kind = "local"
    python = "/usr/bin/python3.11"
    directory = "~/data"
    env = {OMP_NUM_THREADS = "1"}

A notebook's file names none, so that opening somebody's file reaches nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from beamlike.kernel.record import frozen
from notebook_tui.session.booted import Local
from notebook_tui.session.runtime import Runtime

FILE: Final = "runtimes.toml"
DEFAULT: Final = "default"
LOCAL: Final = "local"
"""This name is there without being described, and so is this kind."""
_KEYS: Final = ("kind", "python", "directory", "env")


class ProfileError(ValueError):
    """There is no such profile, or it makes no sense; the message says what is expected."""


@frozen
class Profile:
    """A child process of the terminal program: of which interpreter, where, and with what environment besides."""

    name: str
    python: str | None = None
    directory: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)

    def runtime(self) -> Runtime:
        return Local(self.name, python=self.python, directory=self.directory, env=self.env)


def settings_path() -> Path:
    """Where the descriptions are, or would be."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")) / "beamlike" / FILE


def profiles() -> tuple[dict[str, Profile], str]:
    """All that there are, by name, and the name of the one that is meant when none is named."""
    path = settings_path()
    try:
        text = path.read_text(encoding="utf-8")
        import tomllib  # by whoever has profiles

        said = tomllib.loads(text)
    except FileNotFoundError:
        said = {}
    except (OSError, ValueError) as error:
        raise ProfileError(f"{path} cannot be read: {error}") from error
    default = said.pop(DEFAULT, LOCAL)
    known = {LOCAL: Profile(LOCAL)} | {name: _profile(path, name, table) for name, table in said.items()}
    if default not in known:
        raise ProfileError(f"{path}: default is {default!r}; expected one of {', '.join(known)}")
    return known, default


def runtime_named(name: str | None = None) -> Runtime:
    """The runtime of that profile, or the user's default. `ProfileError` if there is none."""
    known, default = profiles()
    if name is not None and name not in known:
        raise ProfileError(
            f"there is no runtime {name!r}; there are: {', '.join(known)}. Others are described in {settings_path()}"
        )
    return known[name or default].runtime()


def _profile(path: Path, name: str, table: Any) -> Profile:
    where = f"{path}, [{name}]"
    if not isinstance(table, dict):
        raise ProfileError(f"{path}: expected a table [{name}] with kind = {LOCAL!r}, found {table!r}")
    unknown = [key for key in table if key not in _KEYS]
    if unknown:
        raise ProfileError(f"{where}: expected {', '.join(_KEYS)}; found {', '.join(unknown)}")
    if table.get("kind", LOCAL) != LOCAL:
        raise ProfileError(f"{where}: expected kind = {LOCAL!r}, found {table['kind']!r}")
    for key in ("python", "directory"):
        if not isinstance(table.get(key, ""), str):
            raise ProfileError(f"{where}: expected {key} to be a path, found {table[key]!r}")
    env = table.get("env", {})
    if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
        raise ProfileError(f"{where}: expected env to be a table of texts, found {env!r}")
    directory = table.get("directory")
    python = table.get("python")
    return Profile(name, python and os.path.expanduser(python), directory and os.path.expanduser(directory), env)
