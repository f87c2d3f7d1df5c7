"""What may stand behind the host's name in `ssh host …`: pure, words in, a wish or a refusal out."""

from __future__ import annotations

import shlex
from typing import Final, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.session.people import Role

HELP: Final = """\
ssh HOST                    the notebooks that you may see, to choose one
ssh -t HOST open FILE       that notebook
ssh HOST run FILE [--json]  evaluates it as `beamlike run` does: outputs, errors and exit status come here
ssh HOST list [--json]      the notebooks that are open
ssh HOST help               this
"""


@frozen
class Home:
    """No command."""


@frozen
class OpenFile:
    path: str


@frozen
class Run:
    """The words behind `beamlike run`; the path is made out by whoever knows the directory."""

    path: str
    options: tuple[str, ...] = ()


@frozen
class ListOpen:
    as_json: bool = False


@frozen
class Help:
    pass


Wish: TypeAlias = Home | OpenFile | Run | ListOpen | Help


class NoSuchCommand(ValueError):
    """The message says what there is."""


_WITH_VALUE: Final = ("--set", "--input", "--timeout", "--cell-timeout")
_ALONE: Final = ("--json",)


def parse(command: str | None) -> Wish:
    """What is wished for. As `ssh host beamlike run FILE` works on any machine, the word beamlike may stand first.

    >>> parse("open 'my cats.livemd'")
    OpenFile(path='my cats.livemd')
    >>> parse("beamlike run a.livemd --json --set n=3")
    Run(path='a.livemd', options=('--json', '--set', 'n=3'))
    """
    try:
        words = shlex.split(command or "")
    except ValueError as error:
        raise NoSuchCommand(f"the command makes no sense ({error})\n{HELP}") from None
    if words[:1] == ["beamlike"]:
        words = words[1:]
        if words[:1] == ["notebook"]:
            words = ["open", *words[1:]] if len(words) > 1 else []
    match words:
        case []:
            return Home()
        case ["open", path] if not path.startswith("-"):
            return OpenFile(path)
        case ["run", *rest]:
            return _run(rest)
        case ["list"]:
            return ListOpen()
        case ["list", "--json"]:
            return ListOpen(as_json=True)
        case ["help" | "--help" | "-h", *_]:
            return Help()
        case _:
            said = shlex.join(words)[:200]
            raise NoSuchCommand(f"there is no command {said!r} here, and no shell. There are:\n{HELP}")


def described(wish: Wish) -> str:
    """For the log; what is given to a notebook's inputs may be secret.

    >>> described(Run("a.livemd", ("--json", "--input", "Password=1")))
    'run a.livemd --json --input'
    """
    match wish:
        case Run(path, options):
            return " ".join(("run", path, *(word.partition("=")[0] for word in options if word.startswith("--"))))
        case OpenFile(path):
            return f"open {path}"
        case ListOpen():
            return "list"
        case Help():
            return "help"
        case Home():
            return ""


def role_for(wish: Wish) -> Role:
    """What it takes."""
    return "run" if isinstance(wish, Run) else "view"


def _run(words: list[str]) -> Run:
    """Options that write or reach elsewhere are not for others."""
    paths: list[str] = []
    options: list[str] = []
    left = iter(words)
    for word in left:
        name, equals, _ = word.partition("=")
        if word in _ALONE or (equals and name in _WITH_VALUE):
            options.append(word)
        elif word in _WITH_VALUE:
            value = next(left, None)
            if value is None:
                raise NoSuchCommand(f"run: expected a value behind {word}\n{HELP}")
            options += [word, value]
        elif word.startswith("-"):
            known = ", ".join((*_ALONE, *_WITH_VALUE))
            raise NoSuchCommand(f"run: {word[:80]} is not for here; there are {known}")
        else:
            paths.append(word)
    if len(paths) != 1:
        raise NoSuchCommand(f"run: expected one notebook, found {len(paths)}\n{HELP}")
    return Run(paths[0], tuple(options))
