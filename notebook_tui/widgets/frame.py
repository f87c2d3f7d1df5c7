"""Places for other things: a frame whose contents change, tabs, and a grid."""

from __future__ import annotations

from collections.abc import Mapping

from notebook_tui.widgets import views
from notebook_tui.widgets.changes import Appended, Rendered, refs_in
from notebook_tui.widgets.messages import Servers
from notebook_tui.widgets.shows import all_shown_as
from notebook_tui.widgets.widget import Widget, new_ref


class Frame(Widget[views.Frame]):
    """A place whose contents come and go, from any node.

    >>> from notebook_tui.widgets.frame import Frame
    >>> place = Frame(placeholder="nothing yet").show()
    nothing yet
    >>> place.render("working")
    working
    >>> place.append("done")
    done
    """

    def __init__(self, *contents: object, placeholder: str = "") -> None:
        shown, servers = all_shown_as(contents)
        super().__init__(views.Frame(new_ref(), shown, placeholder), inner=servers)

    def render(self, *contents: object) -> None:
        """Shows these, and nothing else any more: widgets, text, or any value."""
        shown, servers = self._shown(contents)
        self._change(Rendered(shown), servers)

    def append(self, *contents: object) -> None:
        """Shows these below what it shows. Of very many it keeps the last."""
        shown, servers = self._shown(contents)
        self._change(Appended(shown), servers)

    def _shown(self, contents: tuple[object, ...]) -> tuple[tuple[views.Content, ...], Servers]:
        shown, servers = all_shown_as(contents)
        if any(self.ref in refs_in(each) for each in shown):
            raise ValueError("expected other things to show in a frame, got one that holds the frame itself")
        return shown, servers

    def clear(self) -> None:
        """Shows its placeholder again."""
        self._change(Rendered(()))


class Tabs(Widget[views.Tabs]):
    """One of several contents at a time, by the labels that are its keys.

    >>> from notebook_tui.widgets.frame import Tabs
    >>> tabs = Tabs({"Text": "cats", "Count": 2}).show()
    ── Text ──
    cats
    ── Count ──
    2
    """

    def __init__(self, contents: Mapping[str, object]) -> None:
        if not contents:
            raise ValueError("expected at least one tab, as in nb.tabs({'Data': table, 'Chart': plot})")
        shown, servers = all_shown_as(contents.values())
        labels = [str(label) for label in contents]
        super().__init__(views.Tabs(new_ref(), tuple(zip(labels, shown, strict=True))), inner=servers)


class Grid(Widget[views.Grid]):
    """Contents side by side, in so many columns; `boxed` draws a line around each."""

    def __init__(self, *contents: object, columns: int = 2, boxed: bool = False) -> None:
        if columns < 1:
            raise ValueError(f"expected one column or more, got {columns}")
        shown, servers = all_shown_as(contents)
        super().__init__(views.Grid(new_ref(), shown, columns, boxed), inner=servers)
