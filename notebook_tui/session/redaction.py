"""What a journal must not hold: the values of secrets, wherever a cell has shown them.

What a user types into the document stays as it is: it goes into the file by the next save, and to lose it would be
worse. So this looks at outputs and their changes only, and at the values of secret inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from notebook_tui.document.operations import Operation, OutputAdded, OutputChanged
from notebook_tui.document.outputs import Output, Text
from notebook_tui.session.operation_codec import NAME
from notebook_tui.widgets.changes import Appended, Became, Change, Rendered, TextAppended
from notebook_tui.widgets.views import Frame, TextStream
from notebook_tui.widgets.views_within import views_in

_OUTPUTS: Final = frozenset(kind.__name__ for kind in (*get_args(Output), *get_args(Change)))
_NO_TEXTS: Final = frozenset({NAME, "ref", "stream", "kind", "state"})
"""The fields of outputs in which code shows nothing: a mark there would make the record unreadable."""
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
        """By cell and view, whose name is empty for what the cell itself shows: a stream, and how its text ends."""

    def hide(self, operation: Operation, secrets: Iterable[str]) -> bool:
        """Whether a secret begins before what the operation adds, and ends in it."""
        longest_first = _longest_first(secrets)
        if not longest_first:
            return False
        match operation:
            case OutputAdded(cell_id, output):
                hides = self._goes_on((cell_id, ""), output, longest_first)
                return self._shows(cell_id, output, longest_first) or hides
            case OutputChanged(cell_id, ref, TextAppended(text)):
                return self._goes_on((cell_id, ref), Text("stdout", text), longest_first)
            case OutputChanged(cell_id, ref, Appended(contents)):
                return self._go_on(cell_id, ref, contents, longest_first)
            case OutputChanged(cell_id, ref, Rendered(contents)):
                self._ends.pop((cell_id, ref), None)
                return self._go_on(cell_id, ref, contents, longest_first)
            case OutputChanged(cell_id, _, Became(view)):
                return self._shows(cell_id, view, longest_first)
        return False

    def _shows(self, cell_id: str, content: object, longest_first: list[str]) -> bool:
        """The views in the content begin with these texts."""
        hides = False
        for view in views_in(content):
            self._ends.pop((cell_id, view.ref), None)
            if isinstance(view, TextStream):
                self._goes_on((cell_id, view.ref), Text("stdout", view.text), longest_first)
            elif isinstance(view, Frame):
                for each in view.contents:
                    hides = self._goes_on((cell_id, view.ref), each, longest_first) or hides
        return hides

    def _go_on(self, cell_id: str, ref: str, contents: Iterable[object], longest_first: list[str]) -> bool:
        hides = False
        for each in contents:
            hides = self._goes_on((cell_id, ref), each, longest_first) or hides
            hides = self._shows(cell_id, each, longest_first) or hides
        return hides

    def _goes_on(self, place: tuple[str, str], content: object, longest_first: list[str]) -> bool:
        if not isinstance(content, Text):
            self._ends.pop(place, None)
            return False
        room = len(longest_first[0]) - 1
        stream, before = self._ends.get(place, (content.stream, ""))
        before = before if stream == content.stream else ""
        self._ends[place] = content.stream, (before + content.text)[-room:]
        while len(self._ends) > PLACES:
            del self._ends[next(iter(self._ends))]
        return any(_crosses(before, content.text[:room], secret) for secret in longest_first)


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
        case list() | tuple():
            return type(item)(_marked(each, marks) for each in item)
        case dict():  # a view in a view, or a part of one
            return {key: each if key in _NO_TEXTS else _marked(each, marks) for key, each in item.items()}
        case _:
            return item
