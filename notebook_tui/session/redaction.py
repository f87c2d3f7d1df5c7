"""What a journal must not hold: the values of secrets, wherever a cell has shown them.

What a user types into the document stays as it is: it goes into the file by the next save, and to lose it would be
worse. So this looks at outputs only, and at the values of secret inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from notebook_tui.document.outputs import Output
from notebook_tui.session.operation_codec import NAME

_OUTPUTS: Final = frozenset(kind.__name__ for kind in get_args(Output))
SHORTEST = 4
"""A shorter secret hides nothing, and would be found in every other word."""


def redacted(plain: Any, secrets: Mapping[str, str]) -> Any:
    """The plain value of a record with a mark in place of every secret, which are given by name.

    >>> redacted({"": "Text", "text": "key: swordfish"}, {"KEY": "swordfish"})
    {'': 'Text', 'text': 'key: [secret KEY]'}
    """
    longest_first = sorted(secrets.items(), key=lambda item: -len(item[1]))
    return _walked(plain, [(value, f"[secret {name}]") for name, value in longest_first if len(value) >= SHORTEST])


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
    """A record that says of itself that it is secret keeps no value."""
    return {**plain, "value": None} if plain.get("secret") is True and "value" in plain else plain


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
