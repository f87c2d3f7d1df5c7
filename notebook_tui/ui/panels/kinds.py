"""Which panels there are, by name: each is imported when it is opened first."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from notebook_tui.ui.desk import Desk
from notebook_tui.ui.panels.panel import Panel

_PLACES: Final = {
    "outline": "outline:Outline",
    "variables": "variables:VariablesPanel",
    "runtime": "runtime:RuntimePanel",
    "cluster": "cluster:ClusterPanel",
    "secrets": "secrets:SecretsPanel",
    "packages": "packages:PackagesPanel",
    "files": "files:FilesPanel",
    "bin": "bin:BinPanel",
    "clients": "clients:ClientsPanel",
}


def make_panel(name: str, desk: Desk) -> Panel:
    module, _, kind = _PLACES[name].partition(":")
    panel: Panel = getattr(import_module(f"notebook_tui.ui.panels.{module}"), kind)(desk)
    return panel
