"""A value in the forms in which it offers itself: a MIME bundle, by the methods that Jupyter made a habit.

`_repr_mimebundle_`, `_repr_html_` and their like are asked for, of the value's type and never of the value, whose
`__getattr__` may answer to any name. Rich's renderables, matplotlib's figures and tensors, which lack them, have theirs
made here. Of a value that is hostile the rest is shown: what failed, took too long or is too large is told of.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.runtime.live import type_name
from notebook_tui.runtime.result_text import WIDTH, one_line, result_text
from notebook_tui.runtime.time_limit import Overdue, within
from notebook_tui.widgets.contents import BYTES, form_size

Form: TypeAlias = tuple[str, str | bytes]

SECONDS: Final = 10.0
"""For all forms of a value together, and once more for its text."""
SIZE: Final = 1_000_000
"""Characters of all forms of a value together, where so many bytes as `contents.BYTES` count as one; the smallest are
kept."""
TEXT: Final = 100_000
"""Characters of a text that the value makes itself."""

PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes, type(...), range})
"""Nothing of a user's runs when such a value is shown."""

_METHODS: Final = {
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
}
_RICH: Final = ("__rich_console__", "__rich__")
_RICHEST_FIRST: Final = ("application/", "image/", "text/html", "text/markdown", "text/latex", "text/")


@frozen
class Rendered:
    text: str
    """For a viewer that can show nothing but text; may hold ANSI colours."""
    forms: tuple[Form, ...] = ()
    """All others, the richest first."""
    troubles: tuple[str, ...] = ()
    """What could not be made, in words."""

    def bundle(self) -> tuple[Form, ...]:
        return *self.forms, ("text/plain", self.text)


def rendered(value: object, *, seconds: float = SECONDS, size: int = SIZE) -> Rendered:
    """What to show of `value`; raises nothing that the value raises, but for an interrupt.

    >>> class Cat:
    ...     def _repr_markdown_(self): return "*cat*"
    ...     def __repr__(self): return "cat"
    >>> rendered(Cat())
    Rendered(text='cat', forms=(('text/markdown', '*cat*'),), troubles=())
    """
    if type(value) in PLAIN:
        return Rendered(result_text(value))
    bundle = _Bundle(value)
    try:
        if bundle.has_any:
            within(seconds, bundle.fill)
    except Overdue:
        bundle.trouble(f"took more than {seconds:g} s and was ended")
    text = bundle.forms.pop("text/plain", None)
    if not isinstance(text, str):
        text = _text(value, seconds)
    return Rendered(text, bundle.fitting(size), tuple(bundle.troubles))


def _text(value: object, seconds: float) -> str:
    try:
        text = within(seconds, result_text, value)
    except Overdue:
        return f"<{type_name(value)}: its repr took more than {seconds:g} s and was ended>"
    if _package(value) in ("torch", "jax", "jaxlib", "tensorflow"):
        return _with_shape(value, text)
    return text


