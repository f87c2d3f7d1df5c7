"""The server's own key, by which clients know it again: made once, readable for its user alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import asyncssh

from notebook_tui.session.private_file import write_private

FILE: Final = "ssh_host_ed25519_key"


class BadHostKey(Exception):
    """The message says what is wrong with the file and what to do."""


def host_key(directory: Path) -> asyncssh.SSHKey:
    """The key in that directory, made if there is none."""
    path = directory / FILE
    if not path.exists():
        key = asyncssh.generate_private_key("ssh-ed25519", comment="beamlike")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, key.export_private_key())
    if path.stat().st_mode & 0o077:
        raise BadHostKey(f"{path} can be read by others: chmod 600 it, or delete it to have a new one made")
    try:
        return asyncssh.read_private_key(os.fspath(path))
    except (asyncssh.Error, ValueError) as error:
        raise BadHostKey(f"{path} is no key without a passphrase ({error}): delete it to have one made") from error
