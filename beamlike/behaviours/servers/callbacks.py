"""What a server is to do when: the callbacks, as they are unless a class overrides them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from beamlike.kernel import functions as kernel
from beamlike.kernel.call_errors import shortened
from beamlike.kernel.callers import calls_users
from beamlike.kernel.question import Client
from beamlike.kernel.terms import Reason

if TYPE_CHECKING:
    from beamlike.behaviours.servers.proxy import Interface

logger = logging.getLogger("beamlike.gen_server")


class Callbacks:
    """Each may be plain or async, but for those that `bl.sys` calls: system_get_state and what follows it."""

    _interface: ClassVar[Interface]
    _kind_of_server: ClassVar[str] = "servers"
    """What its instances are: a running one may become one of another class of the same kind only."""

    def init(self, *args: Any) -> Any:
        """Prepares the state; `start` returns when it is done and raises what it raises. It returns None, Continue,
        TimeoutAfter or IGNORE."""
        if args:
            raise TypeError(f"{type(self).__name__} takes no arguments, got {args!r}: override init(self, ...)")

    def handle_call(self, request: Any, client: Client) -> Any:
        raise NotImplementedError(f"{type(self).__name__} got the call {request!r} and has no handle_call")

    def handle_cast(self, request: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} got the cast {request!r} and has no handle_cast")

    def handle_info(self, message: Any) -> Any:
        """Any other message; logged, and dropped, unless overridden."""
        logger.error(
            "%s %s got the message %s and has no handle_info", type(self).__name__, kernel.self(), shortened(message)
        )

    def handle_continue(self, value: Any) -> Any:
        """What a Continue left to do. Its value may be another Continue, or a TimeoutAfter."""
        raise NotImplementedError(f"{type(self).__name__} is to continue with {value!r} and has no handle_continue")

    def terminate(self, reason: Reason) -> Any:
        """Cleans up."""

    def system_get_state(self) -> Any:
        """What `bl.sys.get_state` and crash reports show. Override it where the attributes are not the state, or
        where they hold what others must not see."""
        return dict(vars(self))

    @calls_users
    def system_replace_state(self, function: Callable[[Any], Any]) -> Any:
        """Replaces what system_get_state shows by function(that), and returns it."""
        state = function(self.system_get_state())
        if not isinstance(state, dict):
            raise TypeError(f"expected the function to return a dict of attributes, got {state!r}")
        vars(self).clear()
        vars(self).update(state)
        return self.system_get_state()

    def code_change(self, old: type[Any], extra: Any) -> Any:
        """The server has become one of this class, by `bl.sys.change_code`, and was one of class `old`: converts the
        attributes. If it raises, the server has its old class and its old attributes again; what was changed inside
        of one of these stays changed, so better assign new values."""
