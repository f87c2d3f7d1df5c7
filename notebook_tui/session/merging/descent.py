"""Whether somebody began with one text or with the one that came after it. Pure."""

from __future__ import annotations

from collections import Counter

from notebook_tui.document.notebook import Notebook, Section
from notebook_tui.session.merging.places import places


def goes_back_to(theirs: Notebook, later: Notebook, earlier: Notebook) -> bool:
    """Whether all that `later` has beyond `earlier` is in `theirs`: so nothing of it is lost by taking `later` for what
    they began with.

    >>> from notebook_tui.format.markdown_read import read
    >>> earlier, later, theirs = (read(f"# T\\n\\n{text}")[0] for text in ("a", "a\\nb", "a\\nb\\nc"))
    >>> goes_back_to(theirs, later, earlier), goes_back_to(earlier, later, earlier)
    (True, False)
    """
    new = _lines(later) - _lines(earlier)
    return bool(new) and new <= _lines(theirs)


def _lines(notebook: Notebook) -> Counter[str]:
    lines = Counter([f"# {notebook.title}", *notebook.setup.source.split("\n")])
    for place in places(notebook):
        lines.update([f"## {place.name}"] if isinstance(place, Section) else place.source.split("\n"))
    return lines
