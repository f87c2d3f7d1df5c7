"""Which actions take more than looking: keys of others are grey, and pressed they say what they would take.

The session is what refuses; this spares the way to it, and says so before anything is typed in vain. What reads or
writes files of the host, or runs a program there, takes `admin` here, for no session hears of it.
"""

from __future__ import annotations

from typing import Final

from notebook_tui.session.people import Role

_EDIT: Final = frozenset(
    {
        *("edit", "open_in_normal_mode", "delete", "move_down", "move_up", "insert_section"),
        *("insert_code_above", "insert_code_below", "insert_markdown_above", "insert_markdown_below"),
        *("cut_cell", "paste_above", "paste_below", "merge_cell", "split_cell", "branch_section", "cell_settings"),
        *("turn_into_code", "turn_into_markdown", "undo_edit", "redo_edit"),
        *("format_cell", "format_notebook", "replace", "undo_replacement", "save"),
    }
)
_RUN: Final = frozenset(
    {
        *("run", "run_again", "run_and_next", "run_from_here", "run_only", "run_outdated", "run_section"),
        *("run_with_outdated", "cancel", "interrupt", "erase_outputs", "give_keys", "go_to_question"),
        *("toggle_variables",),
    }
)
_ADMIN: Final = frozenset(
    {
        *("restart", "toggle_secrets", "distrust_folder"),
        *("save_as", "rename", "duplicate", "export", "save_output", "edit_outside"),
        *("settings", "use_default_keys", "use_emacs_keys", "use_vim_keys"),
    }
)


def role_of(action: str) -> Role:
    """The role that it takes to do that.

    >>> role_of("run"), role_of("focus_next")
    ('run', 'view')
    """
    if action in _ADMIN:
        return "admin"
    if action in _RUN:
        return "run"
    return "edit" if action in _EDIT else "view"
