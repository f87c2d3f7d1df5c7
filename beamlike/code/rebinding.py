"""What code may do to what it uses, as far as that can be seen in it."""

from __future__ import annotations

import dis
from types import CodeType
from typing import Final

from beamlike.code.captures import asked_once, codes_in

_REBINDING: Final = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_REBINDING_FREE: Final = frozenset({"STORE_DEREF", "DELETE_DEREF"})
_SETTING: Final = frozenset({"STORE_ATTR", "DELETE_ATTR"})
_SEES_SCOPES: Final = frozenset({"eval", "exec", "globals", "locals", "vars"})
_SETS: Final = frozenset({"setattr", "delattr"})


@asked_once
def rebinds(code: CodeType) -> bool:
    """Whether code may give another value to a global, or to a variable of the functions around it.

    >>> def reads(): return total
    >>> def counts():
    ...     global total
    ...     total += 1
    >>> rebinds(reads.__code__), rebinds(counts.__code__)
    (False, True)
    """
    return _rebinds(code, frozenset(code.co_freevars))


@asked_once
def sets_attributes(code: CodeType) -> bool:
    """Whether it sets attributes, maybe of a function that it uses, or is."""
    if not _SETS.isdisjoint(code.co_names):
        return True
    if any(instruction.opname in _SETTING for instruction in dis.get_instructions(code)):
        return True
    return any(map(sets_attributes, codes_in(code)))


def _rebinds(code: CodeType, free: frozenset[str]) -> bool:
    if not _SEES_SCOPES.isdisjoint(code.co_names):
        return True
    for instruction in dis.get_instructions(code):
        if instruction.opname in _REBINDING:
            return True
        if instruction.opname in _REBINDING_FREE and instruction.argval in free:
            return True
    return any(_rebinds(inner, free) for inner in codes_in(code))
