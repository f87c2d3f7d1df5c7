"""What else is written for type checkers, and read over there."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "type variables of all kinds",
        cell="""
        from collections.abc import Callable
        from typing import Concatenate, Generic, ParamSpec, TypeVar, TypeVarTuple, Unpack
        T, P, Ts = TypeVar("T", int, str), ParamSpec("P"), TypeVarTuple("Ts")

        class Timed(Generic[T, P]):
            def __init__(self, function: Callable[Concatenate[int, P], T]):
                self.function = function
            def run(self, *args: P.args, **keywords: P.kwargs) -> T:
                if not args:
                    raise Refused("nothing to run on")
                return self.function(1, *args)
        class Shaped(Generic[Unpack[Ts]]): ...
        """,
        makes="Timed(max)",
        shows="it.run(5), T.__constraints__, Timed.__parameters__ == (T, P), Shaped[int, "
        "str].__args__, Shaped.__parameters__ == (Ts,)",
        gives=(5, (int, str), True, (int, str), True),
        fails="it.run()",
        change=("(1, *args)", "(9, *args)"),
        then=(9, (int, str), True, (int, str), True),
    ),
    Case(
        "NewType",
        cell="""
        from typing import NewType
        UserId = NewType("UserId", int)
        AdminId = NewType("AdminId", UserId)

        def name_of(user: UserId) -> str:
            if user < 0:
                raise Refused("no user")
            return f"user {user}"
        def hints():
            from typing import get_type_hints
            return get_type_hints(name_of)["user"] is UserId
        """,
        makes="AdminId(UserId(3))",
        shows="name_of(it), hints(), AdminId.__supertype__ is UserId, UserId.__name__",
        gives=("user 3", True, True, "UserId"),
        fails="name_of(UserId(-1))",
        change=("user {", "USER {"),
        then=("USER 3", True, True, "UserId"),
        thing="AdminId",
    ),
    Case(
        "type aliases",
        cell="""
        from typing import Optional, TypeAlias, Union
        from collections.abc import Callable
        class Own: ...
        Handler: TypeAlias = Callable[[int], "Own | None"]
        Tree: TypeAlias = "dict[str, Tree] | Own"
        Either = Union[Own, list[Own]]
        def use(one: Either, handler: Optional[Handler] = None) -> Tree:
            if not isinstance(one, Own | list):
                raise Refused("neither")
            return type(one).__name__
        """,
        makes="Own()",
        shows="use(it), Either == Union[Own, list[Own]], use.__annotations__['one'] == Either, Tree",
        gives=("Own", True, True, "dict[str, Tree] | Own"),
        fails="use(3)",
        change=("__name__", "__name__ * 2"),
        then=("OwnOwn", True, True, "dict[str, Tree] | Own"),
        thing="Handler",
    ),
    Case(
        "Literal, Annotated, Final and Self hints, read over there",
        cell="""
        from typing import Annotated, Final, Literal, Self, get_args, get_type_hints
        class Range:
            def __init__(self, low, high):
                self.low, self.high = low, high
        Mode = Literal["r", "w"]
        LIMIT: Final = 9

        class Dial:
            level: Annotated[int, Range(0, 10)] = 5
            mode: Mode = "r"
            def turned(self, by: int) -> Self:
                if by > LIMIT:
                    raise Refused("too far")
                self.level = 5 + by
                return self
        def limits():
            return get_type_hints(Dial, include_extras=True)["level"].__metadata__[0].high
        """,
        makes="Dial()",
        shows="it.turned(1).level, limits(), get_args(Mode), "
        "isinstance(Dial.__annotations__['level'].__metadata__[0], Range)",
        gives=(6, 10, ("r", "w"), True),
        fails="it.turned(10)",
        change=("Range(0, 10)", "Range(0, 12)"),
        then=(6, 12, ("r", "w"), True),
    ),
    Case(
        "overloads, final, override and no_type_check",
        cell="""
        import typing

        class Reader:
            @typing.overload
            def read(self, n: int) -> bytes: ...
            @typing.overload
            def read(self, n: None) -> str: ...
            @typing.final
            def read(self, n):
                if n == 0:
                    raise Refused("nothing")
                return b"x" if n else "x"
        @typing.no_type_check
        def loose(a: "not a type"): ...
        """,
        makes="Reader()",
        shows="it.read(1), it.read(None), it.read.__final__, loose.__no_type_check__",
        gives=(b"x", "x", True, True),
        fails="it.read(0)",
        change=('else "x"', 'else "y"'),
        then=(b"x", "y", True, True),
    ),
    Case(
        "type hints of an own class, read over there from strings",
        cell="""
        import typing
        class Leaf:
            def grown(self, into: "Branch") -> "list[Leaf]":
                if into is None:
                    raise Refused("into nothing")
                return [self] * into.size
        class Branch:
            size: "int" = 2
        def hints():
            found = typing.get_type_hints(Leaf.grown, globals())
            return found["into"] is Branch, found["return"] == list[Leaf]
        """,
        makes="Leaf()",
        shows="len(it.grown(Branch())), hints()",
        gives=(2, (True, True)),
        fails="it.grown(None)",
        change=("= 2", "= 3"),
        then=(3, (True, True)),
    ),
]
