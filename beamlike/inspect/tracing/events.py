"""What a trace tells: one record for each event, and the plain tuple as which it travels."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias, get_args

from beamlike.kernel.record import frozen

Kind: TypeAlias = Literal[
    "sent",
    "received",
    "waited in vain",
    "spawned",
    "linked",
    "unlinked",
    "linked by",
    "unlinked by",
    "registered",
    "unregistered",
    "exited",
    "called",
    "returned",
    "raised",
    "note",
    "ended",
]
KINDS: Final = frozenset(get_args(Kind))


@frozen
class Traced:
    """One event, all of it text, so that it means the same on any node.

    `at` is that node's clock, in seconds since the epoch. `process` is who did it, by name where it has one; `other`
    whom it was done to: who was sent to, the child, the partner of a link. `text` is the message, the reason, the
    arguments or the value, cut short. `number` joins a call and its return, and `seconds` is how long that took.
    A "note" says what the trace leaves out; "ended" is the last and says why.

    >>> print(Traced("sent", 1790000000.25, "shop", "till", "('pay', 7)"))
    14:13:20.250  shop -> till  ('pay', 7)
    >>> print(Traced("returned", 1790000000.25, "", "shop:total", "42", 3, 0.0021))
    14:13:20.250  shop:total = 42  (2.1 ms, call 3)
    """

    kind: Kind
    at: float
    process: str = ""
    other: str = ""
    text: str = ""
    number: int = 0
    seconds: float | None = None

    def __str__(self) -> str:
        return f"{clock_text(self.at)}  {self.words}"

    @property
    def words(self) -> str:
        """The event without its time."""
        match self.kind:
            case "sent":
                return f"{self.process} -> {self.other}  {self.text}"
            case "received":
                return f"{self.process} <-  {self.text}"
            case "called":
                return f"{self.other}({self.text})  (call {self.number}{_by(self.process)})"
            case "returned":
                return f"{self.other} = {self.text}  ({_took(self.seconds)}, call {self.number})"
            case "raised":
                return f"{self.other} raised {self.text}  ({_took(self.seconds)}, call {self.number})"
            case "note" | "ended":
                return f"{self.kind}: {self.text}"
            case _:
                return " ".join(filter(None, (self.process, self.kind, self.other, self.text)))

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what is empty is left out."""
        found = {name: getattr(self, name) for name in ("kind", "at", "process", "other", "text", "number", "seconds")}
        return {name: value for name, value in found.items() if value not in ("", None, 0) or name == "at"}

    @property
    def row(self) -> tuple[Any, ...]:
        """As it travels."""
        return (self.kind, self.at, self.process, self.other, self.text, self.number, self.seconds)


def from_row(row: tuple[Any, ...]) -> Traced:
    """ValueError for what is no event.

    >>> from_row(Traced("exited", 0.0, "shop", "", "normal").row).kind
    'exited'
    """
    if len(row) != 7 or row[0] not in KINDS:
        raise ValueError(f"expected an event of a trace, got {row!r}: both nodes should run the same beamlike")
    return Traced(*row)


def clock_text(at: float) -> str:
    """UTC, as logs of several machines have it."""
    whole = int(at)
    return f"{whole // 3600 % 24:02}:{whole // 60 % 60:02}:{whole % 60:02}.{int(at * 1000) % 1000:03}"


def _took(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    return (
        f"{seconds:.2f} s"
        if seconds >= 1
        else f"{seconds * 1000:.1f} ms"
        if seconds >= 1e-3
        else f"{seconds * 1e6:.0f} µs"
    )


def _by(process: str) -> str:
    return f", {process}" if process else ""
