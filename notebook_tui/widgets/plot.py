"""Charts that grow while code runs, on any node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from notebook_tui.widgets import views
from notebook_tui.widgets.changes import SERIES, Became, PointsAppended
from notebook_tui.widgets.plot_points import number, numbers
from notebook_tui.widgets.views import Series, SeriesKind
from notebook_tui.widgets.widget import Widget, new_ref


class Plot(Widget[views.Plot]):
    """A chart of one or more series, each a line, points, bars or a histogram.

    >>> from notebook_tui.widgets.plot import Plot
    >>> plot = Plot(title="Loss", x_label="step").line("train", [0, 1, 2], [3.0, 1.5, 1.0])
    >>> plot.append(train=0.8)
    >>> [(series.name, series.y) for series in plot.view.series]
    [('train', (3.0, 1.5, 1.0, 0.8))]

    Values are numbers, dates or None (nothing), in lists, columns of dataframes, arrays or tensors. A series keeps some
    thousand points: of more the highs and lows.
    """

    def __init__(self, *, title: str = "", x_label: str = "", y_label: str = "", log_y: bool = False) -> None:
        super().__init__(views.Plot(new_ref(), (), title, x_label, y_label, log_y))
        self._next_x: Counter[str] = Counter()
        self._kinds: dict[str, SeriesKind] = {}

    def line(self, name: str, x: Any, y: Any = None) -> Self:
        """A line; with one list, its values stand at 0, 1, 2 …"""
        return self._with("line", name, x, y)

    def scatter(self, name: str, x: Any, y: Any = None) -> Self:
        return self._with("scatter", name, x, y)

    def bar(self, name: str, values: Mapping[Any, Any] | Any, heights: Any = None) -> Self:
        """A bar for each label: a mapping of labels to heights, or labels and heights."""
        labels, heights = (values.keys(), values.values()) if isinstance(values, Mapping) else (values, heights)
        if heights is None:
            raise TypeError(
                "expected a mapping of labels to heights, or labels and heights: nb.plot().bar('n', labels, heights)"
            )
        names, y = tuple(str(label) for label in labels), numbers(list(heights), f"the heights of {name!r}")
        if len(names) != len(y):
            raise ValueError(f"expected as many labels as heights for {name!r}, got {len(names)} and {len(y)}")
        self._next_x[name] = len(y)
        return self._add(Series(name, "bar", tuple(map(float, range(len(y)))), y, names))

    def histogram(self, name: str, values: Any) -> Self:
        """How often which value is there."""
        y = numbers(values, f"the values of {name!r}")
        return self._add(Series(name, "histogram", tuple(map(float, range(len(y)))), y))

    def append(self, x: Any = None, /, **values: Any) -> None:
        """One more point of each series that is named, at `x` or one after its last: `plot.append(step, loss=0.3)`.

        A name that is new begins a line. Of bars, `x` is the label: `plot.append("Monday", sales=3)`.
        """
        series = tuple(self._point(name, x, value) for name, value in values.items())
        self._change(PointsAppended(series))

    def extend(self, name: str, x: Any, y: Any = None) -> None:
        """Several more points of a series."""
        if self._kind(name) == "bar":
            labels, heights = (range(self._next_x[name], self._next_x[name] + len(x)), x) if y is None else (x, y)
            bars = [self._bar(name, label, height) for label, height in zip(labels, heights, strict=True)]
            self._change(PointsAppended(tuple(bars)))
        else:
            self._change(PointsAppended((self._series(self._kind(name), name, x, y),)))

    def clear(self) -> None:
        """No series any more."""
        self._next_x.clear()
        self._kinds.clear()
        self._change(Became(replace(self._first, series=())))

    def _with(self, kind: SeriesKind, name: str, x: Any, y: Any) -> Self:
        return self._add(self._series(kind, name, x, y))

    def _add(self, series: Series) -> Self:
        self._known(series.name, series.kind)
        self._change(PointsAppended((series,), frozenset({series.name})))
        return self

    def _series(self, kind: SeriesKind, name: str, x: Any, y: Any) -> Series:
        if y is None:
            ys = numbers(x, f"the values of {name!r}")
            first = self._next_x[name]
            xs = tuple(float(first + index) for index in range(len(ys)))
        else:
            xs, ys = numbers(x, f"the x of {name!r}"), numbers(y, f"the y of {name!r}")
        if len(xs) != len(ys):
            raise ValueError(f"expected as many x as y for {name!r}, got {len(xs)} and {len(ys)}")
        self._next_x[name] = int(max((each for each in xs if each == each), default=-1.0)) + 1
        return Series(name, kind, xs, ys)

    def _point(self, name: str, x: Any, value: Any) -> Series:
        if self._kind(name) == "bar":
            return self._bar(name, x, value)
        at = float(self._next_x[name]) if x is None else number(x, f"the x of {name!r}")
        self._next_x[name] = int(at) + 1 if at == at else self._next_x[name]
        return Series(name, self._kind(name), (at,), (number(value, f"the y of {name!r}"),))

    def _bar(self, name: str, label: Any, height: Any) -> Series:
        at = self._next_x[name]
        self._next_x[name] += 1
        text = str(at if label is None else label)
        return Series(name, "bar", (float(at),), (number(height, f"the height of {name!r}"),), (text,))

    def _kind(self, name: str) -> SeriesKind:
        return self._known(name, self._kinds.get(name, "line"))

    def _known(self, name: str, kind: SeriesKind) -> SeriesKind:
        if len(self._kinds) >= SERIES and name not in self._kinds:
            raise ValueError(f"expected at most {SERIES} series in a plot, got {name!r} as one more")
        self._kinds[name] = kind
        return kind
