"""Which heading or cell of one text is which of another: by content, then by place. Pure.

Ids say nothing here, for a text has none.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Container, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

from notebook_tui.document.notebook import Section
from notebook_tui.session.merging.places import Place

ALIKE = 0.5
"""From 0, nothing in common, to 1: two cells that are so much alike are one that was edited."""
SHORT = 2_000
MOST_COMPARISONS = 400
_Key: TypeAlias = tuple[str, ...]
_Pairs: TypeAlias = dict[int, int]


def matching(before: Sequence[Place], after: Sequence[Place]) -> _Pairs:
    """For the places of `after` that were in `before`, where."""
    keys_before, keys_after = [_key(place) for place in before], [_key(place) for place in after]
    pairs = _unmoved(keys_before, keys_after)
    gaps = list(_gaps(pairs, len(before), len(after)))
    pairs |= _moved(keys_before, keys_after, pairs)
    taken = set(pairs.values())
    for gap_before, gap_after in gaps:
        edited = _edited(before, after, _left(gap_before, taken), _left(gap_after, pairs.keys()))
        pairs |= edited
        taken.update(edited.values())
    return pairs


def _left(indexes: Iterable[int], taken: Container[int]) -> list[int]:
    return [index for index in indexes if index not in taken]


def _key(place: Place) -> _Key:
    if isinstance(place, Section):
        return "section", place.name
    return place.kind, place.language, place.source


def _unmoved(before: Sequence[_Key], after: Sequence[_Key]) -> _Pairs:
    """What is equal at the beginning and at the end, and in between what stands in the same order."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    pairs = {index: index for index in range(start)}
    pairs |= {len(after) - step: len(before) - step for step in range(1, end + 1)}
    middle = SequenceMatcher(None, before[start : len(before) - end], after[start : len(after) - end], autojunk=False)
    for block in middle.get_matching_blocks():
        pairs |= {start + block.b + step: start + block.a + step for step in range(block.size)}
    return pairs


def _gaps(pairs: _Pairs, before: int, after: int) -> Iterator[tuple[range, range]]:
    last_before = last_after = -1
    for index in [*sorted(pairs), after]:
        at = pairs.get(index, before)
        if at > last_before + 1 and index > last_after + 1:
            yield range(last_before + 1, at), range(last_after + 1, index)
        last_before, last_after = at, index


def _moved(before: Sequence[_Key], after: Sequence[_Key], pairs: _Pairs) -> _Pairs:
    """What is equal and stands elsewhere."""
    taken = set(pairs.values())
    left: defaultdict[_Key, deque[int]] = defaultdict(deque)
    for index, key in enumerate(before):
        if index not in taken:
            left[key].append(index)
    return {
        index: left[key].popleft()
        for index, key in enumerate(after)
        if index not in pairs and key in left and left[key]
    }


def _edited(before: Sequence[Place], after: Sequence[Place], old: list[int], new: list[int]) -> _Pairs:
    """Of what stands in one gap: those that are alike; and if as many are left of a kind, one for one."""
    pairs: _Pairs = {}
    if len(old) * len(new) <= MOST_COMPARISONS:
        likeness = {(at, index): _likeness(before[at], after[index]) for index in new for at in old}
        for at, index in sorted(likeness, key=lambda pair: -likeness[pair]):
            if likeness[at, index] < ALIKE:
                break
            if all((at < other) == (index < known) and at != other for known, other in pairs.items()):
                pairs[index] = at
    left_old = _left(old, set(pairs.values()))
    left_new = _left(new, pairs.keys())
    for sort in dict.fromkeys(_sort(before[index]) for index in left_old):
        olds = [index for index in left_old if _sort(before[index]) == sort]
        news = [index for index in left_new if _sort(after[index]) == sort]
        if len(olds) == len(news):
            pairs |= dict(zip(news, olds, strict=True))
    return pairs


def _sort(place: Place) -> _Key:
    return _key(place)[:-1]


def _likeness(old: Place, new: Place) -> float:
    if _sort(old) != _sort(new):
        return 0.0
    a, b = _key(old)[-1], _key(new)[-1]
    if len(a) + len(b) <= SHORT:
        return SequenceMatcher(None, a, b, autojunk=False).ratio()
    lines, others = Counter(a.split("\n")), Counter(b.split("\n"))
    return 2 * (lines & others).total() / (lines.total() + others.total())
