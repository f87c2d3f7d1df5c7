"""What goes wrong with pods, as the tests want it: each trouble for the pods whose names begin with `pods`."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from tests.support.kubernetes_world.description import Json

BACK_OFF_SECONDS = 0.1
"""Between two tries to pull an image; ten seconds and more, in earnest."""
RESTART_SECONDS = 0.1

_REFERENCE = re.compile(r"[a-z0-9]+([._/:-]+[a-z0-9]+)*(:\w[\w.-]*)?(@sha256:[0-9a-f]{64})?")


@dataclass(frozen=True, kw_only=True)
class Trouble:
    pods: str = ""

    def meets(self, pod: Json) -> bool:
        return str(pod["metadata"]["name"]).startswith(self.pods)


@dataclass(frozen=True)
class Unschedulable(Trouble):
    words: str = "0/3 nodes are available: 3 Insufficient cpu."


@dataclass(frozen=True)
class ImageError(Trouble):
    """ErrImagePull, followed by ImagePullBackOff, for so many tries; or another reason, that stays."""

    words: str = "rpc error: code = Unknown desc = failed to pull and unpack image: connection refused"
    reason: str = "ErrImagePull"
    pulls: float = float("inf")


@dataclass(frozen=True)
class ConfigError(Trouble):
    """CreateContainerConfigError, for so many tries: a node that is busy has not seen the pod's Secret yet."""

    words: str = "failed to sync secret cache: timed out waiting for the condition"
    tries: int = 2


@dataclass(frozen=True)
class SlowStart(Trouble):
    """It takes so long to make the container."""

    seconds: float = 1.0


def of_user(container: Json, pod: Json, users: dict[str, int]) -> str:
    """Why the image's user, or the one that is named, may not be; empty if it may."""
    own, whole = container.get("securityContext") or {}, pod["spec"].get("securityContext") or {}
    if not own.get("runAsNonRoot", whole.get("runAsNonRoot")):
        return ""
    named = own.get("runAsUser", whole.get("runAsUser"))
    where = f'(pod: "{pod["metadata"]["name"]}_{pod["metadata"]["namespace"]}({pod["metadata"]["uid"]})"'
    if named == 0:
        return f"container's runAsUser breaks non-root policy {where}, container: {container['name']})"
    if named is None and users[container["image"]] == 0:
        return f"container has runAsNonRoot and image will run as root {where}, container: {container['name']})"
    return ""


def of_image(container: Json, known: Collection[str]) -> ImageError | None:
    """What is wrong with the image that a container names."""
    image, policy = container["image"], container["imagePullPolicy"]
    if not _REFERENCE.fullmatch(image):
        words = f'couldn\'t parse image reference "{image}": invalid reference format'
        words = f'Failed to apply default image tag "{image}": {words}'
        if image != image.lower():
            words += ": repository name must be lowercase"
        return ImageError(words, "InvalidImageName")
    if image in known:
        return None
    if policy == "Never":
        return ImageError(f'Container image "{image}" is not present with pull policy of Never', "ErrImageNeverPull")
    what = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
    return ImageError(f"rpc error: code = NotFound desc = {what}")
