"""`beamlike api`: which programs may work in the notebooks of a server, and where they find it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from notebook_tui.cli.main import UserError
from notebook_tui.session.people import ROLES


def configure(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="what to do", metavar="WHAT", required=True)
    token = commands.add_parser("token", help="make a token for a client, and write it to standard output")
    token.add_argument("name", metavar="NAME", help="what the client is called, in logs and to people")
    token.add_argument("--role", choices=ROLES, required=True, help="what it may do, each with all before it")
    token.add_argument(
        "--notebook",
        metavar="GLOB",
        action="append",
        default=[],
        help="only notebooks whose path in the server's directory fits; may be given several times",
    )
    token.add_argument("--out", metavar="FILE", help="write it to this file, for its user alone, in place of that")
    token.set_defaults(call=_token)
    commands.add_parser("list", help="list the clients that have a token").set_defaults(call=_list)
    revoke = commands.add_parser("revoke", help="take the token of a client away, in its open connections, too")
    revoke.add_argument("name", metavar="NAME")
    revoke.set_defaults(call=_revoke)
    socket = commands.add_parser("socket", help="tell where the server of a directory listens")
    socket.add_argument("directory", metavar="DIR")
    socket.set_defaults(call=_socket)
    parser.epilog = (
        "A token with less than the role run, or for some notebooks, limits its client only if the server was started\n"
        "with --api-role none: else the client can leave it out (docs/api.md).\n\n"
        "example: beamlike api token reports --role run --notebook 'reports/*' --out ~/.reports-token"
    )


def _token(options: argparse.Namespace) -> int:
    from notebook_tui.api.rights import make_token, revoke

    if options.out is not None and os.path.lexists(options.out):
        raise UserError(f"--out {options.out}: there is such a file already")
    try:
        token = make_token(options.name, options.role, tuple(options.notebook) or ("*",))
    except ValueError as error:
        raise UserError(str(error)) from error
    if options.out is None:
        print(token)
        return 0
    try:
        descriptor = os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        revoke(options.name)  # nobody has it
        raise UserError(f"--out {options.out}: {(error.strerror or str(error)).lower()}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{token}\n")
    return 0


def _list(_: argparse.Namespace) -> int:
    from notebook_tui.api.rights import known_clients

    clients = known_clients()
    for each in clients:
        print(f"{each.name}  {each.role}  {' '.join(each.notebooks)}")
    if not clients:
        print("no client has a token; beamlike api token NAME makes one", file=sys.stderr)
    return 0


def _revoke(options: argparse.Namespace) -> int:
    from notebook_tui.api.rights import revoke

    try:
        revoke(options.name)
    except ValueError as error:
        raise UserError(str(error)) from error
    return 0


def _socket(options: argparse.Namespace) -> int:
    from notebook_tui.api.server import NoSocket, socket_path

    directory = Path(os.path.realpath(options.directory))
    try:
        path = socket_path(directory)
    except NoSocket as error:
        raise UserError(str(error)) from error
    if not path.exists():
        raise UserError(f"no server of {directory} listens: beamlike serve {options.directory} starts one")
    print(path)
    return 0
