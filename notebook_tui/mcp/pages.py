"""What an agent reads: notebooks, outputs and runs as Markdown and pictures, made of the protocol's answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from beamlike.kernel.record import frozen

Answer: TypeAlias = Mapping[str, Any]
PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
_USED: Final = ("input", "button", "form", "table")
"""What tools take by its ref."""
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)", re.DOTALL)


@frozen
class Picture:
    media_type: str
    data: str
    """In base64."""


Page: TypeAlias = tuple[str | Picture, ...]


def readable(text: str) -> str:
    """Without colours and without what is no text: both would only cost an agent attention, or end its connection.

    >>> readable("\\x1b[31mred\\x1b[0m \\udc80")
    'red �'
    """
    text = _SEQUENCE.sub("", text)
    return "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)


def fenced(text: str, language: str = "") -> str:
    """
    >>> print(fenced("1 + 1", "python"))
    ```python
    1 + 1
    ```
    """
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def notebook_page(state: Answer, outputs: Mapping[str, Page]) -> Page:
    """The notebook, with what its cells show by their ids."""
    runtime = state["runtime"]
    lines = [
        f"# {state['title']}",
        f"Notebook {state['notebook']}, revision {state['revision']}; runtime: {runtime['text'] or runtime['phase']}.",
    ]
    if runtime["lost"]:
        lines.append(f"The last runtime was lost: {runtime['lost']}")
    if not state["trusted"]:
        lines.append("Its code does not run yet: nobody has said that it may. A person does so in the terminal.")
    others = [_person(each) for each in state["people"] if not each["you"]]
    if others:
        lines.append(f"People who look at it too: {'; '.join(others)}.")
    parts: list[str | Picture] = ["\n".join(lines)]
    sections = {each["id"]: each for each in state["sections"]}
    shown: set[str] = set()
    for cell in state["cells"]:
        parts += _headings(cell["section"], sections, shown)
        parts.append(_cell(cell))
        parts += outputs.get(cell["id"], ())
    parts += _headings(None, sections, shown, rest=True)
    parts += questions_page(state["questions"])
    return joined(parts)


def _person(person: Answer) -> str:
    """
    >>> _person({"name": "ann", "cell": "c1", "doing": "typing"})
    'ann, typing at cell id c1'
    """
    doing = f", {person['doing']}" if person["doing"] else ""
    return f"{readable(person['name'])}{doing}{' at cell id ' + person['cell'] if person['cell'] else ''}"


def _headings(
    section: str | None, sections: Mapping[str, Answer], shown: set[str], *, rest: bool = False
) -> Iterator[str]:
    """Of the sections up to that one, empty ones among them."""
    if (section is None or section in shown) and not rest:
        return
    for each in sections.values():
        if each["id"] not in shown:
            shown.add(each["id"])
            yield f"## {each['name']}\n(section id {each['id']}{', branching' if each['parent'] else ''})"
        if each["id"] == section:
            return


def _cell(cell: Answer) -> str:
    facts = [f"cell id {cell['id']}", f"digest {cell['digest']}"]
    if cell["kind"] == "code":
        facts.append(standing(cell))
    text = cell.get("source")
    body = "" if text is None else fenced(readable(text), "python" if cell["kind"] == "code" else "markdown")
    name = "text" if cell["kind"] == "markdown" else f"cell {cell['label']}"
    return f"### {name}\n({'; '.join(facts)})\n{body}".rstrip()


def standing(cell: Answer) -> str:
    """What became of it, in words.

    >>> standing({"status": "ready", "result": "ok", "seconds": 0.25, "stale": "x is new"})
    'ok in 0.25 s, outdated: x is new'
    """
    if cell["status"] != "ready":
        return {"queued": "waits", "evaluating": "runs"}[cell["status"]]
    words = {"none": "has not run", "lost": "its values are lost"}.get(cell["result"], cell["result"])
    took = f" in {cell['seconds']:.3g} s" if cell["seconds"] is not None and cell["result"] in ("ok", "failed") else ""
    return f"{words}{took}{', outdated: ' + cell['stale'] if cell['stale'] else ''}"


def outputs_page(outputs: Iterable[Answer], count: int, shown: int) -> Page:
    parts: list[str | Picture] = []
    if count > shown:
        parts.append(f"({count} outputs, of which {shown} are here; read_output has the others)")
    for each in outputs:
        parts += _output(each)
    return joined(parts)


def _output(output: Answer) -> Iterator[str | Picture]:
    cut = f"\n(of {output['cut']:,} characters)" if "cut" in output else ""
    match output["type"]:
        case "text":
            yield f"{output['stream']}:\n{fenced(readable(output['text']).rstrip())}{cut}"
        case "result":
            yield f"result:\n{fenced(readable(output['text']))}{cut}"
        case "error":
            where = f" at line {output['line']}" if output["line"] else ""
            yield f"error{where}:\n{fenced(readable(output['traceback'] or output['message']).rstrip())}{cut}"
        case "display":
            yield from _display(output)
        case "exported":
            yield f"{output['info']}:\n{fenced(readable(output['text']))}{cut}"
        case _:
            ref = f" (ref {readable(output['ref'])})" if output["kind"] in _USED else ""
            yield f"{output['kind']}{ref}:\n{fenced(readable(output['text']))}{cut}"


def _display(output: Answer) -> Iterator[str | Picture]:
    data = output["data"]
    picture = next((kind for kind in PICTURES if kind in data), None)
    if picture is not None:
        yield Picture(picture, data[picture])
        return
    for kind in ("text/plain", "text/markdown", "text/html", "image/svg+xml"):
        if kind in data:
            yield f"result:\n{fenced(readable(data[kind]))}"
            break
    left_out = [kind for kind in output.get("left_out", {}) if kind in PICTURES]
    if left_out:
        yield f"(a picture, {left_out[0]}; read_output shows it with images)"


def run_page(answer: Answer) -> Page:
    """What became of a run."""
    parts: list[str | Picture] = [_summary(answer)]
    for cell in answer["cells"]:
        took = f" in {cell['seconds']:.3g} s" if cell["seconds"] is not None else ""
        fate = cell["status"].replace("_", " ")
        parts.append(f"### cell {cell.get('label', '?')} (id {cell['id']}): {fate}{took}")
        parts += outputs_page(cell["outputs"], cell.get("count", 0), len(cell["outputs"])) if cell["outputs"] else ()
    parts += questions_page(answer["questions"])
    if answer["runtime"]["lost"]:
        parts.append(f"The runtime was lost: {answer['runtime']['lost']}")
    return joined(parts)


def _summary(answer: Answer) -> str:
    if not answer["done"]:
        return "It goes on: wait_for_run waits for the rest, interrupt ends it." + (
            " A cell waits for an answer." if answer["questions"] else ""
        )
    return "Done; all succeeded." if answer["ok"] else "Done, but not all succeeded."


def questions_page(questions: Iterable[Answer]) -> Iterator[str]:
    for each in questions:
        secret = "; what is typed is a secret" if each["hidden"] else ""
        yield (
            f"Cell id {each['cell']} asks {readable(each['prompt'])!r} (question id {each['id']}{secret}): "
            "answer_input answers it."
        )


def joined(parts: Iterable[str | Picture]) -> Page:
    """With texts that follow one another as one.

    >>> joined(["a", "b"])
    ('a\\n\\nb',)
    """
    found: list[str | Picture] = []
    for each in parts:
        if isinstance(each, str) and found and isinstance(found[-1], str):
            found[-1] = f"{found[-1]}\n\n{each}"
        else:
            found.append(each)
    return tuple(found)
