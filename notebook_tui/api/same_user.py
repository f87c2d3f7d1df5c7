"""What programs of the server's own user may do that show no token."""

from __future__ import annotations

from typing import Final

from notebook_tui.session.people import Role

SAME_USER: Final[Role] = "run"
"""Such a program could do as much by itself, with the user's own files and interpreter, so less would protect nobody.
What speaks for the user in person (to trust code that others wrote, to choose machines that cost money, to end what
others work in) takes more. An owner who wants another says `--api-role`."""
