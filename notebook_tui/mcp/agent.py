"""An agent at work: what each tool does, by the methods of the protocol, and what it reads of the answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeAlias

from notebook_tui.api.caller import Caller
from notebook_tui.api.errors import ApiError
from notebook_tui.api.methods import VERSION
from notebook_tui.mcp.pages import Page, notebook_page, outputs_page, readable, run_page
from notebook_tui.mcp.tools import RUN_SECONDS, TOOLS, split

SLICE_SECONDS: Final = 1.0
"""So often an agent that waits is told how far it is."""
BRIEF: Final = {"limit": 20, "characters": 2_000}
"""Of the outputs of each cell, when the whole notebook is read."""
INTERRUPT_SECONDS: Final = 10.0

Arguments: TypeAlias = Mapping[str, Any]
Report: TypeAlias = Callable[[int, int, str], Awaitable[None]]
"""How many cells of how many are done, and what goes on."""


async def no_report(done: int, total: int, message: str) -> None:
    """Nobody wants to know."""


class Agent:
    def __init__(self, caller: Caller, notebook: str | None = None) -> None:
        """`notebook` is the one that is meant where none is named."""
        self._caller = caller
        self._notebook = notebook
        self._open: set[str] = set()
        self._interrupting: set[asyncio.Task[None]] = set()

    async def use(self, name: str, arguments: Arguments, client: str, report: Report = no_report) -> Page:
        """What the tool answers to the agent that calls itself `client`. `ApiError` if it is refused."""
        if name not in TOOLS:
            raise ApiError("method", f"there is no tool {ascii(name)[1:61]}; there are {', '.join(TOOLS)}")
        tool = TOOLS[name]
        await self._greet(client)
        own, others = split(tool, arguments)
        if tool.method == "open":
            return await self._begin(own)
        if tool.method == "list":
            return _listing(await self._caller.call("list", own))
        if self._notebook is not None:
            own.setdefault("notebook", self._notebook)
        if isinstance(own.get("notebook"), str):
            own["notebook"] = await self._opened(own["notebook"])
        match tool.method:
            case "state":
                return await self._read(own, images=bool(others.get("images")))
            case "run":
                return await self._run(own, others, report)
            case "await":
                return await self._wait(own, report)
            case "outputs":
                answer = await self._caller.call("outputs", own)
                return outputs_page(answer["outputs"], answer["count"], len(answer["outputs"])) or (
                    "It shows nothing.",
                )
            case _:
                return (_words(tool.method, await self._caller.call(tool.method, own)),)

    async def notebooks(self, client: str) -> tuple[str, ...]:
        """The paths of all that there are, those that are open first."""
        await self._greet(client)
        answer = await self._caller.call("list", {})
        return tuple(dict.fromkeys([*(each["path"] for each in answer["open"]), *answer["files"]]))

    async def leave(self) -> None:
        for task in self._interrupting:
            task.cancel()
        await asyncio.gather(*self._interrupting, return_exceptions=True)
        await self._caller.leave()

    async def _greet(self, client: str) -> None:
        if not self._caller.greeted:
            await self._caller.call("hello", {"protocol": VERSION, "client": client[:60] or "an agent"})

    async def _opened(self, path: str) -> str:
        """Its name, once it is open; whoever named it wants it open."""
        if path in self._open:
            try:
                self._caller.opened(path)
            except ApiError:
                self._open.discard(path)  # its session has ended: another is begun
            else:
                return path
        opened = await self._caller.call("open", {"path": path, "answers": True})
        name: str = opened["notebook"]
        self._open.add(name)
        return name

    async def _begin(self, wanted: dict[str, Any]) -> Page:
        for name in ("answers", "runtime"):
            if name in wanted:
                raise ApiError("params", f"there is no parameter {name}; expected path, create")
        opened = await self._caller.call("open", {**wanted, "answers": True})
        self._open.add(opened["notebook"])
        trust = "" if opened["trusted"] else " Its code does not run yet: nobody has said that it may."
        return (f"{opened['notebook']} is open: {opened['title']}.{trust}",)

    async def _read(self, wanted: dict[str, Any], *, images: bool) -> Page:
        state = await self._caller.call("state", wanted)
        pages: dict[str, Page] = {}
        for cell in state["cells"]:
            if cell["outputs"]:
                first = max(0, cell["outputs"] - BRIEF["limit"])
                of_cell = {"notebook": wanted["notebook"], "cell": cell["id"], "offset": first, **BRIEF}
                with suppress(ApiError):  # it has just been deleted
                    answer = await self._caller.call("outputs", {**of_cell, "images": images})
                    pages[cell["id"]] = outputs_page(answer["outputs"], answer["count"], len(answer["outputs"]))
        return notebook_page(state, pages)

    async def _run(self, wanted: dict[str, Any], others: Arguments, report: Report) -> Page:
        asking = asyncio.get_running_loop().create_task(self._caller.call("run", wanted))
        try:
            run = await asyncio.shield(asking)
            waiting = {"seconds": RUN_SECONDS, **others, "notebook": wanted["notebook"], "run": run["run"]}
            page = await self._wait(waiting, report)
        except asyncio.CancelledError:
            # The agent has taken its call back. What was begun for it ends, and this goes on without it.
            task = asyncio.get_running_loop().create_task(self._interrupt(wanted["notebook"], asking))
            self._interrupting.add(task)
            task.add_done_callback(self._interrupting.discard)
            raise
        return (f"Run {run['run']}.", *page)

    async def _interrupt(self, notebook: str, asking: asyncio.Task[dict[str, Any]]) -> None:
        with suppress(TimeoutError, ApiError):
            async with asyncio.timeout(INTERRUPT_SECONDS):
                for cell in reversed((await asking)["cells"]):  # what waits first, lest it begins
                    with suppress(ApiError):  # it is over
                        await self._caller.call("interrupt", {"notebook": notebook, "cell": cell})

    async def _wait(self, wanted: dict[str, Any], report: Report) -> Page:
        seconds = wanted.get("seconds", 30.0)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            seconds = 0.0
        end, told = time.monotonic() + seconds, None
        while True:
            left = min(SLICE_SECONDS, max(0.0, end - time.monotonic()))
            # What is wrong with the agent's own value is for the method to say.
            slice = wanted if told is None and seconds == 0.0 else {**wanted, "seconds": left, "characters": 1}
            answer = await self._caller.call("await", slice)
            if (now := _progress(answer)) != told:
                told = now
                await report(*now)
            if answer["done"] or answer["questions"] or time.monotonic() >= end:
                return run_page(await self._caller.call("await", {**wanted, "seconds": 0}))


def _progress(answer: Arguments) -> tuple[int, int, str]:
    cells = answer["cells"]
    done = sum(cell["status"] not in ("queued", "running") for cell in cells)
    running = [f"cell {cell.get('label', cell['id'])}" for cell in cells if cell["status"] == "running"]
    return done, len(cells), f"{', '.join(running)} runs" if running else "waits"


def _listing(answer: Arguments) -> Page:
    lines = [f"open: {each['path']}" for each in answer["open"]]
    known = {each["path"] for each in answer["open"]}
    lines += [path for path in answer["files"] if path not in known]
    if answer["more"]:
        lines.append("(and more)")
    return (readable("\n".join(lines)) or "There are no notebooks yet: open_notebook with create begins one.",)


def _words(method: str, answer: Arguments) -> str:
    match method:
        case "insert":
            return f"Cell id {answer['cell']} is there; digest {answer['digest']}."
        case "edit" if "source" in answer:
            return (
                f"Changed, and somebody typed in it meanwhile. Digest {answer['digest']}. The text is now:\n"
                f"{readable(answer['source'])}"
            )
        case "edit":
            return f"Changed; digest {answer['digest']}."
        case "undo" | "redo":
            return f"Done; the notebook's revision is {answer['revision']}, and {answer['past']} edits can be undone."
        case "describe":
            return readable(answer["markdown"] or "Nothing is known of it.")
        case "interrupt":
            return f"Told to stop: {', '.join(answer['cells']) or 'nothing runs or waits'}."
        case _ if not answer:
            return "Done."
        case _:
            return readable(json.dumps(answer, ensure_ascii=False, indent=1))
