"""Which proposals fit a word, the best first."""

from __future__ import annotations

from collections.abc import Iterable

from notebook_tui.document.completion import Completion


def fitting(completions: Iterable[Completion], word: str) -> list[Completion]:
    """What begins with the word, then what does so in another letter case, then what has its letters in order; each
    in the order in which it was proposed. What is the word itself comes first.

    >>> names = [Completion(name, "variable", name) for name in ("read_csv", "Csv", "consvalue", "reset", "csv")]
    >>> [each.insert for each in fitting(names, "csv")]
    ['csv', 'Csv', 'read_csv', 'consvalue']
    """
    ranked = [(rank, each) for each in completions if (rank := _rank(each.insert, word)) is not None]
    return [each for _, each in sorted(ranked, key=lambda pair: pair[0])]


def _rank(insert: str, word: str) -> int | None:
    """How badly it fits; None: not at all."""
    if insert == word:
        return 0
    if insert.startswith(word):
        return 1
    insert, word = insert.lower(), word.lower()
    if insert.startswith(word):
        return 2
    if word in insert:
        return 3
    # Letters from all over a name fit much too much unless the first one is right.
    return 4 if insert[:1] == word[:1] and _in_order(word, insert) else None


def _in_order(letters: str, name: str) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in letters)
