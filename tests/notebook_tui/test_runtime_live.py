"""Live objects, looked at without running anything of theirs."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import ClassVar, NoReturn

import pytest

from notebook_tui.runtime.answers import SignatureHelp
from notebook_tui.runtime.completion import complete
from notebook_tui.runtime.description import describe
from notebook_tui.runtime.live import Member, members, resolve, text_items
from notebook_tui.runtime.signature import signatures


class Ran(BaseException):
    """No `except Exception` hides it."""


def run(*_args: object, **_keywords: object) -> NoReturn:
    raise Ran


class HostileDescriptor:
    __get__ = run
    __set__ = run
    __getattr__ = run
    __repr__ = run


def hostile_names() -> dict[str, object]:
    """A hostile class and an object of it. (In a function, for pytest asks whatever lies in a module.)"""

    class HostileMeta(type):
        __name__ = property(run)  # type: ignore[assignment]
        __mro__ = property(run)  # type: ignore[assignment]
        __dict__ = property(run)
        __getattribute__ = run
        __instancecheck__ = run
        __subclasscheck__ = run
        __call__ = run

    class Hostile(metaclass=HostileMeta):
        """Whatever one may ask of it runs something, which raises."""

        __getattribute__ = run  # type: ignore[assignment]
        __class__ = property(run)  # type: ignore[assignment]
        __dict__ = property(run)  # type: ignore[assignment]
        __doc__ = property(run)  # type: ignore[assignment]
        __dir__ = run
        __repr__ = run
        __eq__ = run
        __hash__ = run  # type: ignore[assignment]
        __bool__ = run
        __len__ = run
        __iter__ = run
        __signature__ = property(run)
        computed = property(run)
        described = HostileDescriptor()

        def __init__(self, first: int, second: object = HostileDescriptor()) -> None: ...

        def method(self, first: int, *, second: object = HostileDescriptor()) -> None:
            """Does it."""

    return {"hostile": type.__call__(Hostile, 1), "Hostile": Hostile}


def test_no_code_of_a_hostile_object_is_run__AC38() -> None:
    names = hostile_names()
    for owner in names:
        for name in members(names[owner]):
            expression = f"{owner}.{name}"
            resolve(f"{expression}.x", names)
            describe(expression, len(expression), names)
            signatures(f"{expression}(", len(expression) + 1, names)
            for completed in (f"{expression}.", f"{expression}(", f"{expression}['"):
                complete(completed, len(completed), names, lambda source, offset: {})


def test_what_is_known_of_a_hostile_object_is_told_all_the_same() -> None:
    names = hostile_names()
    assert {"computed", "described", "method"} <= members(names["hostile"]).keys()
    help = signatures("hostile.method(1, second=", 25, names)
    assert help == (SignatureHelp("hostile.method", ("first", "*", "second=…"), 2),)
    assert signatures("Hostile(", 8, names) == (SignatureHelp("Hostile", ("first", "second=…"), 0),)
    described = describe("hostile.method", 10, names)
    assert described is not None
    assert (described.signature, described.docs) == ("(first, *, second=…)", "Does it.")


def test_attributes_whose_names_are_no_plain_text_are_passed_over__AC38() -> None:
    class Name(str):
        __slots__ = ()
        lower = startswith = run  # type: ignore[assignment]

    names: dict[str, object] = {"Odd": type("Odd", (), {1: 2, Name("named"): 3, "plain": 4})}
    assert [item.label for item in complete("Odd.p", 5, names, lambda source, offset: {})] == ["plain"]


class Slotted:
    __slots__ = ("empty", "full")
    shared = "of the class"

    def __init__(self) -> None:
        self.full = {"key": [1]}

    @staticmethod
    def static(a: int) -> None: ...

    @classmethod
    def of(cls, a: int) -> None: ...


class Plain:
    def __init__(self) -> None:
        self.own = 1
        self.__dict__["data"] = "hidden by the descriptor"
        self.shadow = 2

    shadow = 1
    data: ClassVar[HostileDescriptor] = HostileDescriptor()


def test_a_method_of_an_object_is_bound_and_a_function_in_it_is_not() -> None:
    found = members(Slotted())
    assert [found[name].bound for name in ("__init__", "of", "static", "shared")] == [True, True, False, False]
    assert not members(Slotted)["__init__"].bound


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("slotted.full['key'][0]", 1),
        ("slotted.shared", "of the class"),
        ("plain.own", 1),
        ("plain.shadow", 2),
        ("Plain.shadow", 1),
        ("sys.path", sys.path),
        ("'text'", "text"),
        ("[1, x]", []),
        ("(slotted).shared", "of the class"),
    ],
)
def test_what_lies_in_a_dictionary_or_slot_is_found(expression: str, value: object) -> None:
    names = {"slotted": Slotted(), "plain": Plain(), "Plain": Plain, "sys": sys}
    assert resolve(expression, names) == Member(value)


@pytest.mark.parametrize(
    "expression",
    [
        "plain.data",
        "slotted.empty",
        "plain.nothing",
        "nobody",
        "f()",
        "plain[0]",
        "'a'[5]",
        "{}[[]]",
        "a b",
        "",
        "1 +",
        "\0",
    ],
)
def test_what_only_running_it_would_tell_is_not_known(expression: str) -> None:
    assert resolve(expression, {"slotted": Slotted(), "plain": Plain()}) is None


def test_what_is_no_identifier_or_name_of_an_attribute_is_left_out() -> None:
    plain = Plain()
    plain.__dict__[1] = "no name"  # type: ignore[index]
    assert all(type(name) is str for name in members(plain))


def test_a_dictionary_is_told_by_its_class_and_read_past_its_methods() -> None:
    class Own(dict[object, object]):
        keys = items = __iter__ = copy = run  # type: ignore[assignment]

    assert text_items(Own({"a": 1, 2: 2, "c": 3})) == {"a": 1, "c": 3}
    assert text_items([("a", 1)]) == {}


@pytest.mark.parametrize(
    ("call", "parameters", "active"),
    [
        ("f(", ("a", "/", "b=1", "*args", "c", "**rest"), 0),
        ("f(1, ", ("a", "/", "b=1", "*args", "c", "**rest"), 2),
        ("f(1, 2, 3, 4, ", ("a", "/", "b=1", "*args", "c", "**rest"), 3),
        ("f(1, c=", ("a", "/", "b=1", "*args", "c", "**rest"), 4),
        ("f(1, other=", ("a", "/", "b=1", "*args", "c", "**rest"), 5),
        ("Slotted.of(", ("a",), 0),
        ("Slotted.static(", ("a",), 0),
        ("Slotted(", (), None),
        ("slotted.static(", ("a",), 0),
        ("slotted.of(", ("a",), 0),
        ("bound(", ("a", "/", "b=1", "*args", "c", "**rest"), 0),
        ("wrapped(", ("x",), 0),
        ("part(", ("b=1", "*args", "c", "**rest"), 0),
        ("instance(", ("x", "y=None"), 0),
        ("len(", ("obj", "/"), 0),
        ("'a'.split(',', ", ("sep=None", "maxsplit=-1"), 1),
    ],
)
def test_a_signature_is_shown_as_the_caller_fills_it(
    call: str, parameters: tuple[str, ...], active: int | None
) -> None:
    from functools import partial, wraps

    class Owner:
        def __call__(self, x: int, y: object = None) -> None: ...

        def f(self, a, /, b=1, *args, c, **rest): ...  # type: ignore[no-untyped-def]

    def f(a, /, b=1, *args, c, **rest): ...  # type: ignore[no-untyped-def]
    def inner(x: int) -> None: ...

    @wraps(inner)
    def wrapped(*args: object) -> None: ...

    names: dict[str, object] = {"f": f, "Slotted": Slotted, "slotted": Slotted(), "bound": Owner().f}
    names |= {"wrapped": wrapped, "part": partial(f, 0), "instance": Owner()}
    (found,) = signatures(call, len(call), names)
    assert (found.parameters, found.active) == (parameters, active)


@pytest.mark.parametrize(
    ("name", "kind", "docs"),
    [("json", "module", "JavaScript Object Notation"), ("Doc", "class", "A class."), ("doc", "variable", "A class.")],
)
def test_documentation_is_that_of_the_object_or_its_class(name: str, kind: str, docs: str) -> None:
    import json

    class Doc:
        """A class."""

    found = describe(name, 0, {"json": json, "Doc": Doc, "doc": Doc()})
    assert found is not None
    assert (found.kind, found.docs.startswith("JSON" if kind == "module" else docs)) == (kind, True)


def test_a_module_is_read_past_its_getattr() -> None:
    module = ModuleType("lazy")
    module.__dict__.update(__getattr__=run, there=1)
    assert resolve("lazy.there", {"lazy": module}) == Member(1)
    assert resolve("lazy.missing", {"lazy": module}) is None
