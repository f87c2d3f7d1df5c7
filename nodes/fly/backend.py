"""Machines on Fly as nodes: one machine for each, made for it and destroyed at its end."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from nodes.backend import BackendError, CapacityError, ConflictError, Description, Machine
from nodes.fly import creating, flyctl_proxy, parent_mark, stopping, volumes
from nodes.fly.api import FlyApi
from nodes.fly.connections import Connections
from nodes.fly.options import COMMAND, DEFAULT_SIZE, NEAREST, Settings, settings
from nodes.fly.room import Room
from nodes.fly.token_bucket import OF_THIS_PROCESS, TokenBuckets
from nodes.fly.warm_tier import WarmTier
from nodes.fly.watching import Watch
from nodes.fly.wording import Json, where
from nodes.invitation import CHILD_PORT, Invitation
from nodes.phases import tell

PRIVATE_ADDRESS: Final = "FLY_PRIVATE_IP"
"""The variable that says, within a machine of Fly's, what its address is in the private network."""
LISTENS_ON: Final = "fly-local-6pn"
"""A machine's own name for that: what listens there is not seen from anywhere else."""


class Fly:
    """Boots nodes as machines of an app on Fly.

    `app`, `image` and `region` are those of the machine that this program runs in, if it does, and must be given
    elsewhere; `region` may be several, and so may `size`: they are tried in this order where there is no room. `memory`
    is in MB. The `token` is that of FLY_API_TOKEN, or of ~/.fly/config.yml.

    Nothing of this process's environment reaches a machine, but what `env` says. All secrets of the app are in its
    environment; `secret_files` maps paths to the names of those that are to be files. `volume` (its id or name) is
    mounted at `volume_path`. `drain` is for how many seconds a machine may finish its work when Fly ends it. `warm`
    machines are made beforehand, which start in a second (see `warm`).

    A machine dials this program, where that runs on Fly. Elsewhere (or with `dials_child`) this program dials the
    machine, through `flyctl proxy`.

    >>> Fly(app="my-app", image="registry.fly.io/my-app:v1", region="fra", token="secret")
    Fly('my-app', shared-cpu-1x with 256 MB in fra)
    """

    platform = "fly"
    """As specs name it."""

    def __init__(
        self,
        app: str | None = None,
        *,
        image: str | None = None,
        region: str | Sequence[str] | None = None,
        size: str | Sequence[str] = DEFAULT_SIZE,
        memory: int | None = None,
        token: str | None = None,
        base_url: str | None = None,
        env: Mapping[str, str] | None = None,
        secret_files: Mapping[str, str] | None = None,
        volume: str = "",
        volume_path: str = "/data",
        command: Sequence[str] = COMMAND,
        drain: float = 30.0,
        metadata: Mapping[str, str] | None = None,
        warm: int = 0,
        dials_child: bool | None = None,
        flyctl: str | Path | None = None,
        environ: Mapping[str, str] = os.environ,
        connections: Connections | None = None,
        buckets: TokenBuckets = OF_THIS_PROCESS,
    ) -> None:
        self._settings = settings(
            app=app,
            image=image,
            region=region,
            size=size,
            memory=memory,
            token=token,
            base_url=base_url,
            env=env,
            secret_files=secret_files,
            volume=volume,
            volume_path=volume_path,
            command=command,
            drain=drain,
            metadata=metadata,
            environ=environ,
        )
        if warm < 0:
            raise ValueError(f"Fly: expected warm= as a number of machines, got {warm}")
        if warm and volume:
            raise ValueError("Fly: expected warm= or volume=, got both: a volume is in use by one machine at a time")
        known = self._settings
        self._api = FlyApi(known.app, known.token, known.base_url, buckets=buckets, connections=connections)
        self._room = Room(known.placements)
        self._tier = WarmTier(self._api, known, warm)
        self._watches: dict[str, Watch] = {}
        self._addresses: dict[str, str] = {}
        self._flyctl = None if flyctl is None else str(flyctl)
        self._marks = parent_mark.parent_marks(environ)
        self._secrets_are_known = not known.secret_files
        self.advertise: str | None = environ.get(PRIVATE_ADDRESS) or None
        """The address at which machines reach this program: that of its own machine, if it runs in one."""
        self.dials_child = self.advertise is None if dials_child is None else dials_child

    def __repr__(self) -> str:
        first, *others = self._settings.placements
        more = f" or {len(others)} more" if others else ""
        return f"Fly({self._settings.app!r}, {first}{more})"

    def __reduce__(self) -> str:
        raise TypeError("expected a backend to stay in its process, which has the token of Fly; make another one there")

    @property
    def priced_as(self) -> list[dict[str, object]]:
        """What its machines are, for a table of prices: any of these."""
        return [
            {
                "backend": "fly",
                "cpu_kind": one.guest.cpu_kind,
                "cpus": one.guest.cpus,
                "memory_mb": one.guest.memory_mb,
                **({} if one.region == NEAREST else {"region": one.region}),
            }
            for one in self._settings.placements
        ]

    async def warm(self) -> None:
        """Returns once there are as many machines that wait to be taken as there are to be."""
        await self._tier.fill()

    async def boot(self, invitation: Invitation) -> Machine:
        invited = self._as_told(invitation)
        async with creating.nothing_left(self._api, invited) as remains:
            await self._check_secrets()
            made = await self._tier.take(invited, self._marks)
            if made is None:
                made = await self._created(invited, remains)
            remains.known.append(made["id"])
        machine = Machine(str(made["id"]), where(made))
        self._watches[machine.id] = Watch(self._api, machine.id, made)
        self._addresses[machine.id] = str(made.get("private_ip") or "")
        return machine

    async def stop(self, machine: Machine) -> None:
        watch = self._watches.get(machine.id)
        await stopping.destroy(self._api, machine.id)
        if watch is not None:
            watch.end()
        self._watches.pop(machine.id, None)
        self._addresses.pop(machine.id, None)

    async def describe(self, machine: Machine) -> Description:
        watch = self._watches.get(machine.id)
        if watch is None:
            watch = self._watches[machine.id] = Watch(self._api, machine.id)
        return await watch.ask()

    async def tunnel(self, machine: Machine) -> flyctl_proxy.FlyctlProxy:
        """A new way to the machine's port, by `flyctl proxy`; to be closed. BackendError if there is none (yet)."""
        address = self._addresses.get(machine.id) or str((await self._api.machine(machine.id)).get("private_ip"))
        known = self._settings
        return await flyctl_proxy.open_proxy(self._flyctl, known.app, address, CHILD_PORT, known.token)

    def _as_told(self, invitation: Invitation) -> Invitation:
        """To whom the child turns, as it sees that; or where it listens."""
        if self.dials_child:
            if self._flyctl is None:
                flyctl_proxy.find_flyctl()  # what is missing is said before there is a machine that costs
            return replace(invitation, listens_at=f"{LISTENS_ON}:{CHILD_PORT}")
        return invitation

    async def _created(self, invitation: Invitation, remains: creating.Remains) -> Json:
        if self._settings.volume:
            return await self._created_with_volume(invitation, remains)
        return await creating.create(self._api, self._settings, self._room, invitation, self._marks, remains)

    async def _created_with_volume(self, invitation: Invitation, remains: creating.Remains) -> Json:
        """With the first volume that is free, also if somebody else takes one meanwhile."""
        tell(f"a free volume {self._settings.volume} is looked for")
        refused: BackendError | None = None
        for placement, volume in volumes.candidates(self._settings, await self._api.volumes()):
            known: Settings = replace(self._settings, placements=(placement,), volume=volume)
            try:
                return await creating.create(self._api, known, Room([placement]), invitation, self._marks, remains)
            except (CapacityError, ConflictError) as error:
                refused = error
                tell(f"{volume} cannot be had ({error.args[0]}); the next is tried")
        assert refused is not None
        raise refused

    async def _check_secrets(self) -> None:
        """A file of a secret that does not exist would be missed only in the machine."""
        if self._secrets_are_known:
            return
        wanted = set(self._settings.secret_files.values())
        try:
            missing = sorted(wanted - set(await self._api.secrets()))
        except BackendError:  # a token may make machines and not list secrets; then Fly says by itself what is wrong
            missing = []
        if missing:
            app, named = self._settings.app, ", ".join(missing)
            text = f"expected the app {app!r} to have the secrets {named}, and it has not"
            raise BackendError(
                text, permanent=True, remedy=f"set them with `fly secrets set {missing[0]}=... -a {app}`"
            )
        self._secrets_are_known = True
