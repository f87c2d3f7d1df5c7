"""The one question to the API of Kubernetes, in plain words for whatever is in its way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from beamlike.distribution.finding.strategy import CannotFind

if TYPE_CHECKING:
    from kubernetes.client import ApiException, CoreV1Api
    from urllib3 import HTTPResponse

SECONDS: Final = 4.0
"""For the connection, and again for the answer."""


class PodsApi:
    """Keeps its connection from one question to the next; what it was told to be (token, server) it reads anew when
    a question fails. Not for two threads at once."""

    def __init__(self) -> None:
        self._client: tuple[CoreV1Api, str] | None = None

    def list_pods(self, namespace: str | None, selector: str) -> bytes:
        """A PodList as JSON. Blocks."""
        try:
            from kubernetes.client import ApiException
            from kubernetes.config import ConfigException
            from urllib3.exceptions import HTTPError
        except ModuleNotFoundError as error:
            raise CannotFind("the API of Kubernetes needs its package: pip install 'beamlike[kubernetes]'") from error
        try:
            self._client = self._client or _connect()
            api, own_namespace = self._client
            return _ask(api, namespace or own_namespace, selector)
        except ConfigException as error:
            raise CannotFind(
                f"expected a service account of a pod, or a kubeconfig in $KUBECONFIG or ~/.kube/config, got: {error}"
            ) from error
        except ApiException as error:
            self._client = None
            raise CannotFind(_refusal(error, namespace, selector)) from error
        except HTTPError as error:
            self._client = None
            raise CannotFind(f"the API of Kubernetes does not answer: {error}") from error


def _ask(api: CoreV1Api, namespace: str, selector: str) -> bytes:
    # Version 0: what the API server has in its cache will do, and costs it next to nothing.
    answer: object = api.list_namespaced_pod(
        namespace,
        label_selector=selector,
        resource_version="0",
        _request_timeout=(SECONDS, SECONDS),
        _preload_content=False,
    )
    return cast("HTTPResponse", answer).data


def _connect() -> tuple[CoreV1Api, str]:
    """A client, and the namespace that it is at home in."""
    from kubernetes import client, config
    from kubernetes.config import incluster_config as inside

    configuration = client.Configuration()
    if inside.SERVICE_HOST_ENV_NAME in os.environ:
        config.load_incluster_config(configuration)
        namespace = Path(inside.SERVICE_TOKEN_FILENAME).with_name("namespace").read_text().strip()
    else:
        kubeconfig = os.environ.get("KUBECONFIG", config.KUBE_CONFIG_DEFAULT_LOCATION)
        config.load_kube_config(kubeconfig, client_configuration=configuration)
        _, context = config.list_kube_config_contexts(kubeconfig)
        namespace = context["context"].get("namespace", "default")
    configuration.retries = False  # who asks asks again
    return client.CoreV1Api(client.ApiClient(configuration)), namespace


def _refusal(error: ApiException, namespace: str | None, selector: str) -> str:
    asked = f"to list the pods {selector!r} of the namespace {namespace or 'that is its own'}"
    if error.status in (401, 403):
        return f"expected the right {asked}, got {error.status} {error.reason}: give the service account a role with it"
    return f"asked {asked}, the API of Kubernetes answered {error.status} {error.reason}"
