"""The options of a pool: one frozen record, checked once at the edge and passed whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """What a pool may do. Times are seconds; None, where it is allowed, means no limit.

    Raises TypeError or ValueError, which name the option, what was expected and what came.

    >>> PoolOptions(name="cpu", max=4).max_concurrency
    1
    >>> PoolOptions(name="cpu", min=2)
    Traceback (most recent call last):
        ...
    ValueError: pool 'cpu': min must not exceed max, got min=2 and max=1: raise max or lower min
    """

    name: str
    min: int = 0
    """Runners that are kept up, busy or not."""
    max: int = 1
    """Runners that exist at most, booting and leaving ones included."""
    max_concurrency: int = 1
    """Calls that one runner performs at the same time."""
    timeout: float | None = 30.0
    """How long a call may take in all, waiting for a slot included, unless the call says otherwise."""
    boot_timeout: float = 30.0
    idle_shutdown_after: float | None = 30.0
    """A runner beyond `min` without a call for this long is stopped."""
    shutdown_timeout: float = 30.0
    """How long a stopping pool waits for the calls that still run."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise TypeError(f"pool: name must be a string that is not empty, got {self.name!r}")
        self._check_whole("min", self.min, at_least=0)
        self._check_whole("max", self.max, at_least=1)
        self._check_whole("max_concurrency", self.max_concurrency, at_least=1)
        self._check_seconds("boot_timeout", self.boot_timeout)
        self._check_seconds("shutdown_timeout", self.shutdown_timeout)
        for option, value in (("timeout", self.timeout), ("idle_shutdown_after", self.idle_shutdown_after)):
            if value is not None:
                self._check_seconds(option, value, or_else=" or None")
        if self.min > self.max:
            raise self._refusal(
                f"min must not exceed max, got min={self.min} and max={self.max}: raise max or lower min"
            )

    def _check_whole(self, option: str, value: object, at_least: int) -> None:
        expected = f"{option} must be a whole number, {at_least} or more, got {value!r}"
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"pool {self.name!r}: {expected}")
        if value < at_least:
            raise self._refusal(expected)

    def _check_seconds(self, option: str, value: object, or_else: str = "") -> None:
        expected = f"{option} must be a number of seconds above 0{or_else}, got {value!r}"
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise TypeError(f"pool {self.name!r}: {expected}")
        if not 0 < value < float("inf"):
            raise self._refusal(expected)

    def _refusal(self, what: str) -> ValueError:
        return ValueError(f"pool {self.name!r}: {what}")
