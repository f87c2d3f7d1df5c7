"""Abstract classes, protocols and generic classes."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "an abstract class",
        cell="""
        import abc

        class Store(abc.ABC):
            @abc.abstractmethod
            def get(self, key): ...
            @property
            @abc.abstractmethod
            def size(self): ...
            def first(self):
                if not self.size:
                    raise Refused("empty")
                return self.get(0)
        class Listed(Store):
            def __init__(self, *items):
                self.items = items
            def get(self, key):
                return self.items[key]
            @property
            def size(self):
                return len(self.items)
        def is_abstract():
            try:
                Store()
            except TypeError:
                return sorted(Store.__abstractmethods__)
        """,
        makes="Listed('a')",
        shows="it.first(), is_abstract(), isinstance(it, Store), issubclass(Listed, Store)",
        gives=("a", ["get", "size"], True, True),
        fails="Listed().first()",
        change=("self.get(0)", "self.get(0) * 2"),
        then=("aa", ["get", "size"], True, True),
        thing="Store",
    ),
    Case(
        "classes registered with an abstract class",
        cell="""
        from abc import ABC

        class Sized(ABC):
            @classmethod
            def check(cls, value):
                if not isinstance(value, cls):
                    raise Refused(type(value).__name__)
                return len(value)

        @Sized.register
        class Own:
            def __len__(self):
                return 3
        Sized.register(list)
        """,
        makes="Own()",
        shows="Sized.check(it), Sized.check([1]), issubclass(Own, Sized), isinstance({}, Sized)",
        gives=(3, 1, True, False),
        fails="Sized.check({})",
        change=("return 3", "return 4"),
        then=(4, 1, True, False),
    ),
    Case(
        "__subclasshook__",
        cell="""
        from abc import ABCMeta

        class Quacks(metaclass=ABCMeta):
            @classmethod
            def __subclasshook__(cls, other):
                if other is dict:
                    raise Refused("never a dict")
                return True if hasattr(other, "quack") else NotImplemented
        class Duck:
            quack = "quack"
        """,
        makes="Duck()",
        shows="isinstance(it, Quacks), isinstance(3, Quacks), it.quack",
        gives=(True, False, "quack"),
        fails="isinstance({}, Quacks)",
        change=('"quack"\n', '"QUACK"\n'),
        then=(True, False, "QUACK"),
    ),
    Case(
        "a protocol",
        cell="""
        from typing import Protocol

        class Speaker(Protocol):
            def speak(self) -> str: ...
        class Dog:
            def speak(self) -> str:
                return "woof"
        class Explicit(Speaker):
            def speak(self) -> str:
                return "explicit"
        def heard(speaker: Speaker) -> str:
            if not hasattr(speaker, "speak"):
                raise Refused("mute")
            return speaker.speak()
        """,
        makes="Dog()",
        shows="heard(it), heard(Explicit()), Speaker._is_protocol, Explicit._is_protocol",
        gives=("woof", "explicit", True, False),
        fails="heard(3)",
        change=('"woof"', '"wow"'),
        then=("wow", "explicit", True, False),
    ),
    Case(
        "a runtime-checkable protocol",
        cell="""
        from typing import Protocol, runtime_checkable

        @runtime_checkable
        class Closes(Protocol):
            name: str
            def close(self) -> None: ...
        class File:
            name = "f"
            def close(self):
                if not self.name:
                    raise Refused("closed")
                return f"{self.name} closed"
        class Nameless:
            def close(self): ...
        """,
        makes="File()",
        shows="isinstance(it, Closes), isinstance(Nameless(), Closes), isinstance(3, Closes), it.close()",
        gives=(True, False, False, "f closed"),
        fails="it.name = ''; it.close()",
        change=('closed"\n', 'shut"\n'),
        then=(True, False, False, "f shut"),
    ),
    Case(
        "a protocol that is generic, and one with methods only",
        cell="""
        from typing import Protocol, TypeVar, runtime_checkable
        T = TypeVar("T", covariant=True)

        @runtime_checkable
        class Gives(Protocol[T]):
            def give(self) -> T: ...
        class Tap:
            def give(self):
                if getattr(self, "dry", False):
                    raise Refused("dry")
                return "water"
        """,
        makes="Tap()",
        shows="isinstance(it, Gives), issubclass(Tap, Gives), issubclass(int, Gives), Gives[int].__args__, it.give()",
        gives=(True, True, False, (int,), "water"),
        fails="it.dry = True; it.give()",
        change=('"water"', '"wine"'),
        then=(True, True, False, (int,), "wine"),
    ),
    Case(
        "a generic class",
        cell="""
        from typing import Generic, TypeVar
        T = TypeVar("T")
        K = TypeVar("K", bound="Stack")

        class Stack(Generic[T]):
            def __init__(self, *items: T):
                self.items = list(items)
            def top(self) -> T:
                if not self.items:
                    raise Refused("empty")
                return self.items[-1]
        class Ints(Stack[int]): ...
        """,
        makes="Ints(1, 2)",
        shows="it.top(), Stack[str]('a').top(), Stack.__parameters__ == (T,), Ints.__orig_bases__ == (Stack[int],)",
        gives=(2, "a", True, True),
        fails="Stack().top()",
        change=("[-1]", "[0]"),
        then=(1, "a", True, True),
        thing="Stack",
    ),
]
