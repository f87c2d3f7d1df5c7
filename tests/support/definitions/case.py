"""A kind of definition, as a row of the table, and the cell that it makes.

What a row says of its kind are expressions; here they become functions of the cell, so that all five actions run code
that stands where the definition stands:

    makes   ->  def _made(): return ...           there or here, an instance or whatever else the definition makes
    shows   ->  def _shown(it): return ...        what is seen of it, something plain
    fails   ->  def _failed(it): ...              raises the cell's own exception
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent

CELL = "cell 1"
_OWN_EXCEPTION = """
class Refused(Exception):
    def __init__(self, why, *, code=7):
        super().__init__(f"refused: {why}")
        self.why = why
        self.code = code
"""
_ACTIONS = """
{make_def} _made():
    return ({makes})

{show_def} _shown(it):
    return ({shows})

async def _shown_and_it(it):
    return {await_shown}_shown(it), it

async def _called():
    return {await_shown}_shown({await_made}_made())

async def _failed():
    it = {await_made}_made()
    {fails}
"""
_ANOTHER_CELL = """
async def _called_from_another_cell():
    return await _called()
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of definition. Expressions are Python text, in which the cell's names are visible."""

    kind: str
    cell: str
    """The source text. It has one line that raises its own exception; where it defines none, `Refused` stands at its
    end."""
    shows: str
    """An expression over what was made, `it`; or, without `makes`, over the cell's names alone."""
    gives: object
    fails: str
    """A statement over `it` that raises the cell's own exception."""
    change: tuple[str, str]
    """What of the text is replaced by what when the cell is redefined."""
    then: object
    """What `shows` gives after that."""
    makes: str = ""
    thing: str = ""
    """The definition itself, which is sent; the name that `makes` or `shows` opens with, if not given."""
    error: str = "Refused"
    later: tuple[object, object] | None = None
    """What `shows` gives after a way there and back, here and then there; as before, if not given."""
    needs: str = ""
    """A library, without which the row is left out."""
    since: tuple[int, int] = (3, 11)
    """The version of Python that knows its syntax."""
    script: bool = True
    """Whether it may stand in the middle of a script."""

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "cell", dedent(self.cell).strip() + "\n")
        if not self.makes:
            shown = self.shows
            set_field(self, "makes", f"lambda: ({shown.removeprefix('await ')})")
            set_field(self, "shows", "await it()" if _awaits(shown) else "it()")
            set_field(self, "thing", self.thing or _first_name(shown))
        else:
            set_field(self, "thing", self.thing or _first_name(self.makes))

    @property
    def text(self) -> str:
        """The whole cell."""
        return self._with_actions(self.cell)

    @property
    def changed_text(self) -> str:
        """The cell as it is redefined."""
        old, new = self.change
        assert old in self.cell, f"expected {old!r} in the cell of {self.kind!r}, to be replaced"
        return self._with_actions(self.cell.replace(old, new))

    @property
    def other_cell(self) -> str:
        """A cell after it, which stays as it is."""
        return _ANOTHER_CELL

    @property
    def failing_line(self) -> str:
        """The line of the text that raises, without its indentation."""
        lines = [line.strip() for line in self.cell.splitlines() if "raise " in line]
        marked = [line for line in lines if line.endswith("# here")] or lines
        assert len(marked) == 1, f"expected one line of {self.kind!r} that raises, or marked `# here`: {marked}"
        return marked[0]

    def _with_actions(self, cell: str) -> str:
        make_def, await_made = _function(_awaits(self.makes) and not self.makes.startswith("lambda"))
        show_def, await_shown = _function(_awaits(self.shows))
        actions = _ACTIONS.format(
            makes=self.makes,
            shows=self.shows,
            fails=self.fails,
            make_def=make_def,
            await_made=await_made,
            show_def=show_def,
            await_shown=await_shown,
        )
        own = "" if re.search(rf"^class {self.error}\b", cell, re.MULTILINE) else _OWN_EXCEPTION
        return cell + own + actions


def _function(awaits: bool) -> tuple[str, str]:
    """How a function is defined that awaits or does not, and what stands before a call of it."""
    return ("async def", "await ") if awaits else ("def", "")


def _awaits(expression: str) -> bool:
    return "await " in expression or "async for" in expression


def _first_name(expression: str) -> str:
    found = re.match(r"(?:await )?(\w+)", expression)
    assert found is not None, f"expected an expression that opens with the name of the definition, got {expression!r}"
    return found[1]
