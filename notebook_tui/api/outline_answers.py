"""What the methods do with the outline of one notebook that a client has open, and with its history."""

from __future__ import annotations

import time
from typing import Any, TypeAlias

from notebook_tui.api import params
from notebook_tui.api.errors import ApiError
from notebook_tui.api.opened import Opened
from notebook_tui.api.places import inserting_section, new_id
from notebook_tui.document.operations import DeleteSection, MoveSection, Redo, RenameSection, SetTitle, Undo
from notebook_tui.document.rejected import Rejected

Answer: TypeAlias = dict[str, Any]


class OutlineAnswers:
    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    async def set_title(self, wanted: params.SetTitle) -> Answer:
        await self._opened.make(SetTitle(wanted.title))
        return {"title": self._opened.state.notebook.title}

    async def insert_section(self, wanted: params.InsertSection) -> Answer:
        try:
            operation = inserting_section(self._opened.state.notebook, wanted.name, wanted.after, new_id())
        except Rejected as error:
            raise ApiError("cell", str(error)) from error
        await self._opened.make(operation)
        return {"section": operation.section_id}

    async def rename_section(self, wanted: params.RenameSection) -> Answer:
        section = self._opened.section(wanted.section)
        await self._opened.make(RenameSection(section.id, wanted.name))
        return {"name": self._opened.section(section.id).name}

    async def move_section(self, wanted: params.MoveSection) -> Answer:
        await self._opened.make(MoveSection(self._opened.section(wanted.section).id, wanted.offset))
        return {}

    async def delete_section(self, wanted: params.DeleteSection) -> Answer:
        section = self._opened.section(wanted.section)
        await self._opened.make(DeleteSection(section.id, wanted.with_cells, time.time()))
        return {}

    # What was done is taken back, whoever did it.

    async def undo(self, wanted: params.TakeBack) -> Answer:
        return await self._take_back(Undo(time.time(), wanted.revision))

    async def redo(self, wanted: params.TakeBack) -> Answer:
        return await self._take_back(Redo(time.time(), wanted.revision))

    async def _take_back(self, operation: Undo | Redo) -> Answer:
        """The session looks at the revision: an edit may be on its way to here."""
        try:
            await self._opened.make(operation)
        except ApiError as refusal:
            if operation.revision is None:
                raise
            await self._opened.client.caught_up()
            now = self._opened.state.revision
            if operation.revision == now:
                raise
            raise ApiError("conflict", str(refusal), revision=now) from refusal
        state = self._opened.state
        return {"revision": state.revision, "past": len(state.past), "future": len(state.future)}
