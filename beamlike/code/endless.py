"""What a RecursionError does not say: which code called itself without end while a term was read."""

from __future__ import annotations

from traceback import walk_tb


class EndlessRecursion(RecursionError):
    """One whose code is named."""


def named(error: RecursionError) -> RecursionError:
    """One that names it.

    >>> class Proxy:
    ...     def __getattr__(self, name): return getattr(self.target, name)
    >>> try:
    ...     Proxy.__new__(Proxy).size
    ... except RecursionError as error:
    ...     str(named(error)).partition(",")[0]
    '`Proxy.__getattr__` calls itself without end when a copy is made of what was sent'
    """
    if isinstance(error, EndlessRecursion):  # in what the term refers to
        return error
    *_, (frame, line) = walk_tb(error.__traceback__)
    code = frame.f_code
    remedy = ": until a copy has its attributes, it must raise AttributeError" if code.co_name == "__getattr__" else ""
    return EndlessRecursion(
        f"`{code.co_qualname}` calls itself without end when a copy is made of what was sent, "
        f"at {code.co_filename}, line {line}{remedy}"
    )
