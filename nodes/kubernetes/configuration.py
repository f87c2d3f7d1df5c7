"""Which cluster, as whom, and in which namespace: of the pod that this process runs in, or of a kubeconfig."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from beamlike.kernel.record import frozen
from nodes.backend import BackendError

if TYPE_CHECKING:
    from kubernetes.client import Configuration

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVICE_HOST: Final = "KUBERNETES_SERVICE_HOST"


@frozen
class Configured:
    """`inside`: this process is a pod of the cluster, in `namespace`, which is the default for what it makes."""

    configuration: Configuration
    namespace: str
    inside: bool

    def __repr__(self) -> str:  # the configuration holds a token
        return f"Configured({self.configuration.host!r}, {self.namespace!r}, inside={self.inside})"


def configured(kubeconfig: str | None, context: str | None) -> Configured:
    """BackendError says what is missing."""
    try:
        from kubernetes.config import ConfigException
        from yaml import YAMLError
    except ModuleNotFoundError as error:
        raise BackendError(
            "Kubernetes needs its package: pip install 'beamlike[kubernetes]'", permanent=True
        ) from error
    try:
        # Inside counts what the pod is told, unless another cluster was named.
        if kubeconfig is None and context is None and is_inside():
            return _inside()
        return _outside(kubeconfig, context)
    except YAMLError as error:  # where in which file; its lines, which may be a token, are not in there
        raise BackendError(
            f"expected a kubeconfig in YAML, got: {' '.join(str(error).split())}", permanent=True
        ) from None
    except (ConfigException, OSError) as error:
        raise BackendError(
            "expected the service account of a pod, or a kubeconfig in kubeconfig=, $KUBECONFIG or ~/.kube/config; "
            f"got: {error}",
            permanent=True,
        ) from error


def is_inside() -> bool:
    """Whether this process runs in a pod that has a service account."""
    return bool(os.environ.get(SERVICE_HOST)) and (SERVICE_ACCOUNT / "token").exists()


def is_configured() -> bool:
    """Whether a cluster is known here, and the package with which to ask it; for those who only look."""
    return (is_inside() or any(path.is_file() for path in kubeconfigs())) and find_spec("kubernetes") is not None


def kubeconfigs() -> list[Path]:
    """Those that the environment names now, or the user's own."""
    told = os.environ.get("KUBECONFIG") or "~/.kube/config"
    return [Path(one).expanduser().absolute() for one in told.split(os.pathsep) if one]


def _inside() -> Configured:
    from kubernetes import client, config

    configuration = client.Configuration()
    config.load_incluster_config(configuration)  # reads the token anew every minute
    namespace = os.environ.get("POD_NAMESPACE") or (SERVICE_ACCOUNT / "namespace").read_text("utf-8").strip()
    return Configured(_tuned(configuration), namespace, inside=True)


def _outside(kubeconfig: str | None, context: str | None) -> Configured:
    from kubernetes import client, config

    path = kubeconfig or os.pathsep.join(map(str, kubeconfigs()))
    configuration = client.Configuration()
    config.load_kube_config(path, context=context, client_configuration=configuration)
    contexts, current = config.list_kube_config_contexts(path)
    chosen = current if context is None else next(it for it in contexts if it["name"] == context)
    return Configured(_tuned(configuration), chosen["context"].get("namespace") or "default", inside=False)


def _tuned(configuration: Configuration) -> Configuration:
    configuration.retries = False  # who asks asks again, and knows when
    configuration.connection_pool_maxsize = 16
    configuration.keep_alive = True
    return configuration
