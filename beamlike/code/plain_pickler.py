"""Of terms without code and exceptions, which is most: cheap to make, gives up at the first thing that needs more."""

from __future__ import annotations

import io
import pickle
from types import FunctionType
from typing import Any, Final

from beamlike.code.by_value import is_private_of_the_library, module_goes_by_value
from beamlike.code.images import IMAGES
from beamlike.code.loaders import load_image
from beamlike.code.reducers import BY_MODULE, REDUCERS
from beamlike.code.requirements.needs import NEEDS
from beamlike.code.shared import Shared
from beamlike.code.uses import NOTHING, Image, Uses
from beamlike.distribution.terms_codec import LargeBuffers

PROTOCOL: Final = 5


class NeedsMore(Exception):
    """The term holds something that the plain pickler must not write."""


class PlainPickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        self.large = LargeBuffers()
        super().__init__(file, PROTOCOL, buffer_callback=self.large)
        self._images: list[Image] = []
        self._held: set[Image] = set()
        self._modules: set[str] = set()

    @classmethod
    def pickled(cls, term: object) -> tuple[PlainPickler, bytes]:
        file = io.BytesIO()
        pickler = cls(file)
        pickler.dump(term)
        return pickler, file.getvalue()

    def uses(self) -> Uses:
        return Uses(images=self._images, modules=self._modules) if self._images or self._modules else NOTHING

    def reducer_override(self, value: Any) -> Any:
        if value is load_image:
            return NotImplemented
        kind = type(value)
        if kind is FunctionType or issubclass(kind, type):
            image = IMAGES.get(value, self._held)
            if image is not None:
                self._images.append(image)
                return load_image, (image.number,)
            if module_goes_by_value(value.__module__) or is_private_of_the_library(value.__module__):
                raise NeedsMore
            self._modules.add(value.__module__)
        elif kind in REDUCERS or kind is Shared or isinstance(value, BaseException):
            raise NeedsMore
        else:
            if NEEDS.modules and (module := NEEDS.module_of(value)) is not None:
                self._modules.add(module)
            if kind.__module__ in BY_MODULE and (reduced := BY_MODULE[kind.__module__](value)) is not None:
                return reduced
        return NotImplemented
