"""What instances are: references among them, copies, iteration."""

from __future__ import annotations

from tests.support.definitions.case import Case

CASES = [
    Case(
        "an instance in a cycle through a set of its own",
        cell="""
        class Node:
            def __init__(self, name):
                self.name = name
                self.neighbours = {self}
                self.me = self
            def names(self):
                if len(self.neighbours) > 9:
                    raise Refused("crowded")
                return sorted(node.name for node in self.neighbours)
        """,
        makes="Node('a')",
        shows="it.names(), it.me is it, it in it.neighbours",
        gives=(["a"], True, True),
        fails="it.neighbours |= set(range(10)); it.names()",
        change=("node.name for", "node.name * 2 for"),
        then=(["aa"], True, True),
    ),
    Case(
        "instances that refer to themselves and each other",
        cell="""
        class Person:
            def __init__(self, name):
                self.name, self.friend = name, None
            def greeting(self):
                if self.friend is self:
                    raise Refused("alone")
                return f"{self.name} and {self.friend.name}"
        def friends():
            a, b = Person("a"), Person("b")
            a.friend, b.friend = b, a
            return [a, b, {"again": a}]
        """,
        makes="friends()",
        shows="it[0].greeting(), it[0].friend.friend is it[0], it[2]['again'] is it[0]",
        gives=("a and b", True, True),
        fails="it[0].friend = it[0]; it[0].greeting()",
        change=(" and ", " & "),
        then=("a & b", True, True),
    ),
    Case(
        "weak references inside one's own collections",
        cell="""
        import weakref
        class Tree:
            alive = weakref.WeakSet()
            named = weakref.WeakValueDictionary()
            notes = weakref.WeakKeyDictionary()
            def __init__(self, name):
                if name in Tree.named:
                    raise Refused(name)
                self.name = name
            def plant(self):
                Tree.alive.add(self)
                Tree.named[self.name] = self
                Tree.notes[self] = "planted"
                seen = len(Tree.alive), Tree.named[self.name] is self, Tree.notes[self]
                Tree.alive.clear(), Tree.named.clear()
                return seen
        """,
        makes="Tree('oak')",
        shows="it.plant()",
        gives=(1, True, "planted"),
        fails="Tree.named['oak'] = it; Tree('oak')",
        change=('"planted"', '"grown"'),
        then=(1, True, "grown"),
    ),
    Case(
        "__copy__ and __deepcopy__",
        cell="""
        import copy
        class Sheet:
            def __init__(self, *rows):
                self.rows = list(rows)
                self.copies = 0
            def __copy__(self):
                made = Sheet(*self.rows)
                made.copies = self.copies + 1
                return made
            def __deepcopy__(self, memo):
                if not self.rows:
                    raise Refused("empty")
                made = Sheet(*copy.deepcopy(self.rows, memo))
                made.copies = self.copies + 10
                return made
        """,
        makes="Sheet([1], [2])",
        shows="copy.copy(it).copies, copy.deepcopy(it).copies, copy.copy(it).rows[0] is it.rows[0]",
        gives=(1, 10, True),
        fails="copy.deepcopy(Sheet())",
        change=("+ 10", "+ 20"),
        then=(1, 20, True),
    ),
]
