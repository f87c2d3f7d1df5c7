"""Textual's compositor, asking only for the rows that a frame paints, and only the widgets that are seen there.

The original asks every widget of the screen for all of its rows, though most frames paint one: with a key in the editor
that was half of the frame. Stands on names of Textual that it does not promise to keep (`_get_renders`, and
`Screen._compositor`, where it is put): a test compares what both paint.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class RowsCompositor(Compositor):
    def _get_renders(self, crop: Region | None = None) -> Iterator[tuple[Region, Region, list[Strip]]]:
        """Those in front first. `crop` is what a frame paints, and perhaps more."""
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            if crop is not None:
                if not crop.overlaps(seen):
                    continue
                # All columns: the rows are cut where widgets meet, not where the frame ends.
                seen = seen.intersection(Region(seen.x, crop.y, seen.width, crop.height))
            if seen:
                yield seen, seen, widget.render_lines(seen.translate(-region.offset))
            if crop is not None and seen.contains_region(crop):
                return  # nothing behind it is seen
