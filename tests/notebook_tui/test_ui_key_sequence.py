"""Sequences of keys, with the time as an argument."""

from __future__ import annotations

from notebook_tui.ui.keys.sequence import PATIENCE, KeySequence, Matched, Pending, Unknown
from notebook_tui.ui.keys.table import sequences


def pressed(*keys: tuple[str, float]) -> object:
    typed = KeySequence(sequences())
    return [typed.press(key, at) for key, at in keys][-1]


def test_one_key_acts_at_once() -> None:
    outcome = pressed(("j", 0.0))
    assert isinstance(outcome, Matched)
    assert outcome.key.action == "focus_next"


def test_two_keys_within_the_patience_are_a_sequence() -> None:
    outcome = pressed(("d", 0.0), ("d", PATIENCE))
    assert isinstance(outcome, Matched)
    assert outcome.key.action == "delete"


def test_a_second_key_that_comes_too_late_begins_anew() -> None:
    assert pressed(("d", 0.0), ("d", PATIENCE + 0.1)) == Pending(("d",))


def test_a_sequence_that_means_nothing_is_forgotten() -> None:
    assert pressed(("d", 0.0), ("j", 0.1)) == Unknown(("d", "j"))
    assert pressed(("d", 0.0), ("j", 0.1), ("d", 0.2)) == Pending(("d",))


def test_what_may_follow_is_known() -> None:
    typed = KeySequence(sequences())
    assert typed.continuations() == []
    typed.press("e", 0.0)
    assert [(key, entry.action) for key, entry in typed.continuations()] == [
        ("e", "run"),
        ("o", "run_only"),
        ("s", "run_section"),
        ("a", "run_outdated"),
        ("x", "cancel"),
        ("b", "run_from_here"),
        ("r", "run_again"),
        ("p", "show_plan"),
        ("w", "show_reasons"),
    ]
    typed.forget()
    assert typed.continuations() == []
