"""A change of a cell's text that a program asks for, as a delta of the text that it has seen: pure."""

from __future__ import annotations

from notebook_tui.api.errors import ApiError
from notebook_tui.api.params import Edit
from notebook_tui.api.told_notebook import digest_of
from notebook_tui.document import delta as deltas
from notebook_tui.document.delta import Delta
from notebook_tui.document.edits import clean_source

SHOWN = 20_000
"""Characters of the text there is that a refusal tells."""


def check_digest(source: str, digest: str | None) -> None:
    """`ApiError` with the text as it is, if it is not the one that was read."""
    if digest is not None and digest != digest_of(source):
        raise conflict("the text is another than the one of that digest: somebody has changed it", source)


def delta_of(source: str, edit: Edit) -> Delta:
    """The change, for the text as it is here. `ApiError` where it does not fit.

    >>> delta_of("x = 1", Edit("n", "c", old="1", new="2"))
    (4, '2', -1)
    """
    check_digest(source, edit.digest)
    if edit.source is not None:
        if edit.old is not None or edit.new is not None:
            raise ApiError("params", "expected either old with new, or source with digest")
        if edit.digest is None:
            raise ApiError("params", "digest is missing: the whole text is replaced only where it is as it was read")
        return deltas.between(source, clean_source(edit.source))
    if edit.old is None or edit.new is None:
        raise ApiError("params", "expected old with new, or source with digest")
    start = source.find(edit.old)
    if start < 0 or source.find(edit.old, start + 1) >= 0:
        found = "it is not there" if start < 0 else "it is there more than once; take more of what is around it"
        raise conflict(f"expected the text of old exactly once in the cell: {found}", source)
    return deltas.normal((start, clean_source(edit.new), -len(edit.old)))


def conflict(words: str, source: str) -> ApiError:
    data = {"digest": digest_of(source), "source": source[:SHOWN]}
    return ApiError("conflict", words, **data, **({"cut": len(source)} if len(source) > SHOWN else {}))
