"""`settings.toml` in the directory for settings: read at the start, and one line of it changed when a user changes a
setting. Comments and order are the user's and stay."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from notebook_tui.session.profiles import settings_path as profiles_path
from notebook_tui.session.whole_files import replace_file
from notebook_tui.ui.settings.parse import parsed
from notebook_tui.ui.settings.values import Settings, Value

FILE: Final = "settings.toml"


class NotKept(OSError):
    """The file of settings could not be written; the message says why. The setting holds until the program ends."""


def settings_file() -> Path:
    """Where the settings are, or would be: beside the user's runtimes."""
    return profiles_path().with_name(FILE)


def read_settings(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """The settings in the file, and what is wrong with it; the defaults if there is none."""
    try:
        return parsed(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return Settings(), ()
    except (OSError, UnicodeDecodeError) as error:
        return Settings(), (f"{path} cannot be read: {error}. No setting of it is used.",)


def keep_setting(path: Path, name: str, value: Value) -> None:
    """Write this one setting into the file, whole or not at all; the rest of it stays as it is."""
    from tomlkit import dumps, parse
    from tomlkit.exceptions import TOMLKitError

    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        document = parse(text)
        document[name] = value
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, dumps(document).encode())
    except (OSError, UnicodeDecodeError) as error:
        raise NotKept(f"{path} could not be written: {error}") from error
    except TOMLKitError as error:
        raise NotKept(f"{path} is not TOML and was left alone: {error}") from error
