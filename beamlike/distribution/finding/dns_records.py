"""Questions to the DNS for which the system's resolver has no function, asked with dnspython."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from beamlike.distribution.finding.strategy import CannotFind

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver as DNSResolver

Resolver: TypeAlias = "DNSResolver"


async def records(name: str, kind: str, resolver: Resolver | None) -> list[Any]:
    """The records of a kind that `name` has, as dnspython's values. CannotFind, if there are none or nobody answers.

    The name is completed from the search list of the host, as it is for other programs.
    """
    try:
        from dns.asyncresolver import Resolver as SystemResolver
        from dns.exception import DNSException
    except ModuleNotFoundError as error:
        raise CannotFind(f"{kind} records need dnspython: pip install 'beamlike[dns]'") from error
    try:
        return list(await (resolver or SystemResolver()).resolve(name, kind, search=True))
    except DNSException as error:
        raise CannotFind(f"expected {kind} records of {name}, got: {error}") from error
