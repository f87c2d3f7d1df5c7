"""What is looked at, and how: a value that keys change. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from beamlike.kernel.record import frozen

if TYPE_CHECKING:
    from beamlike.inspect.asking import Part

TABS: Final = ("processes", "tree", "tasks", "threads", "loop", "links", "memory", "logs", "modules", "files")
INTERVALS: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

PARTS: Final[Mapping[str, tuple[Part, ...]]] = {
    "processes": ("processes", "loops"),
    "tree": ("trees", "loops"),
    "tasks": ("tasks", "loops"),
    "threads": ("threads", "loops"),
    "loop": ("loops", "gc"),
    "links": ("links", "loops"),
    "memory": ("memory", "gc", "loops"),
    "logs": ("loops",),
    "modules": ("modules", "loops"),
    "files": ("files", "loops"),
}
"""What the node is asked for while a tab is open: nothing that is not seen."""

SELDOM: Final = {"memory": 10.0, "modules": 30.0}
"""Tabs whose facts cost the node more: not oftener than so many seconds."""


@frozen
class View:
    """
    >>> View().with_tab("tasks").parts
    ('tasks', 'loops')
    >>> View(interval=1.0).slower().interval, View(interval=0.2).faster().interval
    (2.0, 0.2)
    """

    node: str = ""
    tab: str = "processes"
    sorts: Mapping[str, str] = field(default_factory=dict)
    """The column of each tab that is sorted by, where it is not the first choice."""
    typed: str = ""
    is_typing: bool = False
    is_frozen: bool = False
    follows: str = ""
    """The row that is kept in sight; empty: none."""
    interval: float = 1.0

    @property
    def parts(self) -> tuple[Part, ...]:
        return PARTS[self.tab]

    @property
    def pause(self) -> float:
        """Seconds between two looks."""
        return max(self.interval, SELDOM.get(self.tab, 0.0))

    def with_tab(self, tab: str) -> View:
        return self if tab == self.tab else replace(self, tab=tab, typed="", is_typing=False, follows="")

    def with_next_tab(self, by: int) -> View:
        return self.with_tab(TABS[(TABS.index(self.tab) + by) % len(TABS)])

    def with_sort(self, column: str) -> View:
        return replace(self, sorts={**self.sorts, self.tab: column})

    def with_node(self, node: str) -> View:
        return replace(self, node=node, typed="", is_typing=False, follows="", is_frozen=False)

    def faster(self) -> View:
        return replace(self, interval=max((each for each in INTERVALS if each < self.interval), default=self.interval))

    def slower(self) -> View:
        return replace(self, interval=min((each for each in INTERVALS if each > self.interval), default=self.interval))
