"""Makes one pod with its Secret, step by step, in a thread; or leaves nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from nodes import invitation as invitations
from nodes.backend import AuthError, BackendError, ConflictError
from nodes.invitation import Invitation
from nodes.kubernetes import manifest, owner, rights
from nodes.kubernetes.api import Api
from nodes.kubernetes.lease import now, rfc3339
from nodes.kubernetes.manifest import NoImage, Order
from nodes.kubernetes.names import Identity, ours
from nodes.kubernetes.options import Options
from nodes.kubernetes.pods import Pod
from nodes.kubernetes.preflight import check_rights
from nodes.kubernetes.refusals import ALREADY_EXISTS, ApiRefused, ApiUnreachable, as_backend_error
from nodes.kubernetes.rights import Right
from nodes.kubernetes.session import PODS, SECRETS, Session, delete, session_of
from nodes.kubernetes.template import main_container

logger = logging.getLogger("nodes.kubernetes")

Json = dict[str, Any]

NAMES_TRIED: Final = 4
UNDO_SECONDS: Final = 5.0
UNDO_PAUSES: Final = (2.0, 10.0, 30.0, 60.0, 120.0)


class Cancelled(Exception):
    """Nobody wants the pod any more."""


class Making:
    """One pod for one invitation. `say` tells what is being done."""

    def __init__(
        self, api: Api, options: Options, template: Json, invitation: Invitation, say: Callable[[str], None]
    ) -> None:
        self._api, self._options, self._template = api, options, template
        self._invitation = invitation
        self._say = say
        self._is_cancelled = threading.Event()
        self._rights: tuple[str, tuple[Right, ...]] | None = None
        """What was asked for before the first step, in which namespace."""

    def cancel(self) -> None:
        self._is_cancelled.set()

    def run(self) -> tuple[Session, Pod]:
        """The pod, and the session that it is of. BackendError says why there is none; nothing is left then."""
        where = f"make a pod in the namespace {self._options.namespace or 'of its context'}"
        try:
            return self._run()
        except (ApiRefused, ApiUnreachable) as error:
            told = as_backend_error(error, where)
            if isinstance(told, AuthError) and isinstance(error, ApiRefused) and error.status == 403:
                self._name_what_is_missing()
            raise told from error
        except NoImage as error:
            raise BackendError(str(error), permanent=True) from error

    def _run(self) -> tuple[Session, Pod]:
        configured = self._api.configured
        namespace = self._options.namespace or configured.namespace
        owned = configured.inside and namespace == configured.namespace
        self._say(f"asks {self._api.server} what it may do in {namespace}")
        try:
            parent = owner.parent_pod(self._api, self._options.container)
        except ApiRefused as refusal:
            if refusal.status != 403:
                raise
            parent = None  # this right is among those that are asked for now
        else:
            owned = owned and parent is not None
        leased = self._options.owner_reference and not owned
        self._rights = namespace, rights.needed(forwards=bool(self._invitation.listens_at), leases=leased)
        check_rights(self._api, *self._rights)
        self._go_on()
        it = self._invitation
        session = session_of(self._api, namespace, it.parent, it.session or it.parent)
        lease = session.enter(leased=leased, lease_seconds=it.lease_seconds)
        try:
            order = self._order(namespace, parent, lease)
            return session, self._made(session, order)
        except BaseException:
            session.leave()
            raise

    def _name_what_is_missing(self) -> None:
        """What was allowed when it was asked may not be any more: then AuthError names all that is missing now."""
        if self._rights is not None:
            with suppress(ApiRefused, ApiUnreachable):  # what was refused is told then
                check_rights(self._api, *self._rights, anew=True)

    def _order(self, namespace: str, parent: owner.ParentPod | None, lease: manifest.Owner | None) -> Order:
        it = self._invitation
        identity = Identity(it.session or it.parent, it.parent, it.child, it.pool, it.runner)
        expires = None
        if it.max_lifetime is not None:
            expires = rfc3339(now() + timedelta(seconds=it.max_lifetime))
        _, _, port = it.listens_at.rpartition(":")
        return Order(
            name=identity.pod_name(),
            namespace=namespace,
            identity=identity,
            options=self._options,
            template=self._template,
            secret=identity.pod_name(),
            owner=(lease or (parent.owner if parent is not None else None)) if self._options.owner_reference else None,
            image=None if parent is None else parent.image,
            # A Secret is of one namespace.
            pull_secrets=parent.pull_secrets if parent and namespace == self._api.configured.namespace else (),
            foreign_labels={} if parent is None else parent.labels,
            listens=int(port) if port else None,
            lifetime=it.max_lifetime,
            boot_seconds=it.dial_seconds,
            expires=expires,
        )

    def _made(self, session: Session, order: Order) -> Pod:
        """By the first name that nobody else has."""
        for attempt in range(NAMES_TRIED):
            name = order.identity.pod_name(attempt)
            named = replace(order, name=name, secret=name)
            body = manifest.pod(named)
            try:
                return self._made_as(session, named, body)
            except _Taken as taken:
                self._say(f"the name {name} is somebody else's ({taken}): another one is tried")
        raise ConflictError(f"expected a name for a pod that nobody has, tried {NAMES_TRIED}, the last of them {name}")

    def _made_as(self, session: Session, order: Order, body: Json) -> Pod:
        namespace = order.namespace
        may_be_there: list[str] = []
        try:
            self._say(f"makes the Secret {order.secret} in {namespace}")
            secret = manifest.secret(order.secret, order, invitations.encode(self._invitation))
            may_be_there.append(f"{SECRETS.format(namespace)}/{order.secret}")
            self._create(SECRETS.format(namespace), secret, order.identity, may_be_there)
            self._go_on()
            self._say(f"makes the pod {order.name} in {namespace}")
            may_be_there.append(f"{PODS.format(namespace)}/{order.name}")
            made = self._create(PODS.format(namespace), body, order.identity, may_be_there)
            main = main_container(self._template, self._options.container)
            pod = Pod(namespace, order.name, str(made["metadata"]["uid"]), main, secret=order.secret)
            self._go_on()
        except BaseException as error:
            self._undo(may_be_there, error)
            raise
        session.made(pod, made)
        return pod

    def _create(self, path: str, body: Json, identity: Identity, may_be_there: list[str]) -> Json:
        """What was made, or what was made already by the same question, whose answer was lost."""
        name = body["metadata"]["name"]
        try:
            return self._api.ask("POST", path, body=body, cancelled=self._is_cancelled.is_set)
        except ApiRefused as refusal:
            if refusal.reason != ALREADY_EXISTS:
                raise
        try:
            there = self._api.ask("GET", f"{path}/{name}")
        except ApiRefused as refusal:
            if refusal.status in (403, 404):  # a Secret may be made and not read; one that is gone was not ours
                return self._adopted_unseen(path, name, refusal, may_be_there)
            raise
        metadata = there["metadata"]
        if not ours(metadata.get("labels") or {}, identity):
            may_be_there.pop()
            raise _Taken("its labels are not ours")
        if "deletionTimestamp" in metadata:
            may_be_there.pop()
            raise _Taken("it is being deleted")
        return there

    def _adopted_unseen(self, path: str, name: str, refusal: ApiRefused, may_be_there: list[str]) -> Json:
        if refusal.status == 403 and "/secrets" in path:
            # The rights we ask for do not include reading Secrets. Nobody else makes this name, which is a hash of the
            # session; what is wrong with it would show as a child that cannot join.
            return {"metadata": {"name": name}}
        may_be_there.pop()
        raise _Taken("it was deleted just now") from refusal

    def _undo(self, paths: list[str], error: BaseException) -> None:
        left = [path for path in reversed(paths) if not self._deleted(path, error, UNDO_SECONDS)]
        if left:
            threading.Thread(target=_delete_later, args=(self._api, left), name="undo", daemon=True).start()

    def _deleted(self, path: str, error: BaseException, within: float) -> bool:
        try:
            delete(self._api, path, body=delete_options(1), within=within)
        except (ApiRefused, ApiUnreachable) as trouble:
            error.add_note(f"{path} could not be deleted, which is tried again: {trouble}")
            return False
        return True

    def _go_on(self) -> None:
        if self._is_cancelled.is_set():
            raise Cancelled


class _Taken(Exception):
    """The name is another object's."""


def _delete_later(api: Api, paths: list[str]) -> None:
    """What is left when the cluster does not answer would cost on, though its owner would collect it in the end."""
    for pause in UNDO_PAUSES:
        time.sleep(pause)
        for path in list(paths):
            try:
                delete(api, path, body=delete_options(1))
            except (ApiRefused, ApiUnreachable) as error:
                logger.warning("%s could not be deleted: %s", path, error)
            else:
                paths.remove(path)
        if not paths:
            return


def delete_options(grace: int | None, uid: str | None = None) -> Json:
    """
    >>> delete_options(5, "u")["preconditions"]
    {'uid': 'u'}
    """
    options: Json = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    if grace is not None:
        options["gracePeriodSeconds"] = grace
    if uid is not None:
        options["preconditions"] = {"uid": uid}
    return options
