"""Which packages this interpreter has imported in another version than the one that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import PurePath
from types import ModuleType

from beamlike.code.requirements.here import described, is_whole
from beamlike.code.requirements.lock import Pin
from beamlike.kernel.record import frozen


@frozen
class Clash:
    """`module` came from `imported`, another version of the pin's distribution, or that one of another place."""

    pin: Pin
    imported: str
    module: str


def clashes(pins: Iterable[Pin], modules: Mapping[str, ModuleType]) -> list[Clash]:
    """Of these pins, those that come too late; `modules` is `sys.modules`, or as that."""
    places = dict(_places(modules))
    found: list[Clash] = []
    for pin in pins:
        for other in filter(is_whole, metadata.distributions(name=pin.name)):
            module = None if pin.is_met_by(described(pin.name, other)) else _imported_from(other, places)
            if module is not None:
                found.append(Clash(pin, other.version, module))
                break
    return found


def _places(modules: Mapping[str, ModuleType]) -> Iterator[tuple[str, str]]:
    """From the file of a module to its name."""
    for name, module in dict(modules).items():
        file = attributes_of(module).get("__file__")
        if isinstance(file, str):
            yield file, name


def attributes_of(module: object) -> dict[str, object]:
    """A module's, without asking it: some import themselves when they are asked for something. What stands among the
    modules and is none, as the libraries of cffi, has no attributes of that kind."""
    try:
        attributes: dict[str, object] = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return {}
    return attributes if isinstance(module, ModuleType) else {}


def _imported_from(distribution: metadata.Distribution, places: Mapping[str, str]) -> str | None:
    """The name of a module that was imported from it, the package itself if it was."""
    files = [str(distribution.locate_file(file)) for file in distribution.files or () if _is_module(file)]
    if files:
        return min((places[file] for file in files if file in places), key=len, default=None)
    # Installed as editable, its modules lie elsewhere: by name, then.
    names = (distribution.read_text("top_level.txt") or distribution.metadata["Name"].replace("-", "_")).split()
    return next((name for name in names if name in places.values()), None)


def _is_module(file: PurePath) -> bool:
    return file.suffix in (".py", ".so", ".pyd") and not file.name.startswith("__editable__")
