"""A viewer's questions about packages, asked of the runtime; without one, told from the text alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import beamlike as bl
from notebook_tui.runtime.packages import CHECK_SECONDS, CheckPackage, ListPackages, PackageCheck, Packages

SECONDS = 15.0


class PackageQuestions:
    """`server_of` tells the pid of the runtime's server, or None while there is none; so does `installer`, to whoever
    may have it look for a package."""

    def __init__(
        self, server_of: Callable[[], Awaitable[bl.Pid | None]], installer: Callable[[], Awaitable[bl.Pid | None]]
    ) -> None:
        self._server_of = server_of
        self._installer = installer

    async def packages(self, dependencies: tuple[str, ...]) -> Packages | None:
        """How these requirements stand on the runtime; None while there is none."""
        server = await self._server_of()
        if server is None:
            return None
        found: Packages = await bl.GenServer.call(server, ListPackages(dependencies), timeout=SECONDS)
        return found

    async def check_package(self, requirement: str) -> PackageCheck:
        """What the runtime's installer would install for it, or why nothing fits."""
        server = await self._installer()
        if server is None:
            return PackageCheck(trouble="there is no runtime whose installer could be asked: 00 starts one")
        seconds = CHECK_SECONDS + 5
        found: PackageCheck = await bl.GenServer.call(server, CheckPackage(requirement), timeout=seconds)
        return found
