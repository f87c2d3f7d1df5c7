"""What a service manager is told of a server, in the way of systemd's sd_notify(3): a datagram to a socket that it
names in the environment."""

from __future__ import annotations

import logging
import os
import socket
from typing import Final

logger = logging.getLogger("notebook_tui.serve")
VARIABLE: Final = "NOTIFY_SOCKET"


def tell_service_manager(news: str) -> None:
    """Nothing where no service manager started this program.

    >>> tell_service_manager("READY=1")
    """
    address = os.environ.get(VARIABLE, "")
    if not address:
        return
    # "@" stands for the zero byte of a name that is in no file system.
    where = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | getattr(socket, "SOCK_CLOEXEC", 0)) as sender:
            sender.connect(where)
            sender.sendall(news.encode())
    except OSError as error:
        logger.warning("the service manager is not told %s: %s", news, error)


def is_in_journal() -> bool:
    """Whether what is written to standard error goes to systemd's journal, which has the time of each line itself.

    >>> is_in_journal()
    False
    """
    told = os.environ.get("JOURNAL_STREAM", "")
    try:
        seen = os.fstat(2)
    except OSError:
        return False
    return told == f"{seen.st_dev}:{seen.st_ino}"
