"""What the methods do in one notebook that a client has open."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeAlias

from notebook_tui.api import params
from notebook_tui.api.errors import ApiError
from notebook_tui.api.opened import Opened
from notebook_tui.api.outputs import told
from notebook_tui.api.places import inserting, new_id
from notebook_tui.api.runs import Became, latest
from notebook_tui.api.text_edits import check_digest, delta_of
from notebook_tui.api.told_notebook import digest_of, questions_json, runtime_json
from notebook_tui.document.notebook import SETUP_CELL_ID, Cell
from notebook_tui.document.operations import CancelEvaluation, DeleteCell, MoveCell, QueueCells, Trust
from notebook_tui.document.outputs import Output
from notebook_tui.document.plan import full_evaluation
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.trust import NOT_TRUSTED
from notebook_tui.runtime.variable_questions import Variable
from notebook_tui.session.inputs_as_set import inputs_as_set

MOST_PROPOSALS: Final = 200
ANSWER_SECONDS: Final = 5.0
OUTPUTS_OF_A_RUN: Final = 50
"""Of each cell, the last ones; `outputs` has all."""

Answer: TypeAlias = dict[str, Any]


class Answers:
    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._client = opened.client

    async def state(self, wanted: params.State) -> Answer:
        for cell_id in wanted.cells:
            self._opened.cell(cell_id)
        return self._opened.told(frozenset(wanted.cells), sources=wanted.sources)

    # The text.

    async def insert(self, wanted: params.Insert) -> Answer:
        cell = Cell(new_id(), wanted.kind, wanted.source)
        try:
            operations = list(inserting(self._opened.state.notebook, cell, wanted.after, new_id()))
        except Rejected as error:
            raise ApiError("cell", str(error)) from error
        for operation in operations:
            await self._opened.make(operation)
        self._opened.at(cell.id)
        return {"cell": cell.id, "digest": digest_of(self._opened.cell(cell.id).source)}

    async def delete(self, wanted: params.Delete) -> Answer:
        check_digest(self._opened.cell(wanted.cell).source, wanted.digest)
        await self._opened.make(DeleteCell(wanted.cell, time.time()))
        return {}

    async def move(self, wanted: params.Move) -> Answer:
        self._opened.cell(wanted.cell)
        self._opened.at(wanted.cell)
        await self._opened.make(MoveCell(wanted.cell, wanted.offset))
        return {}

    async def edit(self, wanted: params.Edit) -> Answer:
        now, as_wanted = await self._opened.type(wanted.cell, lambda source: delta_of(source, wanted))
        answer = {"cell": wanted.cell, "digest": digest_of(now)}
        return answer if as_wanted else {**answer, "source": now}

    async def save(self, _: params.OfNotebook) -> Answer:
        return {"path": await self._client.save()}

    # Runs.

    async def run(self, wanted: params.Run) -> Answer:
        state = self._opened.state
        if not state.trusted:
            raise ApiError("untrusted", NOT_TRUSTED)
        cells = self._cells_of(wanted)
        if not cells:
            raise ApiError(
                "refused", "there is nothing to run: every cell that was meant runs, waits, or holds as it is"
            )
        self._opened.at(cells[0])
        busy = {*state.queue, *state.running.values()}
        numbers = {cell.id: state.evaluation(cell.id).run for cell in state.notebook.cells()}
        if set(cells) - busy:
            await self._opened.make(QueueCells(cells, wanted.alone))
        # What has begun by now counts, also where it is over already.
        now = self._opened.state
        runs = [cell.id for cell in now.notebook.cells() if self._runs(cell.id, cells, busy, numbers)]
        run_id = self._opened.asked_to_run({cell_id: self._before(cell_id, busy, numbers) for cell_id in runs})
        return {"run": run_id, "cells": runs}

    def _runs(self, cell_id: str, asked: Iterable[str], busy: set[str], numbers: Mapping[str, int]) -> bool:
        state = self._opened.state
        if cell_id in asked:
            return True
        is_new = cell_id not in busy and state.status(cell_id) != "ready"
        return is_new or (cell_id not in busy and state.evaluation(cell_id).run > numbers.get(cell_id, 0))

    def _before(self, cell_id: str, busy: set[str], numbers: Mapping[str, int]) -> int:
        """A run that was under way already is the one that is meant."""
        number = numbers.get(cell_id, 0)
        return number - 1 if cell_id in busy and self._opened.state.evaluation(cell_id).run == number else number

    def _cells_of(self, wanted: params.Run) -> tuple[str, ...]:
        state = self._opened.state
        if sum((bool(wanted.cells), wanted.section is not None, wanted.which is not None)) != 1:
            raise ApiError("params", "expected one of cells, section and which")
        if wanted.which == "outdated":
            return full_evaluation(state)
        if wanted.which == "all":
            return _worth_running(state.notebook.cells())
        if wanted.section is not None:
            return _worth_running(self._opened.section(wanted.section).cells)
        for cell_id in wanted.cells:
            if not self._opened.cell(cell_id).runnable:
                raise ApiError("refused", f"expected Python cells to run; {cell_id} is none")
        return wanted.cells

    async def wait(self, wanted: params.Await) -> Answer:
        if (wanted.run is None) == (wanted.cell is None):
            raise ApiError("params", "expected one of run and cell")
        await self._opened.until(lambda: self._is_over(wanted) or bool(self._opened.questions), wanted.seconds)
        fates = self._fates(wanted)
        over = all(each.over for each in fates.values())
        return {
            "done": over,
            "ok": all(each.fate == "ok" for each in fates.values()) if over else None,
            "cells": [self._told(cell_id, fate, wanted) for cell_id, fate in fates.items()],
            "questions": questions_json(self._opened.questions.values()),
            "runtime": runtime_json(self._opened.state),
        }

    def _is_over(self, wanted: params.Await) -> bool:
        return all(each.over for each in self._fates(wanted).values())

    def _fates(self, wanted: params.Await) -> Mapping[str, Became]:
        if wanted.cell is not None:
            self._opened.cell(wanted.cell)
            return {wanted.cell: latest(self._opened.state, wanted.cell)}
        asked = self._opened.runs.get(wanted.run or "")
        if asked is None:
            raise ApiError("cell", f"there is no run {wanted.run} in this connection, or it is long ago")
        return asked.now(self._opened.state)

    def _told(self, cell_id: str, fate: Became, wanted: params.Await) -> Answer:
        notebook = self._opened.state.notebook
        answer: Answer = {"id": cell_id, "status": fate.fate, "seconds": fate.seconds, "outputs": []}
        if notebook.has_cell(cell_id):
            outputs = notebook.cell(cell_id).outputs
            answer["label"] = notebook.label(cell_id)
            answer["count"] = len(outputs)
            if fate.fate not in ("queued", "not_run"):
                kept = outputs[-OUTPUTS_OF_A_RUN:]
                answer["outputs"] = self._as_told(kept, wanted)
        return answer

    async def interrupt(self, wanted: params.Interrupt) -> Answer:
        state = self._opened.state
        busy = [*state.running.values(), *state.queue]
        if wanted.cell is not None:
            if state.notebook.has_cell(wanted.cell) and wanted.cell not in busy:
                raise ApiError("refused", "the cell neither runs nor waits")
            busy = [self._opened.cell(wanted.cell).id]
        for cell_id in busy:
            with suppress(Rejected):  # what waits for another goes with that
                await self._client.make(CancelEvaluation(cell_id))
        return {"cells": busy}

    async def restart(self, _: params.OfNotebook) -> Answer:
        await self._client.restart()
        return {}

    async def trust(self, _: params.OfNotebook) -> Answer:
        await self._opened.make(Trust())
        return {}

    async def input(self, wanted: params.Input) -> Answer:
        if wanted.question not in self._opened.questions:
            raise ApiError(
                "cell", "no cell asks that of this client: it has an answer, or open was called without answers"
            )
        self._client.answer(wanted.question, wanted.text)
        await self._opened.until(lambda: wanted.question not in self._opened.questions, ANSWER_SECONDS)
        return {}

    # What there is to see.

    async def outputs(self, wanted: params.Outputs) -> Answer:
        outputs = self._opened.cell(wanted.cell).outputs
        part = outputs[wanted.offset : wanted.offset + wanted.limit]
        return {
            "count": len(outputs),
            "outputs": self._as_told(part, wanted),
        }

    def _as_told(self, outputs: Iterable[Output], wanted: params.Await | params.Outputs) -> list[Answer]:
        state = self._opened.state
        return [told(inputs_as_set(each, state), wanted.characters, images=wanted.images) for each in outputs]

    async def variables(self, wanted: params.Variables) -> Answer:
        found = await self._client.variables(self._seen_from(wanted.cell))
        fitting = [each for each in found.shown if each.name.startswith(wanted.prefix)]
        part = fitting[wanted.offset : wanted.offset + wanted.limit]
        return {"variables": [_variable(each) for each in part], "count": len(fitting) + found.more}

    async def variable(self, wanted: params.Variable) -> Answer:
        found = await self._client.variable(self._seen_from(wanted.cell), wanted.name)
        if found is None:
            raise ApiError("cell", f"there is no variable {wanted.name}: no cell that ran has bound it")
        return {
            **_variable(found.variable),
            "module": found.module,
            "text": found.text,
            "columns": [list(each) for each in found.columns],
            "rows": [list(each) for each in found.rows],
        }

    def _seen_from(self, cell_id: str | None) -> str:
        return SETUP_CELL_ID if cell_id is None else self._opened.cell(cell_id).id

    async def complete(self, wanted: params.At) -> Answer:
        source = self._source(wanted)
        found = await self._client.complete(wanted.cell, source, wanted.offset)
        return {
            "proposals": [
                {"label": each.label, "kind": each.kind, "insert": each.insert, "detail": each.detail}
                for each in found[:MOST_PROPOSALS]
            ]
        }

    async def describe(self, wanted: params.At) -> Answer:
        found = await self._client.describe(wanted.cell, self._source(wanted), wanted.offset)
        return {"markdown": found.markdown if found is not None else None}

    def _source(self, wanted: params.At) -> str:
        cell = self._opened.cell(wanted.cell)
        source = cell.source if wanted.source is None else wanted.source
        if wanted.offset > len(source):
            raise ApiError("params", f"offset: expected a place from 0 to {len(source)}, got {wanted.offset}")
        return source

    async def subscribe(self, _: params.OfNotebook) -> Answer:
        self._opened.subscribe()
        return {}

    async def unsubscribe(self, _: params.OfNotebook) -> Answer:
        self._opened.unsubscribe()
        return {}


def _variable(variable: Variable) -> Answer:
    return {
        "name": variable.name,
        "kind": variable.kind,
        "type": variable.type,
        "size": variable.size,
        "bytes": variable.bytes,
        "cell": variable.cell_id,
        "preview": variable.preview,
    }


def _worth_running(cells: Iterable[Cell]) -> tuple[str, ...]:
    return tuple(cell.id for cell in cells if cell.runnable and cell.source.strip())
