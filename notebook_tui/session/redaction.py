"""What a journal must not hold: the values of secrets, wherever a cell has shown them.

What a user types into the document stays as it is: it goes into the file by the next save, and to lose it would be
worse. So this looks at outputs and their changes only, and at the values of secret inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from notebook_tui.document.operations import Operation, OutputAdded, OutputChanged
from notebook_tui.document.outputs import Output, Text, TextStream
from notebook_tui.session.operation_codec import NAME
from notebook_tui.widgets.changes import Appended, Change, Rendered, TextAppended
from notebook_tui.widgets.views_within import contents_of, views_in

_OUTPUTS: Final = frozenset(kind.__name__ for kind in (*get_args(Output), *get_args(Change)))
_WORDS: Final = frozenset({NAME, "kind", "ref", "state", "stream"})
"""Of an output these are the program's own words, whatever somebody's secret is: without them nobody could read it."""
_NOTHING: Final[Mapping[str, Any]] = {"value": None, "default": None, "fingerprint": ""}
PLACES = 1_000
"""Of so many it is known how their text ends."""
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
    """Where a text goes on, of a cell or of a view in it: a secret that comes in two pieces stands in neither.

    >>> seams = Seams()
    >>> pieces = [OutputAdded("a", Text("stdout", text)) for text in ("key: sword", "fish")]
    >>> [seams.hide(piece, ["swordfish"]) for piece in pieces]
    [False, True]
    """

    def __init__(self) -> None:
        self._ends: dict[tuple[str, str], tuple[str, str]] = {}
        """By the cell and the view, which is "" for what the cell itself prints: the stream, and how its text ends."""

    def hide(self, operation: Operation, secrets: Iterable[str]) -> bool:
        """Whether a secret begins before what the operation adds, and ends in it."""
        longest_first = _longest_first(secrets)
        if not longest_first:
            return False
        match operation:
            case OutputAdded(cell_id, output):
                self._begin(cell_id, output, longest_first)
                return self._goes_on((cell_id, ""), (output,), longest_first)
            case OutputChanged(cell_id, ref, TextAppended(text)):
                return self._goes_on((cell_id, ref), (Text("stdout", text),), longest_first)
            case OutputChanged(cell_id, ref, Appended(contents) | Rendered(contents)):
                for content in contents:
                    self._begin(cell_id, content, longest_first)
                return self._goes_on((cell_id, ref), contents, longest_first)
            case _:
                return False

    def _begin(self, cell_id: str, content: object, longest_first: list[str]) -> None:
        for view in views_in(content):
            self._goes_on((cell_id, view.ref), contents_of(view), longest_first)
            if isinstance(view, TextStream):
                self._goes_on((cell_id, view.ref), (Text("stdout", view.text),), longest_first)

    def _goes_on(self, place: tuple[str, str], contents: Iterable[object], longest_first: list[str]) -> bool:
        room = len(longest_first[0]) - 1
        crosses = False
        for content in contents:
            before_stream, before = self._ends.pop(place, ("", ""))
            if isinstance(content, Text):
                before = before if before_stream == content.stream else ""
                self._ends[place] = content.stream, (before + content.text)[-room:]
                crosses = crosses or any(_crosses(before, content.text[:room], secret) for secret in longest_first)
        while len(self._ends) > PLACES:
            del self._ends[next(iter(self._ends))]
        return crosses


def _crosses(before: str, after: str, secret: str) -> bool:
    return secret in before[-(len(secret) - 1) :] + after[: len(secret) - 1]


def _walked(plain: Any, marks: list[tuple[str, str]]) -> Any:
    match plain:
        case dict() if plain.get(NAME) in _OUTPUTS:
            return _marked(plain, marks)
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
        case dict():  # a view in a view, or a part of one
            return {key: each if key in _WORDS else _marked(each, marks) for key, each in item.items()}
        case list() | tuple():
            return type(item)(_marked(each, marks) for each in item)
        case _:
            return item
