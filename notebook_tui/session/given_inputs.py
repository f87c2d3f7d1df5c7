"""What inputs of a notebook are to hold, as JSON: by a file or standard input, where nobody else sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def inputs_in(text: bytes) -> dict[str, str]:
    """The values by the labels of their inputs. ValueError says what was expected; what was given may be secret, and it
    has none of that.

    >>> inputs_in(b'{"Batch size": 64, "Name": "Ada", "Fast": true}')
    {'Batch size': '64', 'Name': 'Ada', 'Fast': 'True'}
    """
    try:
        given: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{_EXPECTED}; it is no JSON: {error}") from None
    except (UnicodeDecodeError, RecursionError):
        raise ValueError(f"{_EXPECTED}; it is no JSON in UTF-8") from None
    if not isinstance(given, dict):
        raise ValueError(f"{_EXPECTED}; it is {_KINDS[type(given)]}")
    return {label: _value(label, value) for label, value in given.items()}


def inputs_json(inputs: Mapping[str, str]) -> bytes:
    """
    >>> inputs_in(inputs_json({"Name": "Ada"}))
    {'Name': 'Ada'}
    """
    return json.dumps(dict(inputs)).encode()


def _value(label: str, value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise ValueError(f"expected text, a number, true or false for {label!r}, got {_KINDS[type(value)]}")
    return str(value)


_EXPECTED = """expected the inputs as a JSON object of labels with values, such as {"Batch size": 64}"""
_KINDS = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
