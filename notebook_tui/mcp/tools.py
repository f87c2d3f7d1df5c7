"""The tools that an agent has: each stands on a method of the protocol, whose parameters it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from beamlike.kernel.record import frozen
from notebook_tui.api import params
from notebook_tui.api.methods import METHODS
from notebook_tui.api.schema import json_schema
from notebook_tui.session.people import Person, Role

RUN_SECONDS: Final = 60.0
"""How long a run is waited for, if the agent does not say."""


@frozen
class Tool:
    method: str
    title: str
    says: str
    also: tuple[tuple[type, str], ...] = ()
    """Parameters of other methods, which it takes too."""
    destroys: bool = False
    """Whether it may take something away that somebody made."""
    repeatable: bool = False
    """Whether to do it twice is as doing it once."""

    @property
    def role(self) -> Role:
        return METHODS[self.method].role

    @property
    def changes(self) -> bool:
        return METHODS[self.method].changes


TOOLS: Final[Mapping[str, Tool]] = {
    "list_notebooks": Tool(
        "list",
        "List notebooks",
        "Lists the notebooks: those that are open now, and the .livemd files there are.",
    ),
    "open_notebook": Tool(
        "open",
        "Open a notebook",
        "Opens a notebook, or joins its session if people have it open. The other tools open it by themselves; this "
        "one also begins a new notebook, with create.",
        repeatable=True,
    ),
    "read_notebook": Tool(
        "state",
        "Read a notebook",
        "The whole notebook as Markdown: sections and cells with their ids, digests, texts, what became of each, why "
        "it is outdated, and the end of what it shows. Read it before you edit, and again when an edit is refused: "
        "people may be typing in it at the same time.",
        also=((params.Outputs, "images"),),
    ),
    "insert_cell": Tool(
        "insert",
        "Insert a cell",
        "Puts a new cell into the notebook: Python code or Markdown. It does not run yet: run_cells does that.",
    ),
    "insert_section": Tool("insert_section", "Insert a section", "Puts a new section with its heading in."),
    "edit_cell": Tool(
        "edit",
        "Edit a cell",
        "Changes the text of a cell: old, a part that is there exactly once, becomes new; or the whole text becomes "
        "source, which takes the digest that read_notebook told. If somebody has changed that text meanwhile, nothing "
        "happens and the answer has the text as it is now. What people type at the same time is kept.",
        destroys=True,
    ),
    "delete_cell": Tool(
        "delete",
        "Delete a cell",
        "Removes a cell. undo takes that back.",
        destroys=True,
    ),
    "move_cell": Tool("move", "Move a cell", "Moves a cell up or down. Order matters: a cell sees what is above it."),
    "set_title": Tool("set_title", "Set the title", "Gives the notebook another title.", repeatable=True),
    "rename_section": Tool("rename_section", "Rename a section", "Gives a section another heading.", repeatable=True),
    "move_section": Tool("move_section", "Move a section", "Moves a section up or down, with its cells."),
    "delete_section": Tool(
        "delete_section",
        "Delete a section",
        "Removes a section. Its cells go to the one before it, unless with_cells. undo takes that back.",
        destroys=True,
    ),
    "undo": Tool(
        "undo",
        "Undo",
        "Takes back the last edit of the notebook, whoever made it: people and agents have one history. Give the "
        "revision that read_notebook told, so that it is not somebody else's edit that goes.",
        destroys=True,
    ),
    "redo": Tool("redo", "Redo", "Does again what undo took back last, if nothing was edited since.", destroys=True),
    "run_cells": Tool(
        "run",
        "Run cells",
        "Runs cells, with what is outdated above them, and waits for them: the answer has what each shows. Give one of "
        "cells, section and which ('outdated' is mostly what you want after edits). If it takes longer than seconds it "
        "goes on, and wait_for_run waits for the rest. To cancel this call interrupts the cells. Variables are kept "
        "between runs, as in any notebook.",
        also=((params.Await, "seconds"), (params.Await, "characters"), (params.Await, "images")),
        destroys=True,
    ),
    "wait_for_run": Tool(
        "await",
        "Wait for a run",
        "Waits until a run, or the last run of a cell, is over, or a cell asks something.",
        repeatable=True,
    ),
    "read_output": Tool(
        "outputs",
        "Read what a cell shows",
        "All that a cell shows: printed text, result, error with its line, tables, and with images its pictures.",
        repeatable=True,
    ),
    "list_widgets": Tool(
        "widgets",
        "List widgets",
        "The inputs, buttons, forms and tables that cells show, each with its ref, its label, what it takes and what "
        "it holds.",
        repeatable=True,
    ),
    "read_table": Tool(
        "rows",
        "Read rows of a table",
        "Rows of a table that a cell shows, from any place in it, also sorted by a column; people see nothing turn.",
        repeatable=True,
    ),
    "set_input": Tool(
        "set_input",
        "Set an input",
        "Sets the value of an input that a cell shows. Cells that have read it are outdated then: run_cells with "
        "'outdated' brings them up to date. Never make up secrets.",
        destroys=True,
        repeatable=True,
    ),
    "press_button": Tool(
        "press",
        "Press a button",
        "Presses a button that a cell shows. What its code does then is seen in the outputs of the cells.",
        destroys=True,
    ),
    "submit_form": Tool(
        "submit",
        "Submit a form",
        "Sends the values of a form that a cell shows, by the names of its fields; those that are missing have their "
        "defaults.",
        destroys=True,
    ),
    "list_variables": Tool(
        "variables",
        "List variables",
        "The variables of the notebook with type, size and a preview. Nothing of theirs is run for it.",
    ),
    "show_variable": Tool(
        "variable",
        "Show a variable",
        "More of one variable: its value as far as it can be told, of a frame its columns and first rows.",
    ),
    "complete_code": Tool(
        "complete",
        "Complete code",
        "What could stand at a place of a cell's text, by what lives in the runtime.",
    ),
    "describe_name": Tool(
        "describe",
        "Describe a name",
        "What the name at a place of a cell's text stands for: signature, documentation, where it is defined.",
    ),
    "interrupt": Tool(
        "interrupt",
        "Interrupt",
        "Interrupts what runs, and takes out what waits to run. Variables are kept.",
        repeatable=True,
    ),
    "restart_runtime": Tool(
        "restart",
        "Restart the runtime",
        "A fresh runtime in place of the one there is. All variables are lost, texts are not.",
        destroys=True,
    ),
    "save_notebook": Tool(
        "save",
        "Save",
        "Writes the file now. It is also written by itself, some seconds after each change.",
        repeatable=True,
    ),
    "answer_input": Tool(
        "input",
        "Answer what a cell asks",
        "Gives a line to a cell that waits in input(). Never make up secrets: where one is asked for, tell the person "
        "who you work for to type it in the terminal.",
    ),
    "trust_notebook": Tool(
        "trust",
        "Trust a notebook's code",
        "Says that the code of this notebook may run, though somebody else wrote it. Ask the person you work for "
        "first.",
        destroys=True,
    ),
}


def allowed(role: Role) -> Mapping[str, Tool]:
    """The tools of an agent with that role."""
    person = Person("", role)
    return {name: tool for name, tool in TOOLS.items() if person.may(tool.role)}


def tool_schema(tool: Tool, notebook: str | None) -> dict[str, Any]:
    """What it takes, as JSON Schema. `notebook` is the one that is meant where none is named."""
    schema = json_schema(METHODS[tool.method].params)
    properties: dict[str, Any] = schema["properties"]
    for record, name in tool.also:
        properties[name] = json_schema(record)["properties"][name]
    if tool.method == "run":
        properties["seconds"]["default"] = RUN_SECONDS
    if tool.method == "open":
        for name in ("answers", "runtime"):
            del properties[name]
    if "notebook" in properties:
        says = "the notebook's path, as list_notebooks tells it"
        properties["notebook"]["description"] = says if notebook is None else f"{says}; else {notebook}"
        if notebook is not None:
            schema["required"] = [name for name in schema["required"] if name != "notebook"]
    return schema


def split(tool: Tool, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What its own method takes of the arguments, and what others do.

    >>> split(TOOLS["run_cells"], {"notebook": "a.livemd", "seconds": 5})
    ({'notebook': 'a.livemd'}, {'seconds': 5})
    """
    others: Sequence[str] = [name for _, name in tool.also]
    return (
        {name: value for name, value in arguments.items() if name not in others},
        {name: value for name, value in arguments.items() if name in others},
    )
