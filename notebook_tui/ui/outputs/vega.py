"""Charts of Vega-Lite, as Altair writes them: those of lines, points or bars, of values in the chart itself."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from notebook_tui.widgets.views import Plot, Series, SeriesKind

_KINDS: Final[Mapping[str, SeriesKind]] = {
    **dict.fromkeys(("line", "area", "trail"), "line"),
    **dict.fromkeys(("point", "circle", "square", "tick"), "scatter"),
    "bar": "bar",
}
_MOST: Final = 40


@lru_cache(maxsize=16)
def vega_plot(spec: str) -> Plot | None:
    """The chart as a plot; None if it is another kind of chart, or takes its values from elsewhere.

    >>> plot = vega_plot('''{"mark": "line", "data": {"values": [{"a": 1, "b": 2}, {"a": 2, "b": 3}]},
    ...     "encoding": {"x": {"field": "a"}, "y": {"field": "b"}}}''')
    >>> plot.series[0].y, plot.x_label, plot.y_label
    ((2.0, 3.0), 'a', 'b')
    """
    try:
        return _plot(json.loads(spec))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        # Whatever is not as in a simple chart: then it is none.
        return None


def _plot(spec: Mapping[str, Any]) -> Plot | None:
    mark = spec["mark"] if isinstance(spec["mark"], str) else spec["mark"]["type"]
    encoding = spec["encoding"]
    x, y = encoding["x"], encoding["y"]
    if mark not in _KINDS or any("aggregate" in each or each.get("bin") for each in (x, y)):
        return None
    values = _values(spec)
    across = mark == "bar" and y.get("type") in ("nominal", "ordinal")
    if across:
        x, y = y, x
    field = encoding.get("color", {}).get("field")
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for value in values:
        groups.setdefault(str(value[field]) if field else "", []).append(value)
    if not groups or len(groups) > _MOST:
        return None
    series = tuple(_series(name, _KINDS[mark], group, x, y) for name, group in groups.items())
    title = spec.get("title", "")
    titled = title if isinstance(title, str) else title.get("text", "")
    labels = ("", "") if mark == "bar" else (_label(x), _label(y))
    log_y = y.get("scale", {}).get("type") == "log" if y.get("scale") else False
    return Plot("", series, str(titled), *labels, log_y=log_y)


def _values(spec: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    data = spec["data"]
    values: Sequence[Mapping[str, Any]] = data["values"] if "values" in data else spec["datasets"][data["name"]]
    return values


def _series(
    name: str, kind: SeriesKind, values: Sequence[Mapping[str, Any]], x: Mapping[str, Any], y: Mapping[str, Any]
) -> Series:
    ys = tuple(_number(value[y["field"]]) for value in values)
    if kind == "bar":
        return Series(
            name, kind, tuple(map(float, range(len(ys)))), ys, tuple(str(value[x["field"]]) for value in values)
        )
    return Series(name, kind, tuple(_number(value[x["field"]]) for value in values), ys)


def _number(value: object) -> float:
    """A time as seconds since 1970; what is none is a gap."""
    if value is None:
        return math.nan
    if isinstance(value, str):
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, int | float):
        return float(value)
    raise TypeError(f"expected a number or a time, got {value!r}")


def _label(channel: Mapping[str, Any]) -> str:
    title = channel.get("title", channel["field"])
    return str(title or "")
