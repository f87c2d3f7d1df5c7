"""Where a node boots its children when nobody says where: on the platform on which it was booted itself, else here."""

from __future__ import annotations

import os

from nodes.backend import Backend
from nodes.local import Local
from nodes.parent import current_parent
from nodes.spec_text import SpecError


def default_backend() -> Backend:
    """On a node that was booted on a Fly Machine, machines of the same app, image and region; in a pod, pods of the
    same namespace and image: a machine knows its own. Else processes of this machine.

    No credentials of its parent's come with a machine, only its own. SpecError says which it lacks to boot others.

    >>> default_backend().on_this_host
    True
    """
    parent = current_parent()
    match "" if parent is None else parent.platform:
        case "fly":
            _check_token_of_app()
            import nodes

            return nodes.Fly()
        case "k8s":
            _check_token_of_pod()
            import nodes

            # As the user of this pod, whom its image need not name.
            return nodes.Kubernetes(run_as_user=os.getuid() or None)
        case _:
            return Local()


def _check_token_of_app() -> None:
    if not os.environ.get("FLY_API_TOKEN"):
        raise SpecError(
            "by default a Fly Machine boots machines of its app, and this one has no token for that: make one a secret "
            'of the app (fly secrets set FLY_API_TOKEN="$(fly tokens create deploy)"), or say backend=nodes.Local()'
        )


def _check_token_of_pod() -> None:
    from nodes.kubernetes.configuration import is_configured

    if not is_configured():
        raise SpecError(
            "by default a pod boots pods of its namespace, and this one has no token for that: boot it with "
            "service_account=, an account that may make pods (docs/kubernetes.md has its roles), or say "
            "backend=nodes.Local()"
        )
