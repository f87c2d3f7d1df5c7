"""What may stand behind the host's name in `ssh host …`: pure, words in, a wish or a refusal out."""

from __future__ import annotations

import shlex
from dataclasses import field
from typing import Final, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.session.people import Role

HELP: Final = """\
ssh HOST                    the notebooks that you may see, to choose one
ssh -t HOST open FILE       that notebook
ssh HOST run FILE [--json]  evaluates it as `beamlike run` does: outputs, errors and exit status come here;
                            with --inputs - the values of its inputs come by standard input, as a JSON object
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
    inputs: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Labels and values, which may be secret: they are to be no program's words here."""
    takes_inputs: bool = False
    """Whether more of them come by standard input."""


@frozen
class ListOpen:
    as_json: bool = False


@frozen
class Help:
    pass


Wish: TypeAlias = Home | OpenFile | Run | ListOpen | Help


class NoSuchCommand(ValueError):
    """The message says what there is."""


_WITH_VALUE: Final = ("--set", "--input", "--inputs", "--timeout", "--cell-timeout")
_ALONE: Final = ("--json",)
_KNOWN: Final = ("--json", "--set", "--input", "--inputs -", "--timeout", "--cell-timeout")


def parse(command: str | None) -> Wish:
    """What is wished for. As `ssh host beamlike run FILE` works on any machine, the word beamlike may stand first.

    >>> parse("open 'my cats.livemd'")
    OpenFile(path='my cats.livemd')
    >>> parse("beamlike run a.livemd --json --set n=3")
    Run(path='a.livemd', options=('--json', '--set', 'n=3'), takes_inputs=False)
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

    >>> described(Run("a.livemd", ("--json",), (("Password", "1"),)))
    'run a.livemd --json --input'
    """
    match wish:
        case Run(path, options, inputs, takes_inputs):
            names = [word.partition("=")[0] for word in options if word.startswith("--")]
            names += ["--input"] * len(inputs) + ["--inputs"] * takes_inputs
            return " ".join(("run", path, *names))
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


def takes_input(wish: Wish) -> bool:
    """Whether it reads what comes by standard input."""
    return isinstance(wish, Run) and wish.takes_inputs


def _run(words: list[str]) -> Run:
    """Options that write or reach elsewhere are not for others."""
    paths: list[str] = []
    options: list[str] = []
    inputs: list[tuple[str, str]] = []
    takes_inputs = False
    left = iter(words)
    for word in left:
        name, equals, said = word.partition("=")
        if word in _ALONE:
            options.append(word)
        elif name in _WITH_VALUE:
            value = said if equals else next(left, None)
            if value is None:
                raise NoSuchCommand(f"run: expected a value behind {word}\n{HELP}")
            match name:
                case "--input":
                    inputs.append(_input(value))
                case "--inputs":
                    takes_inputs = _by_standard_input(value)
                case _:
                    options += [word] if equals else [word, value]
        elif word.startswith("-"):
            raise NoSuchCommand(f"run: {word[:80]} is not for here; there are {', '.join(_KNOWN)}")
        else:
            paths.append(word)
    if len(paths) != 1:
        raise NoSuchCommand(f"run: expected one notebook, found {len(paths)}\n{HELP}")
    return Run(paths[0], tuple(options), tuple(inputs), takes_inputs)


def _input(text: str) -> tuple[str, str]:
    label, equals, value = text.partition("=")
    if not equals or not label:
        raise NoSuchCommand(f"run: expected LABEL=VALUE behind --input, such as 'Batch size=32'\n{HELP}")
    return label, value


def _by_standard_input(value: str) -> bool:
    if value != "-":
        raise NoSuchCommand(f"run: expected - behind --inputs: the values come by standard input, from no file\n{HELP}")
    return True
