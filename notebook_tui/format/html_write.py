"""A notebook as one page of HTML that holds all it shows: no script, and nothing is loaded from anywhere.

What notebooks and their outputs bring of HTML stays as far as it shows something. Besides, the page's own policy
forbids a browser to run or load anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.format.flat import notes
from notebook_tui.format.html_outputs import Picture, data_of, markdown, output
from notebook_tui.format.html_style import STYLE
from notebook_tui.format.stills import stills

_LEXERS = {"pyproject.toml": "toml"}
_PICTURES = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif", "webp": "webp", "svg": "svg+xml"}
_FILE = re.compile(rf"files/([\w.-]*\.(?:{'|'.join(_PICTURES)}))\b", re.IGNORECASE)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; form-action 'none'"

COLOURED = 2**20
"""The characters of a notebook whose code has colours; that of what comes later is plain, and there in good time."""


def write_html(notebook: Notebook, files: Mapping[str, bytes] | None = None) -> str:
    """The page. `files` are the pictures that `pictures_of` names, as far as there are any.

    >>> "<h1>Cats</h1>" in write_html(Notebook("Cats"))
    True
    """
    return _NO_TEXT.sub("\ufffd", "\n".join(_page(notebook, files or {}))) + "\n"


def pictures_of(notebook: Notebook) -> tuple[str, ...]:
    """The names of the files beside the notebook, in `files`, that its Markdown shows.

    >>> cell = Cell("c", "markdown", "![](files/cat.png) ![](files/dog.exe)")
    >>> pictures_of(Notebook(sections=(Section("s", "S", (cell,)),)))
    ('cat.png',)
    """
    sources = (cell.source for cell in notebook.cells() if cell.kind == "markdown")
    return tuple(dict.fromkeys(name for source in sources for name in _FILE.findall(source)))


def _page(notebook: Notebook, files: Mapping[str, bytes]) -> Iterator[str]:
    title = escape(notebook.title)
    yield "<!DOCTYPE html>"
    yield '<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="generator" content="beamlike">'
    yield f"<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>"
    room = COLOURED
    for cell in (notebook.setup, notebook.pyproject):
        if cell is not None and cell.source.strip():
            yield from _code(cell, coloured=True)
    if len(notebook.sections) > 1:
        yield _contents(notebook)
    for place, section in enumerate(notebook.sections, 1):
        yield _heading(notebook, section, place)
        for cell in section.cells:
            room -= len(cell.source)
            if cell.kind == "code":
                yield from _code(cell, coloured=room >= 0)
            else:
                yield markdown(cell.source, _pictures(cell, files))
    yield "</main>\n</body>\n</html>"


def _contents(notebook: Notebook) -> str:
    links = (
        f'<li><a href="#section-{place}">{escape(section.name)}</a></li>'
        for place, section in enumerate(notebook.sections, 1)
    )
    return f"<nav>\n<ul>\n{chr(10).join(links)}\n</ul>\n</nav>"


def _heading(notebook: Notebook, section: Section, place: int) -> str:
    heading = f'<h2 id="section-{place}">{escape(section.name)}</h2>'
    if section.parent is None:
        return heading
    return f'{heading}\n<p class="note">branches from {escape(notebook.section(section.parent).name)}</p>'


def _code(cell: Cell, *, coloured: bool) -> Iterator[str]:
    if not cell.runnable:
        yield f'<p class="note">{escape(cell.language)}</p>'
    yield f'<pre class="code">{_highlighted(cell) if coloured else escape(cell.source, quote=False)}</pre>'
    yield from map(output, stills(cell.outputs))


def _highlighted(cell: Cell) -> str:
    try:
        lexer = get_lexer_by_name(_LEXERS.get(cell.language, cell.language), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(cell.source, quote=False)
    return str(highlight(cell.source, lexer, HtmlFormatter(nowrap=True)))


def _pictures(cell: Cell, files: Mapping[str, bytes]) -> Picture:
    attached = _attached(cell)

    def picture(source: str) -> str | None:
        if source in attached:
            return attached[source]
        name = source.removeprefix("files/")
        if source == name or name not in files:
            return None
        return data_of(f"image/{_PICTURES.get(name.rpartition('.')[2].lower(), 'png')}", files[name])

    return picture


def _attached(cell: Cell) -> Mapping[str, str]:
    """The pictures that Jupyter keeps in the cell itself."""
    said: Any = notes(cell.metadata).get("cell")
    attachments = said.get("attachments") if isinstance(said, dict) else None
    found: dict[str, str] = {}
    for name, forms in attachments.items() if isinstance(attachments, dict) else ():
        for media_type, data in forms.items() if isinstance(forms, dict) else ():
            if media_type.startswith("image/") and isinstance(data, str):
                found[f"attachment:{name}"] = f"data:{media_type};base64,{''.join(data.split())}"
    return found
