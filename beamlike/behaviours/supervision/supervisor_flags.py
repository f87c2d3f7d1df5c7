"""How a supervisor treats its children: OTP's supervisor flags, checked once. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from beamlike.behaviours.child_spec import ChildSpec, check_one_of, check_spec
from beamlike.behaviours.supervision.child_errors import BadChild
from beamlike.behaviours.supervision.restart_intensity import RestartIntensity
from beamlike.kernel.record import frozen

Strategy = Literal["one_for_one", "one_for_all", "rest_for_one"]
AutoShutdown = Literal["never", "any_significant", "all_significant"]


@frozen
class SupervisorFlags:
    """Strategy, limit of restarts, and whether the end of significant children ends the supervisor."""

    strategy: Strategy
    limit: RestartIntensity
    auto_shutdown: AutoShutdown

    def __post_init__(self) -> None:
        check_one_of("strategy", self.strategy, get_args(Strategy))
        check_one_of("auto_shutdown", self.auto_shutdown, get_args(AutoShutdown))

    def check(self, spec: ChildSpec) -> None:
        """BadChild for a child that a supervisor with these flags cannot have."""
        if spec.significant and self.auto_shutdown == "never":
            raise BadChild(
                spec.id,
                "is significant, and auto_shutdown is 'never'; "
                "start its supervisor with auto_shutdown='any_significant' or 'all_significant'",
            )


def checked(
    children: Iterable[ChildSpec], intensity: int, period: float, strategy: Strategy, auto_shutdown: AutoShutdown
) -> tuple[tuple[ChildSpec, ...], SupervisorFlags]:
    """What a supervisor is started with, once all of it was found to be right."""
    if not isinstance(children, Iterable):
        raise TypeError(
            f"expected the children of a supervisor as a list of ChildSpec, got {children!r}: put it in [ ]"
        )
    flags = SupervisorFlags(strategy, RestartIntensity(intensity, period), auto_shutdown)
    specs = tuple(map(check_spec, children))
    for spec in specs:
        flags.check(spec)
    ids = [spec.id for spec in specs]
    if len(set(ids)) != len(ids):
        raise ValueError(f"expected children with different ids, got {ids}")
    return specs, flags
