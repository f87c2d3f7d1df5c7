"""Changes of a text as values, for several who type in it at once.

A delta goes over the text from its start: a positive number keeps so many characters, a negative one takes so many
out, a string is put in; what is left over at the end is kept. Characters are code points, as everywhere in Python.

Two who change the same text apply their own change first and each other's, transformed, after it; both then have the
same text: `apply(apply(t, a), transform(a, b)) == apply(apply(t, b), transform(b, a, first=True))`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

Delta: TypeAlias = tuple[int | str, ...]
_MOST_LINES = 400
"""In which equal ones are looked for: that takes as long as the product of the two numbers."""


def normal(parts: Iterable[int | str]) -> Delta:
    """The shortest delta that does the same; of two that stand at one place the insertion comes first.

    >>> normal((2, 0, 3, -1, "", -1, "a", "b", 7))
    (5, 'ab', -2)
    """
    found: list[int | str] = []
    put, taken = "", 0
    for part in parts:
        if isinstance(part, str):
            put += part
        elif part < 0:
            taken += part
        elif part > 0:
            if put or taken or not found:
                found += [change for change in (put, taken) if change]
                found.append(part)
                put, taken = "", 0
            else:
                found[-1] = _length(found[-1]) + part
    if put or taken:
        return (*found, *(change for change in (put, taken) if change))
    return tuple(found[:-1])


def span(delta: Delta) -> int:
    """How long a text must at least be for the delta."""
    return sum(abs(part) for part in delta if not isinstance(part, str))


def apply(text: str, delta: Delta) -> str:
    """
    >>> apply("cats", (1, "o", -1))
    'cots'
    """
    if span(delta) > len(text):
        raise ValueError(f"expected a text of at least {span(delta)} characters, got one of {len(text)}")
    parts: list[str] = []
    place = 0
    for part in delta:
        if isinstance(part, str):
            parts.append(part)
        elif part > 0:
            parts.append(text[place : place + part])
            place += part
        else:
            place -= part
    return "".join(parts) + text[place:]


def between(old: str, new: str) -> Delta:
    """A change that makes `new` of `old`. Lines that both have are kept, and of those that changed what they begin and
    end with: what somebody else does there meanwhile stays where it was done.

    >>> between("a cat", "a black cat")
    (2, 'black ')
    >>> between("one\\ntwo\\nsix", "# one\\n# two\\n# six")
    ('# ', 4, '# ', 4, '# ')
    """
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if "\n" not in before or "\n" not in after:
        return normal((start, after, -len(before)))
    return normal((start, *_by_lines(before.split("\n"), after.split("\n"))))


def _by_lines(before: Sequence[str], after: Sequence[str]) -> Iterator[int | str]:
    if len(before) * len(after) > _MOST_LINES**2:
        yield from _replaced("\n".join(before), "\n".join(after))
        return
    # As they stand in the texts: each but the last with the break behind it.
    old, new = ([*(f"{line}\n" for line in lines[:-1]), lines[-1]] for lines in (before, after))
    for what, i, k, j, n in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield sum(map(len, old[i:k]))
        elif k - i == n - j:
            for line, changed in zip(old[i:k], new[j:n], strict=True):
                yield from _replaced(line, changed)
        else:
            yield from _replaced("".join(old[i:k]), "".join(new[j:n]))


def _replaced(before: str, after: str) -> Iterator[int | str]:
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    yield from (start, after[start : len(after) - end], start + end - len(before), end)


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def compose(first: Delta, second: Delta) -> Delta:
    """One delta that does both, one after the other.

    >>> compose((1, "bc"), (2, -1))
    (1, 'b')
    """
    return normal(_composed(_Parts(first), _Parts(second)))


def _composed(first: _Parts, second: _Parts) -> Iterator[int | str]:
    while not (first.over and second.over):
        left, right = first.next, second.next
        if isinstance(right, str):
            yield second.take(len(right))
        elif not isinstance(left, str) and left < 0:
            yield first.take(-left)
        else:
            length = min(_length(left), _length(right))
            kept = first.take(length)
            change = second.take(length)
            if not isinstance(change, str) and change > 0:
                yield kept
            elif not isinstance(kept, str):
                yield -length


def transform(other: Delta, delta: Delta, *, first: bool = False) -> Delta:
    """`delta`, which was made for the same text as `other`, for the text after `other`.

    Where both insert at one place, what `other` inserted stands first unless `first` says otherwise.

    >>> transform(("cats",), ("tea",))
    (4, 'tea')
    """
    return normal(_transformed(_Parts(normal(other)), _Parts(normal(delta)), first))


def _transformed(other: _Parts, delta: _Parts, first: bool) -> Iterator[int | str]:
    while not delta.over:
        theirs, mine = other.next, delta.next
        if isinstance(mine, str) and (first or not isinstance(theirs, str)):
            yield delta.take(len(mine))
        elif isinstance(theirs, str):
            other.take(len(theirs))
            yield len(theirs)
        else:
            length = min(_length(theirs), _length(mine))
            gone = other.take(length)
            part = delta.take(length)
            if not isinstance(gone, str) and gone > 0:
                yield part


def transform_position(delta: Delta, position: int, *, stays: bool = False) -> int:
    """Where a caret is after the delta. Text put in just there pushes it on, unless it `stays`.

    >>> transform_position(("cats",), 0), transform_position((2, -2), 3)
    (4, 2)
    """
    place = 0
    for part in normal(delta):
        if isinstance(part, str):
            if place < position or (place == position and not stays):
                position += len(part)
                place += len(part)
            else:
                break
        elif part > 0:
            place += part
        else:
            position -= max(0, min(-part, position - place))
        if place > position:
            break
    return position


_REST = 1 << 60
"""What follows the last part of a delta is kept, however much it is."""


def _length(part: int | str) -> int:
    return len(part) if isinstance(part, str) else abs(part)


class _Parts:
    """The parts of a delta, to be taken piece by piece."""

    def __init__(self, delta: Delta) -> None:
        self._parts = [part for part in delta if part]
        self._index = 0

    @property
    def over(self) -> bool:
        return self._index == len(self._parts)

    @property
    def next(self) -> int | str:
        return _REST if self.over else self._parts[self._index]

    def take(self, length: int) -> int | str:
        """The next so many characters of the next part."""
        part = self.next
        if self.over:
            return length
        if isinstance(part, str):
            taken, rest = part[:length], part[length:]
            self._advance(rest)
            return taken
        sign = 1 if part > 0 else -1
        self._advance(part - sign * length)
        return sign * length

    def _advance(self, rest: int | str) -> None:
        if rest:
            self._parts[self._index] = rest
        else:
            self._index += 1
