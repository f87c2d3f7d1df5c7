"""Outputs with what the user has set: a view holds only what its inputs begin with."""

from __future__ import annotations

from typing import overload

from notebook_tui.document.outputs import Output, View
from notebook_tui.document.state import State
from notebook_tui.widgets.filled_in import filled_in
from notebook_tui.widgets.views import Scalar


@overload
def inputs_as_set(output: View, state: State) -> View: ...
@overload
def inputs_as_set(output: Output, state: State) -> Output: ...
def inputs_as_set(output: Output, state: State) -> Output:
    """The output for those who show it as text."""
    if not isinstance(output, View):
        return output
    values = {ref: known.value for ref, known in state.inputs.items() if isinstance(known.value, Scalar)}
    return filled_in(output, values) if values else output
