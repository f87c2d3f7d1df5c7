"""`file_entries`: the files that belong to a notebook. Their names come from a stranger and become paths."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from notebook_tui.document.notebook import Notebook

KEY = "file_entries"
_NAME = re.compile(r"[\w.-]*[\w-]\.\w+")


def with_safe_files(notebook: Notebook) -> tuple[Notebook, tuple[str, ...]]:
    """The notebook with the entries that name a plain file, and a warning for each other."""
    if KEY not in notebook.metadata:
        return notebook, ()
    entries = notebook.metadata[KEY]
    if not isinstance(entries, list):
        entries = [entries]
    safe = [entry for entry in entries if _is_safe(entry)]
    metadata = {**notebook.metadata, KEY: safe}
    if not safe:
        del metadata[KEY]
    warnings = [f"discarding the file entry {_shown(entry)}" for entry in entries if not _is_safe(entry)]
    return replace(notebook, metadata=metadata), tuple(warnings)


def _is_safe(entry: Any) -> bool:
    name = entry.get("name") if isinstance(entry, dict) else None
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _shown(entry: Any) -> str:
    if not isinstance(entry, dict) or "name" not in entry:
        return f"{str(entry)[:60]!r}: expected an object with a name"
    return f"{str(entry['name'])[:60]!r}: its name must be that of a plain file, with an extension"


def outside(notebook: Notebook) -> tuple[str, ...]:
    """The names of the entries that lead out of the notebook's own folder: what it may read only if granted.

    >>> outside(Notebook(metadata={"file_entries": [{"name": "a.csv", "type": "file"}, {"name": "b.csv"}]}))
    ('a.csv',)
    """
    entries = notebook.metadata.get(KEY, [])
    return tuple(entry["name"] for entry in entries if entry.get("type") == "file")
