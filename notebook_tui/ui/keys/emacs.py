"""Keys of the editor as in Emacs. What begins with `emacs.` is done by `editing.keymaps.emacs`."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key, Mode

_EDIT: Final[Mode] = "insert"
_MOVE: Final = "Emacs: move"
_CHANGE: Final = "Emacs: change"
_KILL: Final = "Emacs: kill and yank"
_DO: Final = "Emacs: commands"
_FIRST: Final = ("ctrl+x left_square_bracket",)
_LAST: Final = ("ctrl+x right_square_bracket",)

EMACS: Final[tuple[Key, ...]] = (
    Key(_MOVE, "Beginning and end of the line", "emacs.line_start", ("ctrl+a",), _EDIT),
    Key(_MOVE, "Beginning and end of the line", "emacs.line_end", ("ctrl+e",), _EDIT),
    Key(_MOVE, "A character back and forward", "emacs.back", ("ctrl+b",), _EDIT),
    Key(_MOVE, "A character back and forward", "emacs.forward", ("ctrl+f",), _EDIT),
    # A terminal sends the same for Alt+B and Ctrl+Left, as Textual reads it.
    Key(_MOVE, "A word back and forward", "emacs.word_back", ("alt+b", "ctrl+left"), _EDIT),
    Key(_MOVE, "A word back and forward", "emacs.word_forward", ("alt+f", "ctrl+right"), _EDIT),
    Key(_MOVE, "Next and previous line", "emacs.next_line", ("ctrl+n",), _EDIT),
    Key(_MOVE, "Next and previous line", "emacs.previous_line", ("ctrl+p",), _EDIT),
    Key(_MOVE, "The first letter of the line", "emacs.indentation", ("alt+m",), _EDIT),
    # Terminals of the old kind send Alt with a sign as the sign alone: hence the second keys.
    Key(
        _MOVE,
        "First and last place of the cell",
        "emacs.text_start",
        ("alt+less_than_sign", *_FIRST),
        _EDIT,
    ),
    Key(
        _MOVE,
        "First and last place of the cell",
        "emacs.text_end",
        ("alt+greater_than_sign", *_LAST),
        _EDIT,
    ),
    Key(_MOVE, "Search as you type, forward and back", "emacs.search", ("ctrl+s",), _EDIT),
    Key(_MOVE, "Search as you type, forward and back", "emacs.search_back", ("ctrl+r",), _EDIT),
    Key(_CHANGE, "Delete the character, the word", "emacs.delete", ("ctrl+d",), _EDIT),
    Key(_CHANGE, "Delete the character, the word", "emacs.kill_word", ("alt+d",), _EDIT),
    Key(_CHANGE, "Swap two characters, two words", "emacs.swap_characters", ("ctrl+t",), _EDIT),
    Key(_CHANGE, "Swap two characters, two words", "emacs.swap_words", ("alt+t",), _EDIT),
    Key(_CHANGE, "The word in capitals, small, capitalised", "emacs.upper", ("alt+u",), _EDIT),
    Key(_CHANGE, "The word in capitals, small, capitalised", "emacs.lower", ("alt+l",), _EDIT),
    Key(_CHANGE, "The word in capitals, small, capitalised", "emacs.capitalise", ("alt+c",), _EDIT),
    Key(_CHANGE, "Open a line", "emacs.open_line", ("ctrl+o",), _EDIT),
    Key(_CHANGE, "Comment or uncomment", "toggle_comment", ("alt+semicolon", "ctrl+c semicolon"), _EDIT),
    Key(_CHANGE, "Undo", "undo", ("ctrl+underscore", "ctrl+slash", "ctrl+x u"), _EDIT),
    Key(_KILL, "Set the mark", "emacs.mark", ("ctrl+@",), _EDIT),
    Key(_KILL, "Mark the whole cell", "emacs.mark_all", ("ctrl+x h",), _EDIT),
    Key(_KILL, "Swap caret and mark", "emacs.swap_mark", ("ctrl+x ctrl+x",), _EDIT),
    Key(_KILL, "Kill the rest of the line", "emacs.kill_line", ("ctrl+k",), _EDIT),
    Key(_KILL, "Kill what is marked; without a mark the word before", "emacs.kill_region", ("ctrl+w",), _EDIT),
    Key(_KILL, "Copy what is marked", "emacs.copy", ("alt+w",), _EDIT),
    Key(_KILL, "Yank; then the kill before it", "emacs.yank", ("ctrl+y",), _EDIT),
    Key(_KILL, "Yank; then the kill before it", "emacs.yank_older", ("alt+y",), _EDIT),
    Key(_KILL, "Give up what has begun", "emacs.give_up", ("ctrl+g",), _EDIT),
    Key(_DO, "Run the cell", "run", ("ctrl+c ctrl+c",), _EDIT, "run"),
    Key(_DO, "Run the cell and go to the next", "run_and_next", ("ctrl+c ctrl+n",), _EDIT, "run, next"),
    Key(_DO, "Interrupt what runs", "interrupt", ("ctrl+c ctrl+z",), _EDIT),
    Key(_DO, "Find in all cells", "find", ("ctrl+c ctrl+f",), _EDIT),
    Key(_DO, "Save", "save", ("ctrl+x ctrl+s",), _EDIT, "save"),
    Key(_DO, "Quit", "app.quit", ("ctrl+x ctrl+c",), _EDIT),
    Key(_DO, "Commands", "app.command_palette", ("alt+x",), _EDIT),
)
