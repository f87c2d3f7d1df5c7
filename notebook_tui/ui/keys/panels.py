"""Keys that open a panel at the side, as Livebook has them; also from within another panel."""

from __future__ import annotations

from typing import Final

from notebook_tui.ui.keys.key import Key

_GROUP: Final = "Panels"
PANELS: Final[tuple[Key, ...]] = (
    Key(_GROUP, "Sections and what they define", "toggle_outline", ("s o",), hint="sections"),
    Key(_GROUP, "Variables", "toggle_variables", ("s v",), hint="variables"),
    Key(_GROUP, "Runtime: where cells run", "toggle_runtime", ("s r",), hint="runtime"),
    Key(_GROUP, "Nodes and pools", "toggle_cluster", ("s n",), hint="nodes"),
    Key(_GROUP, "Secrets", "toggle_secrets", ("s s",), hint="secrets"),
    Key(_GROUP, "Packages", "toggle_packages", ("s p",), hint="packages"),
    Key(_GROUP, "Files", "toggle_files", ("s f",), hint="files"),
    Key(_GROUP, "Bin and history", "toggle_bin", ("s b",), hint="bin"),
    Key(_GROUP, "Who is here", "toggle_clients", ("s u",), hint="users"),
    Key(_GROUP, "Into the open panel", "focus_panel", ("s enter",), hint="into it"),
)
