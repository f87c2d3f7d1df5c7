"""An exception as the notebook shows it: the user's frames, with a cell's frames named by their cell.

What stands above the first cell in a stack (evaluator, asyncio, kernel) is left out, in every exception of a chain
or group; what the cell called stays. At the end, the runtime's own frames (the signal handler of an interrupt) are left
out, and those of this library where they tell nothing: where a traceback from another node tells the rest, they brought
it here, and where the cell was interrupted, they waited. All else is `traceback`'s own work, so causes, contexts,
notes, groups, repeated frames and carets look as everywhere in Python.
"""

from __future__ import annotations

import re
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import takewhile
from linecache import getline
from traceback import FrameSummary, StackSummary, TracebackException, walk_tb
from typing import Any

from beamlike.kernel.errors import RemoteTraceback
from notebook_tui.runtime import leaders
from notebook_tui.runtime.outcome import CellLine, Failure

MESSAGE_LIMIT = 2_000
TRACEBACK_LIMIT = 30_000
PLACES = 20
NO_EXIT = "a cell does not end its runtime; to start afresh, reconnect it"
AWAIT_IT = "a cell runs within an event loop: write `await main()` in place of `asyncio.run(main())`"
NO_MAGIC = (
    "magics of IPython and lines for a shell are no Python: name packages in a `# /// script` block of the setup cell, "
    "and run programs by subprocess.run"
)

_RUNTIME = "notebook_tui.runtime"
_MESSENGERS = (_RUNTIME, "beamlike", "flame", "nodes")
_MAGIC = re.compile(r"\s*(%|!|pip install\b|conda install\b)")
_NESTED_LOOP = ("asyncio.run() cannot be called from a running event loop", "This event loop is already running")


def failure(
    error: BaseException, cell_file: str | None, cells: Mapping[str, str], ids: Mapping[str, str] | None = None
) -> Failure:
    """What to show of `error`, which ended the cell whose code has the file name `cell_file`.

    `cells` tells the name of the cell for every file name of a cell, of earlier versions too, and `ids` its id.
    """
    name = _type_name(type(error))
    if isinstance(error, SystemExit):
        error.add_note(NO_EXIT)
    if type(error) is RuntimeError and error.args and error.args[0] in _NESTED_LOOP:
        error.add_note(AWAIT_IT)
    message = _safely(_message, error)
    traceback = _safely(partial(_traceback, cells=cells), error)
    return Failure(
        name,
        _middle_cut(message, MESSAGE_LIMIT),
        _middle_cut(traceback, TRACEBACK_LIMIT),
        _line(error, cell_file),
        _places(error, ids or {}),
    )


def _safely(render: Callable[[BaseException], str], error: BaseException) -> str:
    """What `render` makes of `error`: whatever its own methods do, or whoever interrupts them, the end must be told."""
    try:
        return render(error)
    except (Exception, KeyboardInterrupt, CancelledError) as broken:
        return f"{_type_name(type(error))} (it cannot be shown: rendering it raised {_type_name(type(broken))})"


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"{error}: {NO_EXIT}" if str(error) else NO_EXIT
    if isinstance(error, SyntaxError):
        return error.msg or ""
    return str(error)


def _traceback(error: BaseException, cells: Mapping[str, str]) -> str:
    if isinstance(error, SyntaxError) and error.filename in cells:
        return _place_in_cell(error, cells)
    rendered = TracebackException.from_exception(error)
    remaining: list[tuple[TracebackException | None, BaseException | None]] = [(rendered, error)]
    while remaining:
        one, of = remaining.pop()
        if one is None or of is None:
            continue
        shown = one.stack[: max(0, len(one.stack) - _last_left_out(of))]
        one.stack = _Frames.below_first_cell(shown, cells)
        remaining += [(one.__cause__, of.__cause__), (one.__context__, of.__context__)]
        if isinstance(of, BaseExceptionGroup):
            remaining += zip(one.exceptions or (), of.exceptions, strict=False)
    return "".join(rendered.format())


def _last_left_out(error: BaseException) -> int:
    """How many frames at the end of its traceback are not worth showing."""
    is_theirs = isinstance(error.__cause__, RemoteTraceback) or isinstance(error, KeyboardInterrupt | CancelledError)
    packages = _MESSENGERS if is_theirs else (_RUNTIME,)
    modules = [str(frame.f_globals.get("__name__")) for frame, _ in walk_tb(error.__traceback__)]
    return len(list(takewhile(lambda module: _lies_in(module, packages), reversed(modules))))


def _lies_in(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _place_in_cell(error: SyntaxError, cells: Mapping[str, str]) -> str:
    """The line that did not compile, with a caret; there was nothing to trace."""
    assert error.filename is not None
    if error.text is None and error.lineno is not None:  # the compiler's own errors lack it, the parser's have it
        error.text = getline(error.filename, error.lineno)
    if _MAGIC.match(error.text or ""):
        error.add_note(NO_MAGIC)
    text = "".join(TracebackException.from_exception(error).format_exception_only())
    return text.replace(f'File "{error.filename}"', cells[error.filename], 1)


class _Frames(StackSummary):
    """A stack in which the frames of cells bear the cells' names."""

    cells: Mapping[str, str]

    @classmethod
    def below_first_cell(cls, stack: list[FrameSummary], cells: Mapping[str, str]) -> _Frames:
        first = next((place for place, frame in enumerate(stack) if frame.filename in cells), 0)
        # A call in a thread passes through ours on its way there.
        frames = cls(frame for frame in stack[first:] if frame.filename != leaders.__file__)
        frames.cells = cells
        return frames

    def format_frame_summary(self, frame_summary: FrameSummary, **options: Any) -> str:
        text = super().format_frame_summary(frame_summary, **options)
        cell = self.cells.get(frame_summary.filename)
        if cell is None:
            return text
        within = "" if frame_summary.name == "<module>" else f", in {frame_summary.name}"
        return f"  {cell}, line {frame_summary.lineno}{within}\n" + text.partition("\n")[2]


def _line(error: BaseException, cell_file: str | None) -> int | None:
    if isinstance(error, SyntaxError) and error.filename is not None and error.filename.startswith("<"):
        # Of this cell, or of a string that it compiled: then no line of the cell is wrong by itself.
        return error.lineno if error.filename == cell_file else None
    line = None
    for frame, lineno in walk_tb(error.__traceback__):
        if frame.f_code.co_filename == cell_file:
            line = lineno
        elif frame.f_code.co_filename == "<string>" and frame.f_code.co_name == "<module>":
            line = None  # inside `eval` or `exec` of a string
    return line


def _places(error: BaseException, ids: Mapping[str, str]) -> tuple[CellLine, ...]:
    found = [
        CellLine(ids[frame.f_code.co_filename], line)
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename in ids
    ]
    return tuple(found if len(found) <= PLACES else found[: PLACES // 2] + found[-PLACES // 2 :])


def _type_name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _middle_cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"
