"""What a user can set, each with its default, its choices and its meaning. Values only: files are read elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal, TypeAlias

from beamlike.kernel.record import frozen

KeyMapName: TypeAlias = Literal["default", "vim", "emacs"]
Images: TypeAlias = Literal["auto", "kitty", "iterm2", "sixel", "blocks", "off"]
Value: TypeAlias = str | bool | int | float


@frozen
class Settings:
    """
    >>> Settings(keymap="vim").keymap
    'vim'
    """

    theme: str = "auto"
    """`auto`, `night`, `day`, `ansi`, or a theme of Textual by its name."""
    keymap: KeyMapName = "default"
    completion_while_typing: bool = True
    signatures_while_typing: bool = True
    closing_brackets: bool = True
    mouse: bool = True
    images: Images = "auto"
    notify_after_seconds: float = 10.0
    """0: never."""
    ascii: bool = False
    plain: bool = False
    line_numbers: bool = True
    keep_sessions: bool = False
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The user's own keys, by the names of actions in the table of keys."""


@frozen
class Setting:
    """One row of the screen of settings."""

    name: str
    title: str
    meaning: str
    choices: tuple[Value, ...] = ()
    """Empty: any text or number of the default's kind."""
    later: bool = False
    """Whether it takes effect only when the program is started again."""
    open: bool = False
    """Whether other values than the choices are fine as well."""


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "keymap", "Keys in the editor", "as in most editors, as in Vim, or as in Emacs", ("default", "vim", "emacs")
    ),
    Setting(
        "theme",
        "Colours",
        "auto fits the terminal; ansi takes the terminal's own colours",
        ("auto", "night", "day", "ansi"),
        open=True,
    ),
    Setting("completion_while_typing", "Completion while typing", "propose names without being asked", (True, False)),
    Setting("signatures_while_typing", "Signatures while typing", "show what a call takes", (True, False)),
    Setting("closing_brackets", "Closing brackets", "put in the second of a pair with the first", (True, False)),
    Setting("line_numbers", "Line numbers", "beside the lines of code", (True, False)),
    Setting(
        "images",
        "Pictures",
        "how pictures are drawn; auto asks the terminal what it can",
        ("auto", "kitty", "iterm2", "sixel", "blocks", "off"),
    ),
    Setting(
        "notify_after_seconds",
        "Ring after",
        "seconds after which a run that ends rings the bell; 0: never",
        (0, 5, 10, 30, 60, 300),
        open=True,
    ),
    Setting(
        "keep_sessions",
        "Sessions outlive the terminal",
        "a server in the background holds what is opened: closing the terminal, or losing it, ends nothing",
        (False, True),
        later=True,
    ),
    Setting("mouse", "Mouse", "off leaves it to the terminal, for selecting text", (True, False), later=True),
    Setting(
        "ascii", "ASCII only", "no box characters and no other signs than those of ASCII", (True, False), later=True
    ),
    Setting("plain", "Plain", "for screen readers: no boxes, line after line", (True, False), later=True),
)


def default_of(name: str) -> Value:
    """The value that a setting has when nothing is said.

    >>> default_of("keymap")
    'default'
    """
    value: Value = getattr(Settings(), name)
    return value


def shown(value: Value) -> str:
    """A value in a user's words.

    >>> shown(True), shown(10.0), shown("vim")
    ('on', '10', 'vim')
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, int | float) else value
