"""Makes a module of what its origin gave: compiled here, so that the two may run different versions of Python.

It has no file. What stands for one in tracebacks, `<pkg/sub.py of app@10.0.0.1 #5f2c9a81>`, is where it lies at its
origin, and shows its lines. Other files of its package are had by `importlib.resources` or `pkgutil.get_data`.
"""

from __future__ import annotations

from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from importlib.resources.abc import TraversableResources
from importlib.util import decode_source
from types import CodeType, ModuleType

from beamlike.code.modules.far_loader import FarLoader
from beamlike.code.modules.messages import Answer, Kind, ModuleFile
from beamlike.code.modules.resources import PackageResources, contents_of


class ModuleLoader(FarLoader, InspectLoader):
    def spec(self) -> ModuleSpec:
        path = self.held.search_path
        spec = ModuleSpec(self.held.file.name, self, origin=self.held.filename, is_package=path is not None)
        if path is not None:
            spec.submodule_search_locations = [path]
        spec.has_location = self.held.file.kind is not Kind.NAMESPACE
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        self.origins.loading(self.held)
        return None

    def get_code(self, fullname: str) -> CodeType:
        """SyntaxError shows the line, as that of a file would."""
        file = self._file(fullname)
        code = compile(file.source, self.held.filename, "exec", dont_inherit=True)
        if file.kind is not Kind.NAMESPACE:
            self.held.show_in_tracebacks()
        return code

    def get_source(self, fullname: str) -> str:
        return decode_source(self._file(fullname).source)

    def get_filename(self, fullname: str) -> str:
        self._file(fullname)
        return self.held.filename

    def is_package(self, fullname: str) -> bool:
        return self._file(fullname).kind is not Kind.MODULE

    def get_resource_reader(self, fullname: str) -> TraversableResources | None:
        return PackageResources(self._look_at, fullname) if self.is_package(fullname) else None

    def get_data(self, path: str) -> bytes:
        """For `pkgutil.get_data`, which joins the folder of `__file__` and the name of a resource."""
        folder = "<" + self.held.file.label.rpartition("/")[0]
        parent, found, below = path.partition(folder + "/")
        if parent or not found:
            raise FileNotFoundError(f"expected a file in {folder!r} of {self.held.route.origin}, got {path!r}")
        return contents_of(self._look_at(tuple(below.split("/")), True), below)

    def _look_at(self, path: tuple[str, ...], read: bool) -> Answer:
        return self.origins.look_at(self.held, path, read=read)

    def _file(self, fullname: str) -> ModuleFile:
        if fullname != self.held.file.name:
            raise ImportError(f"expected the name {self.held.file.name!r}, got {fullname!r}", name=fullname)
        return self.held.file
