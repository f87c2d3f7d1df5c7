"""The one question to the API of Kubernetes, in plain words for whatever is in its way."""

from __future__ import annotations

import json
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
            api, home = self._client or _connect()
        except ConfigException as error:
            raise CannotFind(
                f"expected a service account of a pod, or a kubeconfig in $KUBECONFIG or ~/.kube/config, got: {error}"
            ) from error
        self._client = None  # unless it is of use
        try:
            answer = _ask(api, namespace or home, selector)
        except ApiException as error:
            raise CannotFind(_refusal(error, namespace or home, selector)) from error
        except HTTPError as error:
            raise CannotFind(f"the API of Kubernetes does not answer: {error}") from error
        self._client = api, home
        return answer


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
    if os.environ.get(inside.SERVICE_HOST_ENV_NAME):
        config.load_incluster_config(configuration)
        namespace = Path(inside.SERVICE_TOKEN_FILENAME).with_name("namespace").read_text().strip()
    else:
        kubeconfig = os.environ.get("KUBECONFIG", config.KUBE_CONFIG_DEFAULT_LOCATION)
        config.load_kube_config(kubeconfig, client_configuration=configuration)
        _, context = config.list_kube_config_contexts(kubeconfig)
        namespace = context["context"].get("namespace", "default")
    configuration.retries = False  # who asks asks again
    return client.CoreV1Api(client.ApiClient(configuration)), namespace


def _refusal(error: ApiException, namespace: str, selector: str) -> str:
    asked, said = f"list the pods {selector!r} of the namespace {namespace}", f"{error.status} {_said(error)}"
    if error.status in (401, 403):
        return f"expected the right to {asked}, got {said}: give the service account a role that may list pods"
    return f"asked to {asked}, the API of Kubernetes answered {said}"


def _said(error: ApiException) -> str:
    """The server's own words, if it found any."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (ValueError, LookupError):
        return str(error.reason)
