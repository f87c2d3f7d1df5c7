"""Vim's keys against tables of before and after, and against what must hold for any keys at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_tui.ui.editing.keymaps.motions import MOTIONS
from notebook_tui.ui.editing.keymaps.vim import Vim
from notebook_tui.ui.keys.vim import VIM
from tests.support.model_editor import ModelEditor
from tests.support.soak import count


def after(marked: str, keys: str) -> str:
    editor = ModelEditor(Vim(), marked)
    editor.type(keys)
    return editor.marked


MOVES = [
    ("a|bc", "h", "|abc"),
    ("|abc", "3l", "ab|c"),
    ("a|b\ncd", "j", "ab\nc|d"),
    ("abc|d\nx\nabcd", "jj", "abcd\nx\nabc|d"),
    ("ab\nc|d", "k", "a|b\ncd"),
    ("a\nb\nc\n|d", "2k", "a\n|b\nc\nd"),
    ("|one two.three", "w", "one |two.three"),
    ("|one two.three", "2w", "one two|.three"),
    ("|one two.three x", "2W", "one two.three |x"),
    ("|one\n\ntwo", "w", "one\n|\ntwo"),
    ("one two| ", "b", "one |two "),
    ("one two.th|ree", "B", "one |two.three"),
    ("|one two", "e", "on|e two"),
    ("on|e two.x y", "E", "one two.|x y"),
    ("one t|wo", "ge", "on|e two"),
    ("one two.x |y", "gE", "one two.|x y"),
    ("  ab|c", "0", "|  abc"),
    ("  ab|c", "^", "  |abc"),
    ("|abc", "$", "ab|c"),
    ("|ab\ncde", "2$", "ab\ncd|e"),
    ("a\nb\n|c", "gg", "|a\nb\nc"),
    ("|a\nb\n  c", "G", "a\nb\n  |c"),
    ("|a\nb\nc", "2G", "a\n|b\nc"),
    ("a\n|b\nc\nd\ne", "H", "|a\nb\nc\nd\ne"),
    ("|a\nb\nc\nd\ne", "M", "a\nb\n|c\nd\ne"),
    ("|a\nb\nc\nd\ne", "L", "a\nb\nc\nd\n|e"),
    ("|a.b.c", "f.", "a|.b.c"),
    ("|a.b.c", "2f.", "a.b|.c"),
    ("|a.b.c", "t.", "|a.b.c"),
    ("|ab.c", "t.", "a|b.c"),
    ("a.b.|c", "F.", "a.b|.c"),
    ("a.bb|c", "T.", "a.|bbc"),
    ("|a.b.c", "f.;", "a.b|.c"),
    ("|a.b.c", "2f.,", "a|.b.c"),
    ("|ab.b.c", "t.;", "ab.|b.c"),
    ("f|(a[0])", "%", "f(a[0]|)"),
    ("f(a[0]|)", "%", "f|(a[0])"),
    ("|if f(a):", "%", "if f(a|):"),
    ("a\n|b\n\nc\n\nd", "}", "a\nb\n|\nc\n\nd"),
    ("a\n\nb\n|c", "{", "a\n|\nb\nc"),
    ("|One. Two. x", ")", "One. |Two. x"),
    ("One. T|wo. x", "(", "One. |Two. x"),
    ("|ab cd ab", "*", "ab cd |ab"),
    ("ab cd |ab", "#", "|ab cd ab"),
    ("|x ab abc ab", "/ab<CR>", "x |ab abc ab"),
    ("|x ab abc ab", "/ab<CR>nn", "x ab abc |ab"),
    ("|x ab abc ab", "/ab<CR>N", "x ab abc |ab"),
    ("|x ab abc ab", "?ab<CR>", "x ab abc |ab"),
    ("|a b2 b3", "/b[3]<CR>", "a b2 |b3"),
    ("a\n|b\nc", "magg`a", "a\n|b\nc"),
    ("a\n  b|b", "magg'a", "a\n  |bb"),
    ("|a\nb\nc", "G''", "|a\nb\nc"),
    ("|a\nb", "5j", "a\n|b"),
    ("|ab", "9999999999999l", "a|b"),
    ("|a\nb\nc", ":3<CR>", "a\nb\n|c"),
]
CHANGES = [
    ("|one two", "dw", "|two"),
    ("one |two", "dw", "one| "),
    ("one |two\nx", "dw", "one| \nx"),
    ("|a b c d", "d3w", "|d"),
    ("|a b c d e", "2d2w", "|e"),
    ("|one two", "de", "| two"),
    ("one two|x", "db", "one |x"),
    ("o|ne two", "d$", "|o"),
    ("one t|wo", "d0", "|wo"),
    ("|a\nb\nc", "dd", "|b\nc"),
    ("a\nb\n|c", "dd", "a\n|b"),
    ("|a", "dd", "|"),
    ("|a\nb\nc\nd", "2dd", "|c\nd"),
    ("|a\nb\nc", "dj", "|c"),
    ("a\n|b", "dj", "a\n|b"),
    ("a\nb\n|c\nd", "dk", "a\n|d"),
    ("a\n|b\nc", "dG", "|a"),
    ("a\n|b\nc", "dgg", "|c"),
    ("|a.b.c", "df.", "|b.c"),
    ("|a.b.c", "dt.", "|.b.c"),
    ("a.b|.c", "dF.", "a|.c"),
    ("f|(a, b) c", "d%", "f| c"),
    ("|a\nb\n\nc", "d}", "|\nc"),
    ("f(on|e two)", "diw", "f(| two)"),
    ("x o|ne two", "daw", "x |two"),
    ("x o|ne", "daw", "|x"),
    ('f("a |b", c)', 'di"', 'f("|", c)'),
    ("f('a |b' , c)", "da'", "f(|, c)"),
    ("f(a, |(b))", "di(", "f(a, (|))"),
    ("f(a|, (b))", "di(", "f(|)"),
    ("f(a|, (b))", "da)", "|f"),
    ("x[a|b]", "ci[c<Esc>", "x[|c]"),
    ("{a|: 1}", "di{", "{|}"),
    ("a\n\nb\n|c\n\nd", "dip", "a\n\n|\nd"),
    ("a\n\nb\n|c\n\nd", "dap", "a\n\n|d"),
    ("|one two", "cwx<Esc>", "|x two"),
    ("|one two three", "c2wx<Esc>", "|x three"),
    ("|a\nb", "ccx<Esc>", "|x\nb"),
    ("  |a\nb", "ccx<Esc>", "  |x\nb"),
    ("o|ne", "Cx<Esc>", "o|x"),
    ("o|ne\ntwo", "D", "|o\ntwo"),
    ("|abc", "x", "|bc"),
    ("ab|c", "x", "a|b"),
    ("|abc", "2x", "|c"),
    ("ab|c", "X", "a|c"),
    ("|abc", "sx<Esc>", "|xbc"),
    ("|abc\nd", "Sx<Esc>", "|x\nd"),
    ("|abc", "rx", "|xbc"),
    ("|abc", "2rx", "x|xc"),
    ("|abc", "4rx", "|abc"),
    ("a|bc", "r<CR>", "a\n|c"),
    ("|abc", "2~", "AB|c"),
    ("|abc", "~", "A|bc"),
    ("|a\n  b", "J", "a| b"),
    ("|a\nb\nc", "3J", "a b| c"),
    ("|a\n  b", "gJ", "a|  b"),
    ("|f(\n)", "J", "f(|)"),
    ("|one two", "yyp", "one two\n|one two"),
    ("|one\ntwo", "yyjp", "one\ntwo\n|one"),
    ("one\n|two", "yyP", "one\n|two\ntwo"),
    ("|ab", "ylp", "a|ab"),
    ("|ab", "yl3p", "aaa|ab"),
    ("|one two", "dwP", "one| two"),
    ("|one two", "yw$p", "one twoone| "),
    ("|ab cd", "yiwwviwp", "ab a|b"),
    ("|a\nb", '"ayyj"ap', "a\nb\n|a"),
    ("|a\nb", '"ayyj"Ayy"ap', "a\nb\n|a\nb"),
    ("|a b", '"_dwP', "|b"),
    ("  |a\nb", ">>", "      |a\nb"),
    ("|a\nb", ">j", "    |a\n    b"),
    ("    |a\nb", "<<", "|a\nb"),
    ("if x:\n|y", "==", "if x:\n    |y"),
    ("if x:\n|a\n    b", "=j", "if x:\n    |a\n        b"),
    ("|one two", "g~w", "|ONE two"),
    ("|ONE TWO", "guw", "|one TWO"),
    ("|one two", "gUU", "|ONE TWO"),
    ("one t|wo", "guu", "one t|wo"),
    ("|b", "ia<Esc>", "|ab"),
    ("|b", "aa<Esc>", "b|a"),
    ("  a|b", "Ix<Esc>", "  |xab"),
    ("|ab", "Ax<Esc>", "ab|x"),
    ("|a\nb", "ox<Esc>", "a\n|x\nb"),
    ("a\n|b", "Ox<Esc>", "a\n|x\nb"),
    ("|if x:", "oy<Esc>", "if x:\n    |y"),
    ("|x", "3ia<Esc>", "aa|ax"),
    ("|x", "3oa<Esc>", "x\na\na\n|a"),
    ("|", "ia b<C-w>c<Esc>", "a |c"),
    ("|", "iab c<C-u>d<Esc>", "|d"),
    ("|abc", "xu", "|abc"),
    ("|abc", "xxuu", "|abc"),
    ("|abc", "xxuu<C-r>", "|bc"),
    ("|abc", "x2u", "|abc"),
    ("|a b c d", "dw.", "|c d"),
    ("|a b c d", "dw2.", "|d"),
    ("|a b", "cwx<Esc>w.", "x |x"),
    ("|a b", "ix<Esc>$.", "xa |xb"),
    ("|a\nb", "Ax<Esc>j.", "ax\nb|x"),
    ("|abcd", "x.", "|cd"),
    ("|abc abc", "rxw.", "xbc |xbc"),
    ("|a\nb\nc", "vjd", "|\nc"),
    ("|abc", "vld", "|c"),
    ("ab|c", "vhd", "|a"),
    ("|abc", "v$d", "|"),
    ("|a\nb\nc", "Vjd", "|c"),
    ("|a\nb\nc", "VjJ", "a| b\nc"),
    ("|one two", "viwcx<Esc>", "|x two"),
    ("|one two", "vey$p", "one twoon|e"),
    ("|one", "veU", "|ONE"),
    ("|one", "ve~", "|ONE"),
    ("|one", "verx", "|xxx"),
    ("|a\nb", "Vj>", "    |a\n    b"),
    ("a|bc", "vol<Esc>", "ab|c"),
    ("f(a|b)", "vi(d", "f(|)"),
    ("a|bc", "v<Esc>", "a|bc"),
    ("|abc", "vlyP", "a|babc"),
    ("|a a\na", ":s/a/b/<CR>", "|b a\na"),
    ("|a a\na", ":s/a/b/g<CR>", "|b b\na"),
    ("|a a\na", ":%s/a/b/g<CR>", "b b\n|b"),
    ("|a A", ":s/A/b/gi<CR>", "|b b"),
    ("|ab", ":s/a\\(b/x/<CR>", "|ab"),
    ("|ab", r":s/(a)(b)/\2\1/<CR>", "|ba"),
    ("|ab", ":s/a/<&>/<CR>", "|<a>b"),
    ("|a/b", r":s/\//-/<CR>", "|a-b"),
    ("|a\na\na", ":2,3s/a/b/<CR>", "a\nb\n|b"),
    ("|a\na\na", "Vj:s/a/b/<CR>", "b\n|b\na"),
    ("|a b c", "qadwq@a", "|c"),
    ("|a b c d e", "qadwq2@a", "|d e"),
    ("|a\nb\nc", "qaA!<Esc>jq@a@@", "a!\nb!\nc|!"),
]


@pytest.mark.parametrize(("before", "keys", "then"), MOVES)
def test_a_motion_goes_where_vims_goes(before: str, keys: str, then: str) -> None:
    assert after(before, keys) == then


@pytest.mark.parametrize(("before", "keys", "then"), CHANGES)
def test_a_change_does_what_vims_does(before: str, keys: str, then: str) -> None:
    assert after(before, keys) == then


@pytest.mark.parametrize(("before", "keys", "then"), [case for case in CHANGES if "u" not in case[1]])
def test_undo_after_any_change_restores_the_text(before: str, keys: str, then: str) -> None:
    editor = ModelEditor(Vim(), before)
    editor.type(keys)
    for _ in range(len(keys)):
        editor.type("u")
    assert editor.text == before.replace("|", "", 1)


def test_an_insert_is_one_step_of_undo_however_it_began() -> None:
    for begin in ("i", "a", "A", "I", "o", "O", "cw", "S", "C", "3i"):
        editor = ModelEditor(Vim(), "one |two")
        editor.type(f"{begin}abc def<BS><Esc>u")
        assert editor.text == "one two", begin


def test_the_modes_are_named() -> None:
    vim = Vim()
    editor = ModelEditor(vim, "|abc")
    for keys, name in [
        ("", "NORMAL"),
        ("i", "INSERT"),
        ("<Esc>v", "VISUAL"),
        ("V", "V-LINE"),
        ("<Esc>qa", "NORMAL @a"),
    ]:
        editor.type(keys)
        assert vim.name == name


def test_what_a_line_asks_for_is_asked_of_the_terminal() -> None:
    editor = ModelEditor(Vim(), "|a")
    editor.type(":w<CR>:q<CR>:wq<CR>:x<CR>ZZ<Esc>")
    assert editor.done == ["save", "app.quit", *["app.save_and_quit"] * 3, "leave"]
    editor.type(":frob<CR>:s/(/x/<CR>:s/a<CR>:s/a/b/q<CR>")
    assert "There is no :frob here" in editor.said[0]
    assert "no expression" in editor.said[1]
    assert "Expected the flags g and i, found q" in editor.said[-1]


def test_e_brings_back_the_text_as_it_was_when_the_cell_was_opened() -> None:
    editor = ModelEditor(Vim(), "|a b")
    editor.type("xxinew<Esc>:e!<CR>")
    assert editor.text == "a b"


def test_a_search_highlights_all_matches_until_noh() -> None:
    editor = ModelEditor(Vim(), "|ab ab")
    editor.type("/ab<CR>")
    assert editor.marks == ((0, 2), (3, 5))
    editor.type(":noh<CR>")
    assert editor.marks == ()
    editor.type("/nothing<CR>")
    assert editor.said == ["Not found: nothing"]


def test_a_search_that_takes_for_ever_is_given_up() -> None:
    editor = ModelEditor(Vim(), "|y" + "x" * 5000 + "q")
    editor.type(r"/(x+x+)+[yz]\b<CR>")
    assert editor.said[0] == "This expression takes too long."


def test_the_clipboard_of_the_system_is_a_register() -> None:
    editor = ModelEditor(Vim(), "|one two")
    editor.type('"+yw')
    assert editor.clipboard == "one "
    editor.clipboard = "X"
    editor.type('"+P')
    assert editor.text == "Xone two"


def test_every_key_of_the_help_means_something() -> None:
    from notebook_tui.ui.editing.keymaps.vim_commands import NoCommand, command_of

    names = {"dollar_sign": "$", "circumflex_accent": "^", "full_stop": ".", "at": "@", "tilde": "~", "colon": ":"}
    names |= {"semicolon": ";", "comma": ",", "percent_sign": "%", "quotation_mark": '"', "grave_accent": "`"}
    names |= {"apostrophe": "'", "slash": "/", "question_mark": "?", "asterisk": "*", "number_sign": "#"}
    names |= {"left_parenthesis": "(", "right_parenthesis": ")", "left_curly_bracket": "{", "right_curly_bracket": "}"}
    names |= {"greater_than_sign": ">", "less_than_sign": "<", "equals_sign": "="}
    for row in VIM:
        for key in row.keys if row.mode == "normal" else ():
            keys = [names.get(each, each) for each in key.split()]
            visual = row.group == "Vim: objects"
            try:
                command_of(keys, visual=visual)
            except NoCommand:
                raise AssertionError(f"{key} of {row.title!r} is no command") from None


TEXTS = st.text(alphabet="ab .(){}[]\"'\n_漢", max_size=40)
KEYS = st.lists(
    st.sampled_from(
        [
            *"hjklwWbBeE0^$GfFtTdcyxXDCYsSrJpPoOiIaAuv.V~{}()%;,*#nN123qm@'`\"/?:<>=gHML ",
            *("escape", "escape", "enter", "ctrl+r", "backspace", "ctrl+d", "ctrl+w", "delete", "left", "up"),
        ]
    ),
    max_size=25,
)


@settings(max_examples=count(100, 5000, part=1500), deadline=None)
@given(TEXTS, st.integers(0, 40), KEYS)
def test_no_keys_bring_the_caret_out_of_the_text__and_undo_brings_the_text_back(
    text: str, caret: int, keys: list[str]
) -> None:
    at = min(caret, len(text))
    editor = ModelEditor(Vim(), "|")
    editor.text, editor.caret, editor.opened = text, at, text
    editor.press(*keys)
    editor.press("escape", "escape", "escape")
    editor.press("9", "9", "9", "u")
    assert editor.text == text


@settings(max_examples=count(80, 2000, part=800), deadline=None)
@given(TEXTS, st.integers(0, 40), st.sampled_from(sorted({*MOTIONS, "G", "iw", "aw", "i(", "ap", "line"})))
def test_what_a_motion_deletes_can_be_put_back(text: str, caret: int, motion: str) -> None:
    editor = ModelEditor(Vim(), "|")
    editor.text, editor.caret = text, min(caret, len(text))
    editor.press("d", *(["d"] if motion == "line" else [motion] if motion in MOTIONS and len(motion) > 2 else motion))
    if editor.text == text:
        return
    register = editor.keymap.registers.get("")
    assert register is not None
    # The caret of normal mode cannot stand behind a line, nor above the first or below the last that is left: there
    # `p` puts after it what `P` would put before, and lines may come back on the other side.
    restored = {after_one_more(editor, "P"), after_one_more(editor, "p")}
    assert text in restored or text.strip("\n") in {each.strip("\n") for each in restored}


def after_one_more(editor: ModelEditor, key: str) -> str:
    """The text after one more key."""
    other = ModelEditor(editor.keymap, "|")
    other.text, other.caret = editor.text, editor.caret
    other.press(key)
    return other.text


@settings(max_examples=count(80, 2000, part=800), deadline=None)
@given(TEXTS, st.integers(0, 40), st.sampled_from(sorted({*MOTIONS} - {"0"})), st.integers(1, 5))
def test_a_motion_changes_no_text_and_stays_on_a_character(text: str, caret: int, motion: str, count: int) -> None:
    editor = ModelEditor(Vim(), "|")
    editor.text, editor.caret = text, min(caret, len(text))
    editor.press(str(count), *([motion] if len(motion) > 2 else motion))
    assert editor.text == text
    line_end = text.find("\n", editor.caret)
    on_character = editor.caret < (len(text) if line_end < 0 else line_end)
    assert on_character or editor.caret == text.rfind("\n", 0, editor.caret) + 1
