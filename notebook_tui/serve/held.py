"""Which runtimes outlive the server, and how."""

from __future__ import annotations

from notebook_tui.serve.custody import Custody
from notebook_tui.serve.held_far import HeldFar
from notebook_tui.serve.held_here import Held
from notebook_tui.session.booted import Booted, Local
from notebook_tui.session.runtime import Runtime


def held(runtime: Runtime, custody: Custody) -> Runtime:
    """The runtime, as one that outlives the server: with the custodian, or in its service. Else as it is, and it ends
    with the server."""
    if type(runtime) is Local:
        return Held(runtime, custody)
    if isinstance(runtime, Booted) and runtime.is_dialled:
        return HeldFar(runtime, custody)
    outliving = getattr(runtime, "outliving", None)  # a service is visited: what knows how is loaded with the first
    outlives: Runtime = runtime if outliving is None else outliving(custody.lease)
    return outlives
