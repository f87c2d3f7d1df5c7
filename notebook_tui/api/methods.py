"""The methods of the protocol: one table, of which checks, the reference and the agents' tools are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.api import params
from notebook_tui.session.people import Role

VERSION: Final = 1
"""Of the protocol. It changes when a client that knew the version before would misunderstand something."""


@frozen
class Method:
    params: type
    role: Role
    """What the client must be allowed."""
    says: str
    answers: Mapping[str, str]
    """The fields of the answer."""
    changes: bool = False


_CELLS: Final = (
    "in the order of the document, each with `id`, `kind` (`code` or `markdown`), `section`, `label` (what people call "
    "it), `source`, `digest` (of the text), `status` (`ready`, `queued`, `evaluating`), `result` (`none`, `ok`, "
    "`failed`, `interrupted`, `lost`), `stale` (why the last run is worth nothing now, in words), `seconds`, `outputs` "
    "(how many there are)"
)
_OUTPUTS: Final = (
    "each with `type`: `text` (`stream`, `text`), `result` (`text`), `error` (`name`, `message`, `traceback`, `line`), "
    "`display` (`data` by media type; `left_out`: what was not told, with its size), `exported` (`info`, `text`), "
    "`view` (`kind`, `ref`, `text`); `cut` where a text is longer, with its length"
)
_EDITED: Final = {"cell": "its id", "digest": "of the text that it has now"}
_HISTORY: Final = {
    "revision": "as in `state`",
    "past": "how many edits can be taken back now",
    "future": "how many can be done again",
}

METHODS: Final[Mapping[str, Method]] = {
    "hello": Method(
        params.Hello,
        "view",
        "Begins the connection.",
        {
            "protocol": "the version that is spoken",
            "program": "the server's name and version",
            "role": "what the client may do: `view`, `edit`, `run` or `admin`, each with all before it",
            "directory": "where relative paths begin",
        },
    ),
    "whoami": Method(
        params.Nothing,
        "view",
        "Tells who the client is to the server.",
        {
            "client": "its name",
            "role": "what it may do",
            "notebooks": "the patterns of the notebooks that it may open",
            "open": "those that it has open",
        },
    ),
    "list": Method(
        params.Nothing,
        "view",
        "Lists the notebooks that are open in the server, and those in its directory.",
        {
            "open": "a list, each with `path` and `since`, in seconds since the epoch",
            "files": "the paths of notebook files, up to 1,000",
            "more": "whether there are others",
        },
    ),
    "open": Method(
        params.Open,
        "view",
        "Opens a notebook, or joins its session if it is open already; people who look at it see the client.",
        {
            "notebook": "what the other methods call it",
            "title": "the notebook's",
            "trusted": "whether its code may run",
            "role": "what the client may do in it",
        },
    ),
    "close": Method(
        params.OfNotebook,
        "view",
        "Leaves the notebook. Its session goes on, with what runs and all values.",
        {},
    ),
    "stop": Method(
        params.OfNotebook,
        "admin",
        "Ends the session, for everybody: what is not saved is saved, the runtime and all values are gone.",
        {},
        True,
    ),
    "state": Method(
        params.State,
        "view",
        "Tells the notebook as it is now.",
        {
            "notebook": "its path",
            "title": "the notebook's",
            "trusted": "whether its code may run",
            "dirty": "whether there are changes that are not saved",
            "runtime": "an object: `phase` (`disconnected`, `connecting`, `connected`), `text`, `lost` (why the last "
            "one went away)",
            "sections": "in order, each with `id`, `name` and `parent` (the section that it branches from, or null)",
            "cells": _CELLS,
            "questions": "what cells ask now: each with `id`, `cell`, `prompt`, `hidden` (whether it is a secret); "
            "only for a client that answers",
            "people": "who looks at it, the client too, each with `name`, `role`, `cell` (where they are), `doing` "
            "(empty, `typing` or `running`), `you`",
            "revision": "a number that is another after each change of the text",
        },
    ),
    "insert": Method(
        params.Insert,
        "edit",
        "Puts a new cell into the notebook. It does not run yet.",
        _EDITED,
        True,
    ),
    "insert_section": Method(
        params.InsertSection,
        "edit",
        "Puts a new section, with its heading, into the notebook.",
        {"section": "its id"},
        True,
    ),
    "delete": Method(
        params.Delete,
        "edit",
        "Removes a cell; `undo` takes that back. One that runs is interrupted first.",
        {},
        True,
    ),
    "move": Method(
        params.Move,
        "edit",
        "Moves a cell up or down.",
        {},
        True,
    ),
    "set_title": Method(
        params.SetTitle,
        "edit",
        "Gives the notebook another title.",
        {"title": "as it is now"},
        True,
    ),
    "rename_section": Method(
        params.RenameSection,
        "edit",
        "Gives a section another heading.",
        {"name": "the heading as it is now"},
        True,
    ),
    "move_section": Method(
        params.MoveSection,
        "edit",
        "Moves a section up or down, with its cells.",
        {},
        True,
    ),
    "delete_section": Method(
        params.DeleteSection,
        "edit",
        "Removes a section; its cells go to the one before it, unless they are to go too. `undo` takes that back.",
        {},
        True,
    ),
    "edit": Method(
        params.Edit,
        "edit",
        "Changes the text of a cell, where it is as the client has read it: by `old` and `new`, or by `source` with "
        "`digest`. What others type at the same time is kept.",
        {**_EDITED, "source": "the text, if it is another than the client can know, for somebody typed meanwhile"},
        True,
    ),
    "undo": Method(
        params.TakeBack,
        "edit",
        "Takes back the last edit of the notebook, whoever made it: there is one history, for people and programs. "
        "With `revision` it is the one that the client knows of. Runs and values are no part of it.",
        _HISTORY,
        True,
    ),
    "redo": Method(
        params.TakeBack,
        "edit",
        "Does again what `undo` took back last, if nothing was edited since.",
        _HISTORY,
        True,
    ),
    "run": Method(
        params.Run,
        "run",
        "Has cells run, and answers at once. Takes one of `cells`, `section` and `which`.",
        {"run": "for `await`", "cells": "the ids of the cells that will run, in order"},
        True,
    ),
    "await": Method(
        params.Await,
        "view",
        "Waits until a run is over, or a cell asks something that the client may answer, or the time is up. Takes one "
        "of `run` and `cell`.",
        {
            "done": "whether it is over",
            "ok": "whether all of it succeeded; null while it goes on",
            "cells": "each with `id`, `label`, `status` (`queued`, `running`, `ok`, `failed`, `interrupted`, "
            "`not_run`), `seconds` and `outputs`, " + _OUTPUTS,
            "questions": "what cells ask, as in `state`",
            "runtime": "as in `state`",
        },
    ),
    "outputs": Method(
        params.Outputs,
        "view",
        "Tells what a cell shows.",
        {"count": "how many outputs there are", "outputs": _OUTPUTS},
    ),
    "widgets": Method(
        params.Widgets,
        "view",
        "Lists the inputs, buttons, forms, keyboards and tables that cells show.",
        {
            "widgets": "in the order of the document, each with `ref`, `kind` (`input`, `button`, `form`, `keyboard`, "
            "`table`), `cells` (the ids of those that show it) and: of an input `label`, `type` (`text`, `number`, "
            "`select`, `checkbox`, `range`, `date`, `file`, `secret`), `value`, `options`, `low`, `high`, `step`, of a "
            "secret `is_set` and no value; of a button and a keyboard `label`; of a form `label` (its button's) and "
            "`fields`, each with `name` and as an input, `default` in place of `value`; of a table `title`, `columns` "
            "(each with `name` and `type`), `count` (null: nobody knows yet) and `sortable`",
        },
    ),
    "rows": Method(
        params.Rows,
        "view",
        "Reads rows of a table that a cell shows, from where its data lives; for people nothing turns.",
        {
            "columns": "their names",
            "rows": "each as a list of texts",
            "offset": "the number of the first",
            "count": "of all rows; null: nobody knows before all were read",
        },
    ),
    "set_input": Method(
        params.SetInput,
        "run",
        "Sets the value of an input. Cells that have read it are outdated then, and those that run by themselves do. "
        "The value of a secret is kept in memory alone, and told to nobody.",
        {"value": "as the input has it now", "is_set": "of a secret: whether it has one"},
        True,
    ),
    "press": Method(
        params.Press,
        "run",
        "Presses a button. It answers when the button's program is told; what that does is seen in outputs.",
        {},
        True,
    ),
    "submit": Method(
        params.Submit,
        "run",
        "Sends the values of a form, all at once. It answers when the form's program is told.",
        {},
        True,
    ),
    "variables": Method(
        params.Variables,
        "run",
        "Lists the variables of the notebook, without running anything of theirs.",
        {
            "variables": "by name, each with `name`, `kind`, `type`, `size`, `bytes`, `cell` (which bound it), "
            "`preview`",
            "count": "how many there are",
        },
    ),
    "variable": Method(
        params.Variable,
        "run",
        "Tells more of one variable, without running anything of its own.",
        {
            "name": "and `kind`, `type`, `size`, `bytes`, `cell`, `preview` as in `variables`",
            "module": "of its type",
            "text": "as much of the value as can be told, up to 4,000 characters",
            "columns": "of a frame, each as name and type",
            "rows": "the first of a frame, as texts",
        },
    ),
    "complete": Method(
        params.At,
        "edit",
        "Proposes what could stand at a place of a cell's text.",
        {"proposals": "each with `label`, `kind`, `insert`, `detail`; up to 200"},
    ),
    "describe": Method(
        params.At,
        "edit",
        "Tells what the name at a place of a cell's text stands for.",
        {"markdown": "its signature, documentation and where it is defined; null if nothing is known"},
    ),
    "interrupt": Method(
        params.Interrupt,
        "run",
        "Interrupts what runs and takes out what waits. All values are kept.",
        {"cells": "the ids of the cells that were told to stop"},
        True,
    ),
    "restart": Method(
        params.OfNotebook,
        "admin",
        "Puts a fresh runtime in place of the one there is. All values are lost, the text is not.",
        {},
        True,
    ),
    "save": Method(
        params.OfNotebook,
        "edit",
        "Writes the file now; it is also written by itself, some seconds after a change.",
        {"path": "of the file"},
        True,
    ),
    "input": Method(
        params.Input,
        "run",
        "Answers what a cell asks.",
        {},
        True,
    ),
    "trust": Method(
        params.OfNotebook,
        "admin",
        "Says that the code of the notebook may run.",
        {},
        True,
    ),
    "subscribe": Method(
        params.OfNotebook,
        "view",
        "From now on the client is told what happens in the notebook, by `event` notifications.",
        {},
    ),
    "unsubscribe": Method(
        params.OfNotebook,
        "view",
        "No more events of that notebook.",
        {},
    ),
}

EVENTS: Final[Mapping[str, str]] = {
    "started": "A cell runs: `cell`.",
    "finished": "It is over: `cell`, `status` (`ok`, `failed`, `interrupted`), `seconds`.",
    "status": "Cells wait or run, or no more: `cells`, each as id and `status`.",
    "output": "A cell shows something more: `cell`, `output`, as in `outputs`, up to 10,000 characters, without "
    "pictures.",
    "output_changed": "What a cell shows is another now: `cell`, `output`.",
    "changed": "The document has changed: `cells`, those that are new or others now, as in `state`; `gone`, ids; "
    "`order`, the ids of all cells, if it is another; `sections`, as in `state`, if they are others; `title`.",
    "input": "An input has another value: `widget`, its `ref`, and `value`, null of a secret.",
    "runtime": "The runtime comes or goes: as `runtime` in `state`.",
    "people": "Somebody has come, gone or moved: `people`, as in `state`.",
    "notice": "Words for people: `text`.",
    "question": "A cell asks something: `question`, as in `state`. Only for a client that answers.",
    "settled": "A question needs no answer any more: `question`, its id.",
    "behind": "The client read too slowly, and events were left out: `left_out`, how many. `resync` follows.",
    "resync": "How all is now: `state`.",
    "ended": "The session has ended: `why`. No more events of this notebook come.",
}
"""What `event` notifications tell: each has `event`, `notebook`, and these."""
