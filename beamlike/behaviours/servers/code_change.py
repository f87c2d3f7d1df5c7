"""How a server becomes one of another class, between two messages: the object stays, and with it all that it is.

Its pid, its name, links, monitors and mailbox belong to the process, its state to the attributes; only what its
callbacks are is the class's.
"""

from __future__ import annotations

from types import CoroutineType, FunctionType
from typing import Any

from beamlike.behaviours.servers.callbacks import Callbacks


def change_class(server: Callbacks, new: object, extra: Any) -> None:
    """Makes `server` one of class `new`, which converts its attributes. Raises what `code_change` raises, or TypeError
    if that cannot be; then it is of its old class and has its old attributes."""
    new = _checked(server, new)
    old, attributes = type(server), dict(vars(server))
    try:
        server.__class__ = new
        outcome: object = server.code_change(old, extra)
        if isinstance(outcome, CoroutineType):
            outcome.close()
            raise TypeError(f"expected code_change of {new.__name__} to be a plain function, got an async one")
    except BaseException:
        server.__class__ = old
        vars(server).clear()
        vars(server).update(attributes)
        raise


def _checked(server: Callbacks, new: object) -> type[Callbacks]:
    """A supervisor that became another kind of server would leave its children to nobody; and the other way round, one
    would have to supervise children of which it knows nothing."""
    old, got = type(server), repr(new)
    if isinstance(new, type) and issubclass(new, Callbacks):
        if new._kind_of_server == old._kind_of_server:
            return new
        got = f"{new!r}, a class of {new._kind_of_server}"
    raise TypeError(f"expected a class of {old._kind_of_server} to change the code of a {old.__name__} to, got {got}")


def defined_in(kind: type) -> str | None:
    """The file of a class's functions, which of a cell tells the version, too; None if it has none.

    >>> defined_in(Callbacks) == __file__.replace("code_change", "callbacks")
    True
    """
    functions = (value for value in vars(kind).values() if isinstance(value, FunctionType))
    return next((function.__code__.co_filename for function in functions), None)
