"""`branch_parent_index`: in a file a section names its parent by place, in a notebook by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from notebook_tui.document.notebook import Notebook, Section

KEY = "branch_parent_index"


def with_parents(notebook: Notebook) -> tuple[Notebook, tuple[str, ...]]:
    """The notebook with each index made a parent, where it may be one, and a warning where not."""
    sections: list[Section] = []
    warnings: list[str] = []
    for section in notebook.sections:
        parent, fault = _parent(section.metadata.get(KEY), sections)
        if fault:
            warnings.append(f'ignoring the parent section of "{section.name}", because {fault}')
        metadata = {key: value for key, value in section.metadata.items() if key != KEY}
        sections.append(replace(section, parent=parent, metadata=metadata))
    return replace(notebook, sections=tuple(sections)), tuple(warnings)


def section_metadata(section: Section, sections: Sequence[Section]) -> Mapping[str, Any]:
    """What the file says of the section: its own metadata, and its parent's place."""
    if section.parent is None:
        return section.metadata
    place = next(place for place, other in enumerate(sections) if other.id == section.parent)
    return {**section.metadata, KEY: place}


def _parent(index: object, above: Sequence[Section]) -> tuple[str | None, str]:
    if index is None:
        return None, ""
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        return None, f"{index!r} is not the place of a section"
    if index >= len(above):
        return None, "it comes later in the notebook"
    if above[index].parent is not None:
        return None, "it is itself a branching section"
    return above[index].id, ""
