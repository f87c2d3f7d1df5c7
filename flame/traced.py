"""A trace that goes on in the function of a call: the span that called it travels as one more argument.

As text, in the form that W3C calls `traceparent`, so the call stays small. Where the library `opentelemetry-api` is not
installed, the function runs as ever.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from beamlike.kernel.callers import calls_users

API: Final = "opentelemetry.trace"
_PROPAGATION: Final = "opentelemetry.trace.propagation.tracecontext"


def traced(function: Callable[..., Any], name: str, *, is_async: bool) -> Any:
    """`function`, to be called with the span's text behind its arguments. It keeps its name for errors."""
    wrapped: Any = functools.partial(_run_async if is_async else _run, function)
    wrapped.__qualname__ = name
    return wrapped


def current_span() -> str:
    """The span that the current code is in, as text; empty if there is none, or nobody here uses OpenTelemetry."""
    api: Any = sys.modules.get(API)
    return "" if api is None else text_of(api.get_current_span().get_span_context())


def text_of(span: Any) -> str:
    """A span's context as text; empty if it is not a valid one."""
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}" if span.is_valid else ""


@contextmanager
def within(span: str) -> Iterator[None]:
    """Has the code of the block be in that span.

    >>> with within(""):
    ...     current_span()
    ''
    """
    if not span:
        yield
        return
    try:
        context: Any = importlib.import_module("opentelemetry.context")
        propagator: Any = importlib.import_module(_PROPAGATION).TraceContextTextMapPropagator()
    except ImportError:
        yield
        return
    token = context.attach(propagator.extract({"traceparent": span}))
    try:
        yield
    finally:
        context.detach(token)


@calls_users
def _run(function: Callable[..., Any], *args: Any) -> Any:
    with within(args[-1]):
        return function(*args[:-1])


@calls_users
async def _run_async(function: Callable[..., Any], *args: Any) -> Any:
    with within(args[-1]):
        return await function(*args[:-1])
