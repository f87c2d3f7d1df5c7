"""Adds a requirement to the block of PEP 723 in a text, or takes one away; all else stays as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.errors import BadRequirements
from beamlike.code.requirements.opening import OPENING
from beamlike.code.requirements.script_block import script_block

_LIST = re.compile(r"(?m)^# dependencies[ \t]*=[ \t]*\[")
_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|\]|\n#?')


@dataclass(frozen=True, slots=True)
class _Entry:
    start: int
    end: int
    """Without the comma after it."""
    requirement: str


def with_requirement(text: str, requirement: str) -> str:
    """The text with it in its block, in place of one of the same package; a text that has no block gets one at its
    head. BadRequirements if it is none, or the block is no block.

    >>> print(with_requirement("import rich", "rich>=13"), end="")
    # /// script
    # dependencies = ["rich>=13"]
    # ///
    import rich
    """
    (spelled,) = Requirements.of([requirement]).dependencies
    written = json.dumps(spelled, ensure_ascii=False)
    if script_block(text) is None:
        return f"{OPENING}\n# dependencies = [{written}]\n# ///\n{text}"
    found = _LIST.search(text)
    if found is None:
        head = text.index(OPENING) + len(OPENING)
        return f"{text[:head]}\n# dependencies = [{written}]{text[head:]}"
    entries = list(_entries(text, found.end()))
    same = next((entry for entry in entries if _name(entry.requirement) == _name(spelled)), None)
    if same is not None:
        return text[: same.start] + written + text[same.end :]
    if not entries:
        return text[: found.end()] + written + text[found.end() :]
    last = entries[-1]
    begin = text.rfind("\n", 0, last.start) + 1
    margin = text[begin : last.start]
    if set(margin) - set("# \t"):  # all in one line
        return f"{text[: last.end]}, {written}{text[last.end :]}"
    comma = "," if text[last.end : last.end + 1] == "," else ""
    return f"{text[: last.end]},\n{margin}{written}{comma}{text[last.end + len(comma) :]}"


def without_requirement(text: str, name: str) -> str:
    """The text without what its block asks of that package; the same text if it asks nothing.

    >>> print(without_requirement('# /// script\\n# dependencies = ["a", "b>=2"]\\n# ///\\n', "b"), end="")
    # /// script
    # dependencies = ["a"]
    # ///
    """
    found = _LIST.search(text) if script_block(text) is not None else None
    entries = list(_entries(text, found.end())) if found is not None else []
    number = next((at for at, entry in enumerate(entries) if _name(entry.requirement) == canonicalize_name(name)), None)
    if number is None:
        return text
    entry = entries[number]
    if number + 1 < len(entries):
        return text[: entry.start] + text[entries[number + 1].start :]
    if number:
        return text[: entries[number - 1].end] + text[entry.end :]
    end = entry.end + (text[entry.end : entry.end + 1] == ",")
    return text[: entry.start] + text[end:]


def _entries(text: str, start: int) -> Iterator[_Entry]:
    for token in _TOKEN.finditer(text, start):
        if token[0] == "]":
            return
        if token[0][0] in "\"'":
            yield _Entry(token.start(), token.end(), json.loads(token[0]) if token[0][0] == '"' else token[0][1:-1])


def _name(requirement: str) -> str:
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        raise BadRequirements(f"expected a requirement such as 'numpy>=2', got {requirement!r}") from None
