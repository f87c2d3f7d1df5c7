"""Wheels made on the spot: what a package index offers, without anything that has to be built."""

from __future__ import annotations

import io
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256


@dataclass(frozen=True)
class Wheel:
    """A wheel of pure Python. Without `modules` it has one that is named as the package and has its `VERSION`."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    tag: str = "py3-none-any"
    requires_python: str | None = None

    @property
    def filename(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}-{self.tag}.whl"

    def content(self) -> bytes:
        info = f"{self.name.replace('-', '_')}-{self.version}.dist-info"
        files = {name: text.encode() for name, text in (self.modules or self._one_module()).items()}
        files[f"{info}/METADATA"] = self._metadata().encode()
        files[f"{info}/WHEEL"] = (
            f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {self.tag}\n".encode()
        )
        record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items())
        files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
        return _zipped(files)

    def _one_module(self) -> dict[str, str]:
        return {f"{self.name.replace('-', '_')}.py": f"VERSION = {self.version!r}\n"}

    def _metadata(self) -> str:
        lines = ["Metadata-Version: 2.1", f"Name: {self.name}", f"Version: {self.version}"]
        lines += [f"Requires-Dist: {requirement}" for requirement in self.requires]
        lines += [f"Requires-Python: {self.requires_python}"] if self.requires_python else []
        return "\n".join(lines) + "\n"


def _digest(data: bytes) -> str:
    return urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, data in files.items():
            zipped.writestr(zipfile.ZipInfo(name), data)  # without the time, so that a wheel is always the same bytes
    return archive.getvalue()