@dataclass
class _Bundle:
    value: object
    forms: dict[str, str | bytes] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    _at: str = ""
    """What is being asked for."""

    @property
    def has_any(self) -> bool:
        """Whether there is anything to ask for: most values have a repr alone."""
        names = ("_repr_mimebundle_", *_METHODS, *_RICH)
        return any(_defines(self.value, name) for name in names) or _is_figure(self.value) or _is_chart(self.value)

    def fill(self) -> None:
        if _defines(self.value, "_repr_mimebundle_"):
            self._ask("_repr_mimebundle_", self._take_bundle, include=None, exclude=None)
        for method, media_type in _METHODS.items():
            if media_type not in self.forms and not self._is_other_image(media_type) and _defines(self.value, method):
                self._ask(method, partial(self._take, media_type))
        if any(_defines(self.value, name) for name in _RICH):
            self._make("text/plain", _rich_text)
        if _is_figure(self.value):
            self._make("image/png", figure_png)
        if _is_chart(self.value):
            version = str(type(self.value).__module__).split(".")[2]
            self._make(f"application/vnd.vegalite.{version}+json", _vega_json)

    def _is_other_image(self, media_type: str) -> bool:
        return media_type.startswith("image/") and any(form.startswith("image/") for form in self.forms)

    def trouble(self, words: str) -> None:
        self.troubles.append(f"{type_name(self.value)}: its {self._at} {words}")

    def _ask(self, method: str, take: Callable[[Any], None], **named: object) -> None:
        self._at = method
        try:
            answer = getattr(self.value, method)(**named)
            if answer is not None:
                take(answer)
        except Exception as error:
            self.trouble(f"raised {one_line(error)[:WIDTH]}")

    def _make(self, media_type: str, make: Callable[[Any], str | bytes]) -> None:
        self._at = media_type
        try:
            self._take(media_type, make(self.value))
        except Exception as error:
            self.trouble(f"could not be made: {one_line(error)[:WIDTH]}")

    def _take_bundle(self, answer: Any) -> None:
        forms, _ = answer if isinstance(answer, tuple) else (answer, None)
        for media_type, form in dict(forms).items():
            self._take(str(media_type), form)

    def _take(self, media_type: str, answer: Any) -> None:
        form, _ = answer if isinstance(answer, tuple) else (answer, None)
        if media_type == "text/plain":
            self.forms[media_type] = _shortened(str(form))
        elif form is not None:
            self.forms[media_type] = _as_form(media_type, form)

    def fitting(self, size: int) -> tuple[Form, ...]:
        """The forms that find room, the smallest first to have it, in their order."""
        kept = set()
        for media_type, form in sorted(self.forms.items(), key=lambda item: form_size(item[1])):
            if form_size(form) <= size:
                size -= form_size(form)
                kept.add(media_type)
            else:
                self._at = media_type
                unit, room = ("characters", size) if isinstance(form, str) else ("bytes", size * BYTES)
                self.trouble(f"is left out: it has {len(form):,} {unit}, and there is room for {room:,}")
        return tuple(
            (media_type, form) for media_type, form in sorted(self.forms.items(), key=_rank) if media_type in kept
        )


def _rank(form: Form) -> int:
    return next((place for place, kind in enumerate(_RICHEST_FIRST) if form[0].startswith(kind)), len(_RICHEST_FIRST))


def _as_form(media_type: str, form: Any) -> str | bytes:
    if isinstance(form, bytes | bytearray | memoryview):
        return bytes(form)
    if isinstance(form, str):
        is_bytes = media_type.startswith("image/") and media_type != "image/svg+xml"
        return base64.b64decode(form) if is_bytes else form
    return json.dumps(form, default=str)


def _shortened(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[:TEXT]}…"


def _defines(value: object, name: str) -> bool:
    return any(vars(kind).get(name) is not None for kind in type(value).__mro__)


def _kinds(value: object) -> Iterator[str]:
    return (f"{kind.__module__}.{kind.__qualname__}" for kind in type(value).__mro__)


def _package(value: object) -> str:
    return str(type(value).__module__).partition(".")[0]


def _with_shape(value: Any, text: str) -> str:
    """The text of a tensor says neither how large it is nor where it lies."""
    try:
        shape = " x ".join(map(str, value.shape)) or "scalar"
        device = getattr(value, "device", None)
        return f"{shape}, {value.dtype}{'' if device is None else f', on {device}'}\n{text}"
    except Exception:  # whatever it is, it is none
        return text


def _is_figure(value: object) -> bool:
    return "matplotlib.figure" in sys.modules and "matplotlib.figure.Figure" in _kinds(value)


def _is_chart(value: object) -> bool:
    return str(type(value).__module__).startswith("altair.vegalite.") and hasattr(type(value), "to_json")


def _vega_json(chart: Any) -> str:
    """By itself it would give a page of HTML that draws it with code from elsewhere."""
    return str(chart.to_json(indent=None))


def figure_png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    return file.getvalue()


def _rich_text(value: Any) -> str:
    from rich.console import Console

    file = io.StringIO()
    Console(file=file, force_terminal=True, color_system="truecolor", width=WIDTH, legacy_windows=False).print(value)
    return file.getvalue().rstrip("\n")
