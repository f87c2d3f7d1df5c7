"""The names that a cell sees: what is alive, without what only other cells bound, with what its text imports.

A module that a text imports and that is loaded, by whomever, is looked at before the text has run; no other is.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping

from notebook_tui.runtime.live import MOST, loaded_dict
from notebook_tui.runtime.text_names import Bound, TextNames


def visible(
    namespace: Mapping[str, object], hidden: Collection[str] = (), text: TextNames | None = None
) -> dict[str, object]:
    """
    >>> from notebook_tui.runtime.text_names import text_names
    >>> names = visible({"x": 1, "below": 2}, {"below"}, text_names("import sys as s", 15))
    >>> list(names), names["s"] is sys
    (['x', 's'], True)
    """
    # In one step of the interpreter, for a cell may bind names meanwhile.
    entries = list(namespace.items())[:MOST]
    names = {name: value for name, value in entries if type(name) is str and name not in hidden}
    if text is not None:
        for found in (text.shared, text.local):
            for name, bound in found.items():
                if bound.module:
                    _import(names, name, bound)
    return names


def _import(names: dict[str, object], name: str, bound: Bound) -> None:
    if not bound.member:
        if bound.module in sys.modules:
            names[name] = sys.modules[bound.module]
        return
    found = loaded_dict(bound.module)
    if bound.member in found:
        names[name] = found[bound.member]
    elif f"{bound.module}.{bound.member}" in sys.modules:
        names[name] = sys.modules[f"{bound.module}.{bound.member}"]
