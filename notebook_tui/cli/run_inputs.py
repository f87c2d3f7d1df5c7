"""What inputs of a notebook begin with where nobody can type: flags, and the environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from notebook_tui.document.operations import InputShown, Operation, OutputAdded
from notebook_tui.widgets.cell_run import label_in
from notebook_tui.widgets.input_values import variable
from notebook_tui.widgets.views import Form
from notebook_tui.widgets.views_within import views_in

_PREFIX = variable("")


def preset_inputs(flags: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """By label, or by the name of the variable; for one input that has both, the flag counts.

    >>> preset_inputs({"Batch size": "64"}, {"BEAMLIKE_INPUT_NAME": "Ada", "HOME": "/"})
    {'BEAMLIKE_INPUT_NAME': 'Ada', 'Batch size': '64'}
    """
    given = {name: value for name, value in environment.items() if name.startswith(f"{_PREFIX}_")}
    return {name: value for name, value in given.items() if name not in map(variable, flags)} | dict(flags)


class AskedInputs:
    """The inputs that cells have made, by their labels, as far as they were shown, read, or given anything."""

    def __init__(self) -> None:
        self._labels: dict[str, None] = {}

    def hear(self, operation: Operation) -> None:
        self._labels.update(dict.fromkeys(_labels_in(operation)))

    def also(self, refs: Iterable[str]) -> None:
        """Inputs that were read and need not have been shown."""
        self._labels.update((label, None) for label in map(label_in, refs) if label is not None)

    def complaint(self, flags: Mapping[str, str]) -> str | None:
        """Of flags for inputs that there were not.

        >>> asked = AskedInputs()
        >>> asked.hear(InputShown("c", "input/c/text/Name/1", ""))
        >>> asked.complaint({"Nmae": "Ada"})
        "--input: no cell that ran has an input 'Nmae'; there were: 'Name'"
        """
        known = {*self._labels, *map(variable, self._labels)}
        unknown = [label for label in flags if label not in known]
        if not unknown:
            return None
        there = ", ".join(map(repr, self._labels)) or "none"
        return f"--input: no cell that ran has an input {', '.join(map(repr, unknown))}; there were: {there}"


def _labels_in(operation: Operation) -> Iterator[str]:
    match operation:
        case InputShown(_, ref):
            label = label_in(ref)
            if label is not None:
                yield label
        case OutputAdded(_, output):
            for view in views_in(output):
                if isinstance(view, Form):
                    yield from (field.label for _, field in view.fields)
