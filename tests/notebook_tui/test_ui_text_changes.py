"""What commands make of a text and its selection. In the cases `|` is the caret and `<` where a selection began."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.ui.editing.brackets import backspaced, bracket_beside, typed
from notebook_tui.ui.editing.changes import CHANGES
from notebook_tui.ui.editing.indent import outdented
from notebook_tui.ui.editing.line_breaks import clause_dedented, line_broken
from notebook_tui.ui.editing.lines import moved_down, moved_up, smart_home
from notebook_tui.ui.editing.passage import Passage, replaced_between


def passage(marked: str) -> Passage:
    text = marked.replace("|", "").replace("<", "")
    caret = marked.replace("<", "").index("|")
    anchor = marked.replace("|", "").index("<") if "<" in marked else caret
    return Passage(text, anchor, caret)


def marked(passage: Passage | None) -> str | None:
    if passage is None:
        return None
    text, places = passage.text, [(passage.caret, "|")]
    if passage.anchor != passage.caret:
        places.append((passage.anchor, "<"))
    for place, sign in sorted(places, reverse=True):
        text = text[:place] + sign + text[place:]
    return text


@pytest.mark.parametrize(
    ("before", "character", "after"),
    [
        ("f|", "(", "f(|)"),
        ("f|x", "(", None),
        ("f(|)", ")", "f()|"),
        ("f(a|", ")", None),
        ("(|)", "[", "([|])"),
        ("x = |", '"', 'x = "|"'),
        ('x = "a|"', '"', 'x = "a"|'),
        ("don|", "'", None),
        ("f|", '"', 'f"|"'),
        ("rb|", "'", "rb'|'"),
        ('""|', '"', '"""|"""'),
        ("'a|'", "'", "'a'|"),
        ("'a|'", '"', None),
        ("<word|", "(", "(<word|)"),
        ("<word|", '"', '"<word|"'),
        ("|word<", "[", "[|word<]"),
        ("<word|", "*", None),
        ("<word|", "x", None),
    ],
)
def test_brackets_and_quotes_come_in_pairs(before: str, character: str, after: str | None) -> None:
    assert marked(typed(passage(before), character, "python")) == after


def test_an_apostrophe_is_no_quote_in_markdown_and_stars_go_around_words() -> None:
    assert typed(passage("|"), "'", "markdown") is None
    assert marked(typed(passage("<word|"), "*", "markdown")) == "*<word|*"


@pytest.mark.parametrize(
    ("before", "after"), [("(|)", "|"), ('"|"', "|"), ("(a|)", None), ("([|)", None), ("|)", None), ("f|", None)]
)
def test_an_empty_pair_is_deleted_at_once(before: str, after: str | None) -> None:
    assert marked(backspaced(passage(before), "python")) == after


@pytest.mark.parametrize(
    ("text", "places"),
    [("f(a)|", (3, 1)), ("|(a)", (0, 2)), ("f(|a)", (1, 3)), ("f(a|", None), ("((|)", (1, 2)), ("|", None)],
)
def test_the_bracket_beside_the_caret_is_found_with_its_partner(text: str, places: tuple[int, int] | None) -> None:
    assert bracket_beside(passage(text)) == places


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("move_lines_up", "a\nb|c\nd", "b|c\na\nd"),
        ("move_lines_up", "a|\nb", None),
        ("move_lines_down", "a|b\nc", "c\na|b"),
        ("move_lines_down", "x\n<a\nb\n|c\nd", "x\nc\n<a\nb\n|d"),
        ("move_lines_down", "a\nb|", None),
        ("duplicate_lines", "a|b\nc", "ab\na|b\nc"),
        ("duplicate_lines", "<a\nb|", "a\nb\n<a\nb|"),
        ("delete_lines", "a\nb|c\nde", "a\nd|e"),
        ("delete_lines", "ab\ncd|", "ab|"),
        ("delete_lines", "ab|", "|"),
        ("join_lines", "x = |1\n    + 2", "x = 1| + 2"),
        ("join_lines", "<a\n  b\n  c|", "a b| c"),
        ("join_lines", "f(|\n  a\n)", "f(|a\n)"),
        ("join_lines", "a|", None),
        ("select_line", "a\nb|c\nd", "a\n<bc\n|d"),
        ("select_line", "a\n<b\n|c", "a\n<b\nc|"),
        ("select_word", "one t|wo", "one <two|"),
        ("select_word", "one  |  two", None),
        ("indent", "<a\n\nb|", "    <a\n\n    b|"),
        ("dedent", "      a|", "  a|"),
        ("dedent", "  |  a", "|a"),
        ("toggle_comment", "a|", "# a|"),
    ],
)
def test_lines_change_and_the_caret_stays_with_its_words(action: str, before: str, after: str | None) -> None:
    assert marked(CHANGES[action](passage(before), "python")) == after


@given(st.text("ab\n", max_size=12), st.data())
def test_lines_that_are_moved_down_and_up_are_where_they_were(text: str, data: st.DataObject) -> None:
    place = st.integers(0, len(text))
    start = Passage(text, data.draw(place), data.draw(place))
    moved = moved_down(start)
    assert moved is None or moved_up(moved) == start


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if x:|", "if x:\n    |"),
        ("f(|)", "f(\n    |\n)"),
        ("    x = {|}", "    x = {\n        |\n    }"),
        ("f(a,| b)", "f(a,\n  |b)"),
        ("f(\n    a,|", "f(\n    a,\n    |"),
        ("    f(\n        a,\n    )|", "    f(\n        a,\n    )\n    |"),
        ("def f(\n    a,\n):|", "def f(\n    a,\n):\n    |"),
        ("    return [\n        1,\n    ]|", "    return [\n        1,\n    ]\n|"),
        ("x = 1 + \\|", "x = 1 + \\\n    |"),
        ("x = 1 + \\\n    2|", "x = 1 + \\\n    2\n|"),
        ("x = '('|", "x = '('\n|"),
        ("x = 1  # (|", "x = 1  # (\n|"),
        ('x = """a:|', 'x = """a:\n|'),
        ('    x = """\n    a\n    """|', '    x = """\n    a\n    """\n    |'),
        ("a|b", "a\n|b"),
        ("a<bc|d", "a\n|d"),
    ],
)
def test_a_new_line_of_python_begins_where_it_belongs(before: str, after: str) -> None:
    assert marked(line_broken(passage(before), "python")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- a|", "- a\n- |"),
        ("  1. a|", "  1. a\n  2. |"),
        ("> a|", "> a\n> |"),
        ("- [x] a|", "- [x] a\n- [ ] |"),
        ("- a\n- |", "- a\n|"),
        ("  prose|", "  prose\n  |"),
    ],
)
def test_a_list_of_markdown_goes_on_until_an_item_is_empty(before: str, after: str) -> None:
    assert marked(line_broken(passage(before), "markdown")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if x:\n    y\n    else:|", "if x:\n    y\nelse:|"),
        ("try:\n    y\n    except E as e:|", "try:\n    y\nexcept E as e:|"),
        ("if x:\n    if y:\n        z\n    else:|", None),
        ("for x in y:\n    if x:\n        z\n        else:|", "for x in y:\n    if x:\n        z\n    else:|"),
        ("if x:\n    y\nelse:|", None),
        ("x = 1\n    else:|", None),
        ("if x:\n    elsewhere:|", None),
        ("if x:\n    else:| y", None),
    ],
)
def test_a_clause_goes_below_what_it_belongs_to(before: str, after: str | None) -> None:
    assert marked(clause_dedented(passage(before))) == after


def test_home_goes_to_the_text_and_then_to_the_beginning() -> None:
    assert [smart_home(passage(each)) for each in ("    a|", "    |a", "|    a", "  |  a")] == [4, 0, 4, 4]


def test_backspace_in_an_indent_goes_back_to_the_stop_before() -> None:
    assert marked(outdented(passage("        |x"))) == "    |x"
    assert marked(outdented(passage("      |x"))) == "    |x"
    assert outdented(passage("  x|")) is None


@given(st.text("ab\n", max_size=12), st.text("ab\n", max_size=12))
def test_the_difference_of_two_texts_makes_one_of_the_other(before: str, after: str) -> None:
    change = replaced_between(before, after)
    assert before[: change.start] + change.text + before[change.end :] == after
