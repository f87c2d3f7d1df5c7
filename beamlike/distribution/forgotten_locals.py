"""An error that is kept for what it says keeps all that its frames had: of those that are over, that is let go of."""

from __future__ import annotations

from traceback import clear_frames


def forget_locals(error: BaseException) -> None:
    """Of the error and of what led to it. Its traceback names the same lines as before."""
    errors: list[BaseException] = [error]
    for each in errors:
        clear_frames(each.__traceback__)
        led_to_it = (each.__cause__, each.__context__)
        errors += [it for it in led_to_it if it is not None and not any(it is known for known in errors)]
