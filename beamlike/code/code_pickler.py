"""Terms as pickles in which code is named by source and place, and everything that it uses goes by value.

What a code object becomes:

- of a known source (a cell, the running script): `load_code(hash, qualname, line, nth)`;
- of an older version of one: `load_code_in(source, qualname, line, nth)`, with its text (see `lending`);
- any other: see `unsourced`.

A constant function or class is a number, once it is known over there: see `images`. What is large of what a function
captures goes by content: see `contents`.
"""

from __future__ import annotations

import io
from contextlib import suppress
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary, ref

from cloudpickle import cloudpickle

from beamlike.code.captures import captured_by, global_names
from beamlike.code.class_functions import functions_in
from beamlike.code.classes import class_goes_by_value, reduce_class
from beamlike.code.constants import Constant, as_constant
from beamlike.code.contents import content_of, shared_content, weigh
from beamlike.code.far_module import is_in_its_module, names_of
from beamlike.code.hints import STAYING, hints_in
from beamlike.code.images import IMAGES, NoImage
from beamlike.code.loaders import LOADERS, fill_function, load_code, load_code_in, load_content, load_image, load_info
from beamlike.code.modules.far_loader import loader_of
from beamlike.code.peer import Peer
from beamlike.code.plain_pickler import PROTOCOL, PlainPickler
from beamlike.code.rebinding import rebinds, sets_attributes
from beamlike.code.reducers import BY_MODULE, REDUCERS, Reduced, reduce_cell, reduce_exception
from beamlike.code.requirements.needs import NEEDS
from beamlike.code.shared import Shared, load_shared, shared_of
from beamlike.code.source import Source, SourceHash
from beamlike.code.sources import SOURCES
from beamlike.code.unsourced import reduce_unsourced
from beamlike.code.untravelable import CannotTravel
from beamlike.code.uses import Image, Lasting, Uses
from beamlike.code.way import ALONE, AS_A_TERM, BY_ITSELF, OF_AN_INFO, Walk, Way
from beamlike.distribution.terms_codec import LARGE, Content, LargeBuffers
from beamlike.kernel.record import slotted
from beamlike.kernel.terms import ExceptionInfo


class CodePickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(self, file: io.BytesIO, peer: Peer, way: Way, walk: Walk) -> None:
        self.large = LargeBuffers()
        super().__init__(file, PROTOCOL, buffer_callback=self.large)
        self.functions: list[FunctionType] = []
        self.rebinds = False
        """Whether a function in it gives other values to variables that it captures."""
        self._peer = peer
        self._way = way
        self._walk = walk
        self._whole: list[Constant] = []
        """Other classes that are in it, if it is the image of a class."""
        self._uses = Uses()
        self._in_full: set[int] = set()
        """The ids of functions that are not to go as images: methods go with their class, and what others may set
        attributes of goes with them."""
        self._inside: dict[SourceHash, Source] = {}
        self._light: dict[int, _ByContent] = {}

    @classmethod
    def pickled(
        cls, term: object, peer: Peer, way: Way = AS_A_TERM, walk: Walk | None = None
    ) -> tuple[CodePickler, bytes]:
        """`term` in bytes, and the pickler, which knows what went into them.

        What only annotations name, and cannot travel, stays here: it is to hinder nobody. Whoever began a `walk` sees
        to that for all of it.
        """
        if walk is not None:
            return cls._pickled(term, peer, way, walk)
        walk = Walk()
        try:
            return cls._from_below(term, peer, way, walk, set())
        except Exception:
            if not walk.hinted:
                raise
        staying = {it for it in walk.hinted if isinstance(it, type) and it not in STAYING and cls._fails(it)}
        STAYING.update(staying)
        return cls.pickled(term, peer, way if staying else way.without_hints())

    @classmethod
    def _from_below(
        cls, term: object, peer: Peer, way: Way, walk: Walk, tried: set[object]
    ) -> tuple[CodePickler, bytes]:
        """Images may need others, and these others: if there is no room for all at once, the last is made first."""
        try:
            return cls._pickled(term, peer, way, walk)
        except Exception as error:
            if not _is_too_deep(error) or not walk.begun or walk.begun[-1] in tried:
                raise
        tried.update(walk.begun)
        with suppress(Exception):  # if one fails, so does the whole, and that error will tell more
            for part in reversed(walk.begun):
                cls._from_below(part, peer, way, Walk(), tried)
        walk.in_circles.clear()
        return cls._pickled(term, peer, way, walk)

    @classmethod
    def _pickled(cls, term: object, peer: Peer, way: Way, walk: Walk) -> tuple[CodePickler, bytes]:
        file = io.BytesIO()
        pickler = cls(file, peer, way, walk)
        pickler.dump(term)
        return pickler, file.getvalue()

    @classmethod
    def _fails(cls, kind: type) -> bool:
        try:
            cls._pickled(kind, Peer(), BY_ITSELF, Walk())
        except Exception as error:
            return not _is_too_deep(error)
        return False

    def uses(self) -> Uses:
        return self._uses

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if kind is FunctionType and value in LOADERS:
            return NotImplemented
        if kind is CodeType:
            return self._reduce_code(value)
        if kind is _ByContent:
            return load_content, (value.content.key,)
        if kind is Shared:
            return self._reduce_shared(value)
        if kind is ExceptionInfo:
            return self._reduce_info(value)
        if kind is CellType:
            return self._lightened_cell(reduce_cell(value))
        if kind in REDUCERS:
            reduced = REDUCERS[kind](value)
        elif issubclass(kind, type):
            reduced = self._reduce_class(value)
        elif isinstance(value, BaseException):
            reduced = reduce_exception(value)
        elif kind.__module__ in BY_MODULE:
            self._need(value)
            reduced = BY_MODULE[kind.__module__](value)
        else:
            reduced = None
        if reduced is not None:
            return reduced
        reduced = super().reducer_override(value)
        if kind is FunctionType:
            return self._reduce_function(value, reduced)
        if isinstance(value, ModuleType):
            self._uses.modules.add(value.__name__)
            if loader_of(value) is not None:  # also one that has changed, and so does not stand among the modules here
                return cloudpickle.subimport, (value.__name__,)
        else:
            self._need(value)
        return reduced

    def _need(self, value: object) -> None:
        if NEEDS.modules and (module := NEEDS.module_of(value)) is not None:
            self._uses.modules.add(module)

    def _function_getnewargs(self, function: FunctionType) -> Reduced:
        """cloudpickle's, with the cells themselves, so that functions which share a variable do so there too."""
        code, scope, *_ = super()._function_getnewargs(function)
        return code, scope, None, None, function.__closure__

    def _reduce_function(self, function: FunctionType, reduced: Any) -> Any:
        if reduced is NotImplemented:
            self._uses.modules.add(function.__module__)
            return reduced
        if self._way.images and id(function) not in self._in_full:
            image = IMAGES.see(function, lambda: self._image_of(function), self._walk.held)
            if image is not None:
                return self._by_image(image)
        return self._lightened_function(function, reduced)

    def _reduce_class(self, kind: type) -> Reduced | None:
        if not class_goes_by_value(kind):
            self._uses.modules.add(kind.__module__)
            return reduce_class(kind, {})
        self._uses.has_code = True
        if kind is not self._way.shows:
            image = self._image_of_class(kind)
            if image is not None:
                return self._by_image(image)
            self._goes_whole(kind)
        self._in_full.update(map(id, functions_in(kind)))
        names = names_of(kind, hints=self._way.hints)
        self._walk.hinted += [it for it in names.values() if it is not kind]
        return reduce_class(kind, names)

    def _image_of_class(self, kind: type) -> Image | None:
        if not self._way.classes:
            return None
        if isinstance(self._way.shows, type):
            if kind in self._way.making:
                self._walk.in_circles.add(self._way.shows)
                raise NoImage
            if kind in self._walk.in_circles:
                return None
        return IMAGES.see(kind, lambda: self._image_of(kind), self._walk.held)

    def _goes_whole(self, kind: type) -> None:
        if isinstance(self._way.shows, type):  # the two refer to each other, so each goes with the other
            constant = as_constant(kind)
            if constant is None:
                raise NoImage
            self._whole.append(constant)
        elif isinstance(self._way.shows, FunctionType):
            raise NoImage
        else:
            IMAGES.went_in_full(kind)
            self._uses.has_whole_classes = True

    def _by_image(self, image: Image) -> Reduced:
        self._uses.images.append(image)
        return load_image, (image.number,)

    def _image_of(self, thing: FunctionType | type) -> Image:
        self._walk.begun.append(thing)
        pickler, body = CodePickler.pickled(thing, self._peer, self._way.of(thing), self._walk)
        return Image(ref(thing), body, pickler.uses(), pickler._whole)

    def _lightened_function(self, function: FunctionType, reduced: Reduced) -> Reduced:
        """With what is large of what it captures by content."""
        self.functions.append(function)
        self.rebinds = self.rebinds or rebinds(function.__code__)
        if self._way.images and sets_attributes(function.__code__):
            self._in_full.update(id(it.value) for it in captured_by(function) if isinstance(it.value, FunctionType))
        make, args, (attributes, state), *rest = reduced
        if getattr(function, "__type_params__", ()):  # since Python 3.12
            state["__type_params__"] = function.__type_params__  # type: ignore[attr-defined]
        for name in global_names(function.__code__):  # of the bodies of classes in it, too
            if name not in state["__globals__"] and name in function.__globals__ and name not in args[1]:
                state["__globals__"][name] = function.__globals__[name]
        if self._way.hints and function.__annotations__:
            for name, value in hints_in(function.__annotations__, function.__globals__).items():
                if name not in state["__globals__"] and name not in args[1]:
                    state["__globals__"][name] = value
                    self._walk.hinted.append(value)
        if state["__globals__"]:
            state["__globals__"] = {name: self._lightened(value) for name, value in state["__globals__"].items()}
        if state["__defaults__"]:
            state["__defaults__"] = tuple(map(self._lightened, state["__defaults__"]))
        if "." not in function.__qualname__ and is_in_its_module(function):
            rest[-1] = fill_function
        return (make, args, (attributes, state), *rest)

    def _lightened_cell(self, reduced: Reduced) -> Reduced:
        make, args, *state = reduced
        if not state:  # not assigned yet
            return reduced
        (contents,), *rest = state
        return (make, args, (self._lightened(contents),), *rest)

    def _lightened(self, value: Any) -> Any:
        """What stands in the pickle for a captured value; the same each time that it is captured."""
        if not self._way.by_content or weigh(value) <= LARGE:
            return value
        known = self._light.get(id(value))
        if known is None:
            content = content_of(value, self._dump_data)
            if content is not None and not self._peer.takes(content):
                content = None
            known = self._light[id(value)] = _ByContent(value, content)
            if content is not None:
                self._uses.contents.append(content)
        return value if known.content is None else known

    def _dump_data(self, value: Any) -> tuple[bytes, LargeBuffers]:
        pickler, body = PlainPickler.pickled(value)
        self._uses.add(pickler.uses())
        return body, pickler.large

    def _reduce_code(self, code: CodeType) -> Reduced:
        self._uses.has_code = True
        found = SOURCES.find(code)
        if found is None:
            return reduce_unsourced(code)
        source, place = found
        if self._way.lasting or (not self._way.alone and self._peer.may_name(source.hash)):
            self._uses.sources[source.hash] = source
            return load_code, (source.hash, *place)
        # One object for all of its code in this term, so that the text is in it once.
        return load_code_in, (self._inside.setdefault(source.hash, source), *place)

    def _reduce_shared(self, shared: Shared[Any]) -> Reduced:
        if self._way.alone:
            return shared_of, (shared.key, shared.value)
        if shared in self._way.making:
            raise CannotTravel("expected a shared value, got one that holds its own handle")
        made = _SHARED.get(shared)
        if made is None or (not self._peer.has(made.content) and not IMAGES.are_true(made.uses)):
            pickler, body = CodePickler.pickled(shared.value, self._peer, self._way.of(shared))
            content = shared_content(shared.key, [body, *pickler.large.kept])
            if not self._peer.takes(content, shared=True):
                raise CannotTravel(
                    f"expected a shared value that fits in one message, got one of {content.size} bytes: "
                    "share it in parts, or start both nodes with a larger `largest_signal`"
                )
            made = _SHARED[shared] = Lasting(content, pickler.uses(), pickler.uses().all())
        self._uses.shared.append((shared, made))
        # It is made once over there; classes of it that have changed since go beside it, and so are changed there.
        changed = [kind for image in made.uses.images if (kind := image.thing()) and IMAGES.get(kind) is not image]
        return load_shared, (shared.key, *changed)

    def _reduce_info(self, info: ExceptionInfo) -> Reduced:
        """With its exception as a pickle of its own, or none if it cannot travel: the news of it must, always."""
        texts = (info.type, info.message, info.traceback, info.node, info.pid)
        if info.exception is None:
            return ExceptionInfo, texts
        try:
            pickler, body = CodePickler.pickled(info.exception, self._peer, ALONE if self._way.alone else OF_AN_INFO)
        except Exception:
            return ExceptionInfo, texts
        self._uses.add(pickler.uses())
        return load_info, (*texts, body)


def _is_too_deep(error: Exception) -> bool:
    """cloudpickle says so in an error of its own."""
    return isinstance(error.__cause__ or error, RecursionError)


_SHARED: WeakKeyDictionary[Shared[Any], Lasting] = WeakKeyDictionary()
"""What has been pickled because it was shared, for the next peer."""


@slotted
class _ByContent:
    """Stands for a large value. The value is kept, too, so that no other one can have its id."""

    value: Any
    content: Content | None
