"""The `<!-- livebook:{json} -->` comment: one line of JSON about the element after it, keys sorted."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_NAME = "livebook:"
_SURROGATE = re.compile("[\ud800-\udfff]")
DEEPEST = 40
WRAPPED = 8
"""What a value may be put into before it is written."""


def is_metadata(comment: str) -> bool:
    """Whether what stands between `<!--` and `-->`, on one line, is said to be for Livebook."""
    return "\n" not in comment and comment[4:-3].lstrip(" \t").startswith(_NAME)


def parse(comment: str) -> dict[str, Any]:
    """What the comment says; ValueError in words where that is no JSON object, or none that could be written."""
    if not is_metadata(comment):
        raise ValueError("expected <!-- livebook:{...} --> on a line of its own")
    said = comment[4:-3].strip(" \t").removeprefix(_NAME)
    try:
        value = json.loads(said, parse_constant=_refused, parse_float=_finite)
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, found {type(value).__name__}")
    if deeper(value, DEEPEST):
        raise ValueError("its JSON is nested too deeply")
    return value


def render(keys: Mapping[str, Any]) -> str:
    """The comment that says `keys`.

    >>> render({"kind": "a-->b", "chunks": None})
    '<!-- livebook:{"chunks":null,"kind":"a--\\\\u003eb"} -->'
    """
    text = json.dumps(dict(keys), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # Neither the end of the comment nor what UTF-8 cannot hold may stand in it; both occur in strings only.
    text = with_escaped_surrogates(text.replace("-->", "--\\u003e"))
    return f"<!-- livebook:{text} -->"


def with_escaped_surrogates(text: str) -> str:
    """The JSON with half characters, which UTF-8 cannot hold, as escapes."""
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def writable(value: Any, deepest: int = DEEPEST - WRAPPED) -> bool:
    """Whether `parse` would take what `render` writes of the value, or of one that it is put into.

    >>> writable({"a": [1, "b"]}), writable(float("nan"))
    (True, False)
    """
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, (dict, list)):
        inside = value.values() if isinstance(value, dict) else value
        return deepest > 0 and all(writable(one, deepest - 1) for one in inside)
    return value is None or isinstance(value, (str, int))


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise ValueError(f"{digits} is too large")
    return number


def deeper(value: Any, limit: int) -> bool:
    """Whether lists and objects in the value stand in one another more often than that.

    >>> deeper([[1]], 1), deeper([[1]], 2)
    (True, False)
    """
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return limit == 0 or any(deeper(item, limit - 1) for item in inner)
