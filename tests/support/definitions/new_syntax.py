"""What is written in the syntax of Python 3.12, and runs where that is known."""

from __future__ import annotations

from tests.support.definitions.case import Case

SINCE = (3, 12)

CASES = [
    Case(
        "a generic class and a generic function by brackets",
        cell="""
        class Box[T, *Ts, **P]:
            def __init__(self, value: T):
                self.value = value
            def get(self) -> T:
                if self.value is None:
                    raise Refused("empty")
                return self.value
        def first[T: (int, str)](items: list[T], default: T | None = None) -> T:
            return items[0] if items else default
        """,
        makes="Box(3)",
        shows="it.get(), first([1, 2]), [str(one) for one in Box.__type_params__], "
        "first.__type_params__[0].__constraints__",
        gives=(3, 1, ["T", "Ts", "P"], (int, str)),
        fails="Box(None).get()",
        change=("items[0]", "items[-1]"),
        then=(3, 2, ["T", "Ts", "P"], (int, str)),
        since=SINCE,
    ),
    Case(
        "a type statement",
        cell="""
        class Own: ...
        type Many[T] = list[T] | Own
        type Tree = dict[str, Tree] | Own
        def use(one: Many[int]) -> str:
            if one is None:
                raise Refused("nothing")
            return type(one).__name__
        """,
        makes="Own()",
        shows="use(it), Many.__name__, Many[int].__args__, Tree.__value__ == dict[str, Tree] | Own, "
        "use.__annotations__['one'] == Many[int]",
        gives=("Own", "Many", (int,), True, True),
        fails="use(None)",
        change=("__name__", "__name__ * 2"),
        then=("OwnOwn", "Many", (int,), True, True),
        thing="Tree",
        since=SINCE,
    ),
    Case(
        "f-strings with quotes and comprehensions inside",
        cell="""
        def shown(names):
            if not names:
                raise Refused("nobody")
            return f"{", ".join(name.title() for name in names)!r:>{"1" "2"}}"
        """,
        shows="shown(['eve', 'adam'])",
        gives=" 'Eve, Adam'",
        fails="shown([])",
        change=("title()", "upper()"),
        then=" 'EVE, ADAM'",
        since=SINCE,
    ),
]
