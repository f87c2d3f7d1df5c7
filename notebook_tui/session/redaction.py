"""What a journal must not hold: the values of secrets, wherever a cell has shown them.

What a user types into the document stays as it is: it goes into the file by the next save, and to lose it would be
worse. So this looks at outputs only, and at the values of secret inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from notebook_tui.document.operations import Operation, OutputAdded
from notebook_tui.document.outputs import Output, Text
from notebook_tui.session.operation_codec import NAME

_OUTPUTS: Final = frozenset(kind.__name__ for kind in get_args(Output))
_NOTHING: Final[Mapping[str, Any]] = {"value": None, "default": None, "fingerprint": ""}
SHORTEST = 4
"""A shorter secret hides nothing, and would be found in every other word."""


def redacted(plain: Any, secrets: Mapping[str, str]) -> Any:
    """The plain value of a record with a mark in place of every secret. Secrets are given by their values, with names.

    >>> redacted({"": "Text", "text": "key: swordfish"}, {"swordfish": "KEY"})
    {'': 'Text', 'text': 'key: [secret KEY]'}
    """
    return _walked(plain, [(value, f"[secret {secrets[value]}]") for value in _longest_first(secrets)])


def _longest_first(secrets: Iterable[str]) -> list[str]:
    return sorted((value for value in secrets if len(value) >= SHORTEST), key=len, reverse=True)


class Seams:
    """Where one text of a cell goes on in the next: a secret that was printed in two pieces stands in neither.

    >>> seams = Seams()
    >>> pieces = [OutputAdded("a", Text("stdout", text)) for text in ("key: sword", "fish")]
    >>> [seams.hide(piece, ["swordfish"]) for piece in pieces]
    [False, True]
    """

    def __init__(self) -> None:
        self._ends: dict[str, tuple[str, str]] = {}

    def hide(self, operation: Operation, secrets: Iterable[str]) -> bool:
        """Whether a secret begins before what the operation adds, and ends in it."""
        longest_first = _longest_first(secrets)
        match operation:
            case OutputAdded(cell_id, Text(stream, text)) if longest_first:
                room = len(longest_first[0]) - 1
                before_stream, before = self._ends.get(cell_id, (stream, ""))
                before = before if before_stream == stream else ""
                self._ends[cell_id] = stream, (before + text)[-room:]
                return any(_crosses(before, text[:room], secret) for secret in longest_first)
            case OutputAdded(cell_id):
                self._ends.pop(cell_id, None)
        return False


def _crosses(before: str, after: str, secret: str) -> bool:
    return secret in before[-(len(secret) - 1) :] + after[: len(secret) - 1]


def _walked(plain: Any, marks: list[tuple[str, str]]) -> Any:
    match plain:
        case dict() if plain.get(NAME) in _OUTPUTS:
            return {key: item if key == NAME else _marked(item, marks) for key, item in plain.items()}
        case dict():
            return {key: _walked(item, marks) for key, item in _without_secret_value(plain).items()}
        case list() | tuple():
            return type(plain)(_walked(item, marks) for item in plain)
        case _:
            return plain


def _without_secret_value(plain: dict[Any, Any]) -> dict[Any, Any]:
    """A record that says of itself that it is secret keeps no value, and nothing by which one could be guessed."""
    if plain.get("secret") is not True:
        return plain
    return {key: _NOTHING.get(key, item) for key, item in plain.items()}


def _marked(item: Any, marks: list[tuple[str, str]]) -> Any:
    match item:
        case str():
            for value, mark in marks:
                item = item.replace(value, mark)
            return item
        case bytes():
            for value, mark in marks:
                item = item.replace(value.encode(), mark.encode())
            return item
        case list() | tuple():
            return type(item)(_marked(each, marks) for each in item)
        case _:
            return item
