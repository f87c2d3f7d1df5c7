"""What the command `beamlike notebook` gives its terminal: sessions, and other kinds of files than notebooks."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from notebook_tui.cli.main import UserError
from notebook_tui.document.notebook import Notebook
from notebook_tui.session.client import Client


class ProgramHouse:
    def __init__(self, runtime: str | None, directory: Path) -> None:
        """`runtime` names the profile of all notebooks that are opened."""
        self._runtime = runtime
        self.directory = directory

    def open(self, path: str) -> AbstractAsyncContextManager[Client]:
        from notebook_tui.cli.open_session import open_session

        return open_session(path, runtime=self._runtime)

    def convert(self, source: Path, target: Path) -> tuple[str, ...]:
        from notebook_tui.cli.convert import make, read_notebook, text_for

        try:
            notebook, warnings = read_notebook(source)
            make(target, text_for(target, notebook, source), force=False)
        except UserError as error:
            raise OSError(str(error)) from error
        return warnings

    def export(self, notebook: Notebook, source: Path, target: Path) -> None:
        from notebook_tui.cli.convert import check_notebook_target, make, text_for

        try:
            check_notebook_target(target)
            make(target, text_for(target, notebook, source), force=False)
        except UserError as error:
            raise OSError(str(error)) from error
