"""Who is let in, and how many: pure, times come in.

Who fails too often from one address waits before the next try, longer each time, and is turned away at the door
meanwhile: a key is not guessed, but each try costs this program a handshake. Who is not logged in holds a place that
others want: when there is none left, one goes from where the most are.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Address, ip_network
from operator import itemgetter
from typing import Final

from beamlike.kernel.record import frozen

_FORGIVEN: Final = 600.0
"""Seconds after its last failure, at the latest, an address is as good as any."""
_LONGEST: Final = 300.0
_REMEMBERED: Final = 4_096
"""Addresses; more come only from somebody who has a whole network of them, and the oldest are forgotten first."""


@frozen
class Limits:
    connections: int = 100
    """At the same time, those that are not logged in yet included."""
    strangers: int = 20
    """Connections at the same time that are not logged in yet."""
    per_address: int = 10
    """Of those, from one address."""
    per_key: int = 20
    failures: int = 5
    """So many connections from one address may end without a login, before the next must wait."""
    delay: float = 2.0
    """Seconds of the first wait; each further failure doubles it."""
    login_seconds: float = 20.0
    idle_seconds: float = 12 * 3600.0
    """Without a key or a click, a terminal is sent away; 0: never."""


DEFAULTS: Final = Limits()


@frozen
class _Failures:
    count: int = 0
    until: float = 0.0
    last: float = 0.0


class Gate:
    """All decisions of one server.

    >>> gate = Gate(Limits(failures=1, delay=2.0))
    >>> gate.failed("10.0.0.9", 0.0)
    >>> gate.failed("10.0.0.9", 1.0)
    >>> gate.refusal("10.0.0.9", 1.5)
    'too many failed logins from there: try again in 2 s'
    >>> gate.refusal("10.0.0.9", 3.1), gate.refusal("10.0.0.8", 1.5)
    ('', '')
    """

    def __init__(self, limits: Limits = DEFAULTS) -> None:
        self.limits = limits
        self._strangers: Counter[str] = Counter()
        self._guests: Counter[str] = Counter()
        self._failures: dict[str, _Failures] = {}

    @property
    def connections(self) -> int:
        return self._strangers.total() + self._guests.total()

    def refusal(self, address: str, now: float) -> str:
        """Why somebody who comes from there now is turned away at the door; empty if they are not."""
        place = network_of(address)
        if (failures := self._failures.get(place)) is not None and now < failures.until:
            return f"too many failed logins from there: try again in {max(1, round(failures.until - now))} s"
        if self._strangers[place] >= self.limits.per_address:
            return f"{self.limits.per_address} connections from there are just logging in, the most at a time"
        if self.makes_room(address):
            return ""
        if self.connections >= self.limits.connections:
            return f"there are {self.limits.connections} connections already, the most that this server takes"
        if self._strangers.total() >= self.limits.strangers:
            return f"{self.limits.strangers} connections are just logging in, the most at a time: try again"
        return ""

    def makes_room(self, address: str) -> str:
        """From where somebody who is just logging in has to go, if one comes from this address now: there is no room
        left, and from there are the most, and more than from here. Empty if nobody has to, or can be made to."""
        full = self.connections >= self.limits.connections or self._strangers.total() >= self.limits.strangers
        if not full or not self._strangers:
            return ""
        place, most = max(self._strangers.items(), key=itemgetter(1))  # of as many, the one from where the first came
        return place if most > self._strangers[network_of(address)] else ""

    def came(self, address: str) -> None:
        """A connection that was let in at the door."""
        self._strangers[network_of(address)] += 1

    def key_refusal(self, fingerprint: str) -> str:
        """Why the owner of that key is not let in now."""
        if self._guests[fingerprint] >= self.limits.per_key:
            return f"{self.limits.per_key} connections use this key already, the most for one"
        return ""

    def logged_in(self, address: str, fingerprint: str) -> None:
        self._take(self._strangers, network_of(address))
        self._guests[fingerprint] += 1
        self._failures.pop(network_of(address), None)

    def left(self, fingerprint: str) -> None:
        """One that was logged in."""
        self._take(self._guests, fingerprint)

    def made_room(self, address: str) -> None:
        """One from there was sent away before it was logged in, for somebody else: that is no failure of theirs."""
        self._take(self._strangers, network_of(address))

    def failed(self, address: str, now: float) -> None:
        """One from there has ended and was never logged in."""
        place = network_of(address)
        self._take(self._strangers, place)
        before = self._failures.pop(place, _Failures())
        if now - before.last > _FORGIVEN:
            before = _Failures()
        count = before.count + 1
        over = count - self.limits.failures
        wait = min(self.limits.delay * 2.0 ** (over - 1), _LONGEST) if over > 0 else 0.0
        self._failures[place] = _Failures(count, now + wait, now)  # at the end: the order is that of the last failures
        while len(self._failures) > _REMEMBERED:
            del self._failures[next(iter(self._failures))]

    def _take(self, counts: Counter[str], key: str) -> None:
        if counts[key] <= 1:
            del counts[key]
        else:
            counts[key] -= 1


def network_of(address: str) -> str:
    """Of an address of IPv6 its network of /64, for one machine has them all; of IPv4 itself.

    >>> network_of("::ffff:10.0.0.9"), network_of("2001:db8::1:2:3:4"), network_of("somewhere")
    ('10.0.0.9', '2001:db8::/64', 'somewhere')
    """
    if ":" not in address:
        return address
    try:
        six = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(six.ipv4_mapped or ip_network((six, 64), strict=False))
