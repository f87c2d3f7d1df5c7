"""A package index on loopback (PEP 503), which counts what is asked of it; and an environment in which installers know
no other: neither this machine's settings nor its caches."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

import pytest

from tests.support.wheels import Wheel


class PackageIndex:
    """`with PackageIndex(wheel, ...) as index:` offers these wheels at `index.url`, and more with `offer`."""

    def __init__(self, *wheels: Wheel) -> None:
        self.requests: Counter[str] = Counter()
        """How often each was asked, as "GET /simple/rich/"."""
        self.gate = threading.Event()
        """Files are handed out while it is set."""
        self.gate.set()
        self.asked_for_file = threading.Event()
        self._files: dict[str, dict[str, tuple[bytes, str]]] = {}
        for wheel in wheels:
            self.offer(wheel)

    def offer(self, wheel: Wheel, *, claimed: str | None = None) -> None:
        """`claimed` is a SHA-256 that is not that of the file."""
        content = wheel.content()
        files = self._files.setdefault(re.sub(r"[-_.]+", "-", wheel.name).lower(), {})
        files[wheel.filename] = content, claimed or sha256(content).hexdigest()

    def downloads(self, name: str) -> int:
        """How often a file of that package was fetched."""
        return sum(count for asked, count in self.requests.items() if asked.startswith(f"GET /files/{name}/"))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/simple/"

    def __enter__(self) -> PackageIndex:
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.requests[f"{self.command} {self.path}"] += 1
                index._answer(self)

            do_HEAD = do_GET  # uv asks first how large a file is

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="package index")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        match request.path.strip("/").split("/"):
            case ["simple", name] if name in self._files:
                _send(request, self._page(name), "text/html")
            case ["files", name, filename] if filename in self._files.get(name, {}):
                self.asked_for_file.set()
                self.gate.wait(60)
                _send(request, self._files[name][filename][0], "application/octet-stream")
            case _:
                request.send_error(404)

    def _page(self, name: str) -> bytes:
        links = [
            f'<a href="/files/{name}/{filename}#sha256={digest}">{filename}</a>'
            for filename, (_, digest) in self._files[name].items()
        ]
        return f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()


def _send(request: BaseHTTPRequestHandler, body: bytes, kind: str) -> None:
    try:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command == "GET":
            request.wfile.write(body)
    except (BrokenPipeError, ConnectionResetError):  # the installer was ended meanwhile
        pass


def installer_environment(installer: str, index: str, home: Path) -> dict[str, str]:
    """This environment, but that `installer`, "pip" or "uv", is the one to be found, and knows that index alone; all
    caches lie under `home`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    return {
        **kept,
        "PATH": _path(installer == "uv"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index,
        "PIP_CACHE_DIR": str(home / "pip"),
        "PIP_RETRIES": "0",
        "UV_NO_CONFIG": "1",
        "UV_DEFAULT_INDEX": index,
        "UV_CACHE_DIR": str(home / "uv"),
        "UV_HTTP_RETRIES": "0",
        "XDG_CACHE_HOME": str(home),
        "NO_PROXY": "127.0.0.1",
    }


def live_in(environment: Mapping[str, str], patch: pytest.MonkeyPatch) -> None:
    """Makes it the environment of this process, and of those that it starts."""
    for name in set(os.environ) - set(environment):
        patch.delenv(name)
    for name, value in environment.items():
        patch.setenv(name, value)


def needs(installer: str) -> None:
    """Skips the test where there is no uv: `make setup` installs it, but it does not exist for every platform."""
    if installer == "uv" and find_uv() is None:
        pytest.skip("there is no uv, neither on the PATH nor beside this Python")


def find_uv() -> str | None:
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def _path(with_uv: bool) -> str:
    uv = find_uv()
    beside = [str(Path(uv).parent)] if uv is not None else []
    directories = [*beside, *os.environ["PATH"].split(os.pathsep)]
    return os.pathsep.join(each for each in directories if with_uv or shutil.which("uv", path=each) is None)
