"""What rows of Markdown depend on beside their source and their width."""

from __future__ import annotations

from dataclasses import field

from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.pictures.gallery import NO_PICTURES, Pictures


@frozen
class Inks:
    palette: Palette
    pictures: Pictures = field(default=NO_PICTURES)
    height: int = 20
    """The most rows that a picture takes."""
