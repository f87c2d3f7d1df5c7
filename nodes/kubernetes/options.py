"""What a user says of the pods that nodes are booted in: one record, checked once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from beamlike.kernel.record import frozen

Reach: TypeAlias = Literal["dial", "forward"]
Template: TypeAlias = "str | Path | Mapping[str, Any]"

GRACE_SECONDS: Final = 10.0
LISTEN_PORT: Final = 44444
_QUANTITY: Final = re.compile(r"\d+(\.\d+)?(m|[EPTGMk]i?|Ki)?")
_DNS: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


@frozen
class Options:
    """See `nodes.Kubernetes`, which takes the same names."""

    namespace: str | None = None
    image: str | None = None
    context: str | None = None
    kubeconfig: str | None = None
    template: Template | None = None
    container: str | None = None
    command: Sequence[str] | None = None
    cpu: str | None = None
    memory: str | None = None
    gpu: int = 0
    gpu_resource: str = "nvidia.com/gpu"
    shared_memory: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    env_from: Sequence[str] = ()
    volumes: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[Mapping[str, Any]] = ()
    service_account: str | None = None
    image_pull_secrets: Sequence[str] = ()
    image_pull_policy: str | None = None
    priority_class: str | None = None
    run_as_user: int | None = None
    owner_reference: bool = True
    grace: float = GRACE_SECONDS
    unschedulable: Literal["wait", "fail"] = "wait"
    reach: Reach | None = None
    host: str | None = None
    force_stop_after: float | None = None
    price_per_hour: float | None = None

    def __post_init__(self) -> None:
        _check_quantities(self)
        _check_names(self)
        _check_variables(self)
        _check_numbers(self)
        _check_choices(self)


def _check_quantities(options: Options) -> None:
    for name, example in (("cpu", "2 or 500m"), ("memory", "4Gi"), ("shared_memory", "1Gi")):
        value = getattr(options, name)
        if value is not None and not (isinstance(value, str) and _QUANTITY.fullmatch(value)):
            raise ValueError(f"expected {name} as Kubernetes writes it, such as {example}; got {value!r}")


def _check_names(options: Options) -> None:
    for name in ("namespace", "service_account", "priority_class"):
        value = getattr(options, name)
        if value is not None and not (isinstance(value, str) and _DNS.fullmatch(value)):
            raise ValueError(f"expected {name} as a name of small letters, digits and dashes; got {value!r}")
    for name in ("env_from", "image_pull_secrets", "tolerations", "command"):
        value = getattr(options, name)
        if isinstance(value, str):
            raise TypeError(f"expected a sequence for {name}, got the text {value!r}")
    for claim, path in options.volumes.items():
        if not _DNS.fullmatch(claim) or not path.startswith("/"):
            raise ValueError(
                f"expected volumes as claims and the paths where they are mounted, such as "
                f'{{"models": "/models"}}; got {claim!r}: {path!r}'
            )


def _check_variables(options: Options) -> None:
    for variable, value in options.env.items():
        if not _VARIABLE.fullmatch(variable) or not isinstance(value, str):
            raise ValueError(f"expected env as names of variables and texts, got {variable!r}: {type(value).__name__}")
    for variable, reference in options.secrets.items():
        name, _, key = reference.partition("/") if isinstance(reference, str) else ("", "", "")
        if not _VARIABLE.fullmatch(variable) or not _DNS.fullmatch(name) or not key:
            # The value may be the secret itself, put here by mistake.
            raise ValueError(
                f'expected secrets as names of variables and references "SECRET/KEY", such as '
                f'{{"HF_TOKEN": "hugging-face/token"}}; that of {variable!r} is none'
            )
    if both := options.env.keys() & options.secrets.keys():
        raise ValueError(f"expected each variable in env or in secrets, got {', '.join(sorted(both))} in both")


def _check_numbers(options: Options) -> None:
    if not isinstance(options.gpu, int) or isinstance(options.gpu, bool) or options.gpu < 0:
        raise ValueError(f"expected gpu as a number of GPUs, 0 or more; got {options.gpu!r}")
    for name in ("grace", "force_stop_after", "price_per_hour"):
        value = getattr(options, name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            unit = "dollars" if name == "price_per_hour" else "seconds"
            raise ValueError(f"expected {name} as a number of {unit}, 0 or more; got {value!r}")


def _check_choices(options: Options) -> None:
    choices: tuple[tuple[str, tuple[str | None, ...]], ...] = (
        ("reach", (None, "dial", "forward")),
        ("unschedulable", ("wait", "fail")),
        ("image_pull_policy", (None, "Always", "IfNotPresent", "Never")),
    )
    for name, known in choices:
        value = getattr(options, name)
        if value not in known:
            words = ", ".join(repr(one) for one in known if one is not None)
            raise ValueError(f"expected {name} as one of {words}; got {value!r}")
