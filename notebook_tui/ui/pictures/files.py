"""Pictures in files that lie beside a notebook, and nowhere else: a notebook is somebody's text until it is trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote

_LARGEST: Final = 32 << 20
_ATTACHED: Final = "attachment:"
_ENDINGS: Final = frozenset((".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg"))


def read_picture(folder: Path, name: str) -> bytes | str | None:
    """What is in the picture of that name, in the folder of the notebook or below it; None if there is none. Of a
    drawing, its text. An attachment lies in `files/`."""
    place = _place(folder, name)
    if place is None or not place.is_file() or place.stat().st_size > _LARGEST:
        return None
    data = place.read_bytes()
    return data.decode("utf-8", "replace") if place.suffix.lower() == ".svg" else data


def _place(folder: Path, name: str) -> Path | None:
    """
    >>> _place(Path("/n"), "a/b.png"), _place(Path("/n"), "../b.png"), _place(Path("/n"), "http://x/b.png")
    (PosixPath('/n/a/b.png'), None, None)
    """
    inside = f"files/{name.removeprefix(_ATTACHED)}" if name.startswith(_ATTACHED) else name
    inside = unquote(inside)
    if ":" in inside or "\0" in inside or Path(inside).suffix.lower() not in _ENDINGS:
        return None
    root = folder.resolve()
    place = (root / inside).resolve()
    return place if place.is_relative_to(root) else None
