"""The reference in docs/api.md, made of the table of methods: `python -m notebook_tui.api.reference docs/api.md`
writes it anew, between its two marks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from notebook_tui.api.errors import KINDS
from notebook_tui.api.methods import EVENTS, METHODS, Method
from notebook_tui.api.schema import Parameter, parameters, type_words

BEGIN = "<!-- Made by python -m notebook_tui.api.reference docs/api.md: change the table of methods instead. -->"
END = "<!-- The end of what is made. -->"


def reference() -> str:
    """
    >>> "### `whoami`" in reference()
    True
    """
    return "\n".join(["## Methods", "", *_methods(), "## Events", "", *_events(), "## Errors", "", *_errors()])


def with_reference(page: str) -> str:
    """The page with the reference as it is now. ValueError if it has no place for one."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"expected the lines {BEGIN!r} and {END!r} in the page")
    return f"{head}{BEGIN}\n\n{reference()}\n{END}{tail}"


def _methods() -> Iterator[str]:
    for name, method in METHODS.items():
        yield f"### `{name}`"
        yield ""
        yield f"{method.says} Takes the role `{method.role}`."
        yield ""
        yield from _parameters(method)
        yield from _answer(method)


def _parameters(method: Method) -> Iterator[str]:
    known = parameters(method.params)
    if not known:
        return
    yield "| parameter | type | |"
    yield "|---|---|---|"
    for each in known:
        yield f"| `{each.name}` | {type_words(each.kind)}{_bounds(each)} | {_default(each)}{each.says} |"
    yield ""


def _bounds(parameter: Parameter) -> str:
    if parameter.bounds is None or type_words(parameter.kind).startswith(("text", "list")):
        return ""
    return f", {parameter.bounds.low:,.0f} to {parameter.bounds.high:,.0f}"


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "**required**; "
    if parameter.default in (None, (), ""):
        return ""
    default = str(parameter.default).lower() if isinstance(parameter.default, bool) else parameter.default
    return f"default `{default}`; "


def _answer(method: Method) -> Iterator[str]:
    if not method.answers:
        yield "Answers with an empty object."
        yield ""
        return
    yield "Answers with:"
    yield ""
    yield from (f"- `{field}`: {says}" for field, says in method.answers.items())
    yield ""


def _events() -> Iterator[str]:
    yield from (f"- `{name}`: {says}" for name, says in EVENTS.items())
    yield ""


def _errors() -> Iterator[str]:
    yield "| `data.kind` | code | |"
    yield "|---|---|---|"
    yield from (f"| `{name}` | {kind.code} | {kind.says} |" for name, kind in KINDS.items())
    yield ""


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_reference(path.read_text(encoding="utf-8")), encoding="utf-8")
