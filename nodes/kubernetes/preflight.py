"""Asks the cluster, before the first pod of a namespace, whether we may do all that we shall have to."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from nodes.backend import AuthError
from nodes.kubernetes.api import AT_ONCE, Api
from nodes.kubernetes.refusals import ApiRefused
from nodes.kubernetes.rights import NICE, Right, missing_words

logger = logging.getLogger("nodes.kubernetes")

REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
KNOWN_SECONDS: Final = 600.0

_known: dict[tuple[int, str, tuple[Right, ...]], float] = {}
_lock = threading.Lock()


def check_rights(api: Api, namespace: str, rights: Sequence[Right], *, anew: bool = False) -> None:
    """AuthError names every right that is missing, and the Role that grants them. What is merely nice to have is told
    in the log. What was answered a while ago still counts, but `anew`."""
    key = id(api), namespace, tuple(rights)
    with _lock:
        if not anew and time.monotonic() < _known.get(key, 0.0):
            return
        _known.pop(key, None)
    everything = [*rights, *NICE]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="rights") as threads:
        answers = list(threads.map(lambda right: _has(api, namespace, right), everything))
    missing = [right for right, has in zip(everything, answers, strict=True) if not has]
    if needed := [right for right in missing if right in rights]:
        words, role = missing_words(needed, namespace).split("\n", 1)
        if len(needed) == len(rights):  # who may do nothing there is not told whether it is there
            words = f"is there a namespace {namespace}, and is it spelt right? Else {words}"
        raise AuthError(words, remedy=f"\n{role}")
    if missing:
        logger.info("without these, less is told of pods that fail: %s", missing_words(missing, namespace))
    with _lock:
        _known[key] = time.monotonic() + KNOWN_SECONDS


def _has(api: Api, namespace: str, right: Right) -> bool:
    try:
        answer = api.ask("POST", REVIEWS, body=right.review(namespace))
    except ApiRefused as refusal:
        if refusal.status == 403:
            logger.info("the cluster does not say what we may do: %s", refusal)
            return True  # the question itself is forbidden: what we may not do will tell
        raise
    return bool((answer.get("status") or {}).get("allowed"))
