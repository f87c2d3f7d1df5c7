"""What is in the marked notebook, beside the list: read only, and only so much as is seen at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Notebook
from notebook_tui.format.decode import NotANotebook, decode
from notebook_tui.session.bounds import permitted
from notebook_tui.ui.choosing.rows import Entry
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.drawing.syntax import code_lines
from notebook_tui.ui.home.found import KINDS

_LARGEST: Final = 4_000_000
_SECTIONS: Final = 12
_LINES: Final = 14


@frozen
class Preview:
    title: str = ""
    facts: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    is_code: bool = False


def preview_of(entry: Entry) -> Preview:
    """Blocks on the disk; what cannot be read is said."""
    path = Path(entry.path)
    try:
        if entry.path:
            permitted(path)
        if entry.kind == "new":
            return Preview(entry.name)
        if path.is_dir():
            return _folder(path)
        if path.stat().st_size > _LARGEST:
            return Preview(path.name, (f"{path.stat().st_size // 1_000_000} MB",))
        return of_notebook(_read(path))
    except (OSError, NotANotebook, ValueError) as error:
        words = (error.strerror or "") if isinstance(error, OSError) else str(error)
        return Preview(path.name, (words.lower() or type(error).__name__,))


def of_notebook(notebook: Notebook) -> Preview:
    """
    >>> of_notebook(Notebook("Cats")).facts
    ('no cells yet',)
    """
    cells = [cell for section in notebook.sections for cell in section.cells]
    code = sum(cell.kind == "code" for cell in cells)
    facts = [_count(code, "code cell"), _count(len(cells) - code, "Markdown cell")]
    first = next((cell for cell in cells if cell.source.strip()), None)
    lines = tuple(printable(first.source).strip().splitlines()[:_LINES]) if first else ()
    names = tuple(section.name for section in notebook.sections[:_SECTIONS])
    more = len(notebook.sections) - len(names)
    sections = (*names, f"… and {more} more") if more > 0 else names
    told = tuple(fact for fact in facts if not fact.startswith("0 "))
    return Preview(notebook.title, told or ("no cells yet",), sections, lines, bool(first and first.kind == "code"))


def _read(path: Path) -> Notebook:
    text = decode(path.read_bytes())
    match path.suffix.lower():
        case ".ipynb":
            from notebook_tui.format.ipynb import read_ipynb

            return read_ipynb(text)[0]
        case ".py":
            from notebook_tui.format.percent import read_percent

            return read_percent(text)[0]
        case _:
            from notebook_tui.format.markdown_read import read

            return read(text)[0]


def _folder(path: Path) -> Preview:
    inside = (each.name for each in path.iterdir() if each.suffix.lower() in KINDS)
    names = sorted(name for name in inside if not name.startswith("."))
    return Preview(f"{path.name}/", (_count(len(names), "notebook or script", "notebooks and scripts"),), tuple(names))


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


class PreviewPane(Vertical):
    DEFAULT_CSS = """
    PreviewPane {
        width: 40%;
        max-width: 76;
        height: 1fr;
        border-left: vkey $panel;
        padding: 0 2;
        background: $background;
        overflow: hidden hidden;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._text = Static(markup=False)

    def compose(self) -> ComposeResult:
        yield self._text

    def show(self, preview: Preview, path: str) -> None:
        self._text.update(preview_text(preview, path, palette_of(self.app.theme_variables)))


def preview_text(preview: Preview, path: str, palette: Palette) -> Text:
    """
    >>> preview_text(Preview("Cats", ("2 code cells",), ("One",)), "~/cats.livemd", Palette()).plain
    'Cats\\n~/cats.livemd\\n2 code cells\\n\\n§ One'
    """
    rows = [Text(printable(preview.title), palette.title)]
    rows += [Text(printable(path), palette.muted)] if path else []
    rows += [Text(" · ".join(preview.facts), palette.muted)] if preview.facts else []
    if preview.sections:
        rows.append(Text())
        rows += [Text.assemble(("§ ", palette.faint), printable(name)) for name in preview.sections]
    if preview.lines:
        rows.append(Text())
        source = "\n".join(preview.lines)
        rows += code_lines(source, "python" if preview.is_code else "text", palette)
    for row in rows:
        row.no_wrap, row.overflow = True, "ellipsis"
    return Text("\n").join(rows)
