"""Which names a cell's code reads from the cells above it, and which it defines for those below.

The syntax tree is walked in the order in which it runs. Where a branch decides, a name counts as read, and as no
more than perhaps defined: a cell is rather called stale too often than too seldom. A function is taken to run when
the whole cell has; what its body reads is read by its callers, too, and so it is told of each name (`carries`).

A change inside a value is a change of it: `rows[0] = 1`, `p.x = 1`, and methods that are known to change what they
belong to (`rows.append(1)`). Not seen: other methods that do, values that are given to a function which changes them,
a second name of the same value, changes by functions of other cells, and names set by other modules.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache, lru_cache
from typing import TypeAlias

from beamlike.kernel.record import frozen

_NOTHING: frozenset[str] = frozenset()
_REFLECTION = frozenset({"eval", "exec", "globals", "locals", "vars"})
_CHANGING_METHODS = frozenset(
    {
        *("add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert"),
        *("intersection_update", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "setdefault", "sort"),
        *("symmetric_difference_update", "update"),
        *("fill", "fit", "load_state_dict", "partial_fit", "put", "resize", "seed", "setflags", "step", "zero_grad"),
    }
)
_CHANGING_FUNCTIONS = frozenset({"delattr", "next", "setattr"})

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@frozen
class Names:
    reads: frozenset[str] = _NOTHING
    defines: frozenset[str] = _NOTHING
    """Whenever the cell runs to its end."""
    may_define: frozenset[str] = _NOTHING
    """In some branch, or when one of its functions is called."""
    reads_anything: bool = False
    """It may read names that its text does not show: `eval`, `globals()`."""
    defines_anything: bool = False
    """It may define such: `exec`, `from module import *`."""
    mutates: frozenset[str] = _NOTHING
    """Names from above whose values it changes; it is as if it perhaps defined them."""
    carries: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For names that it binds to functions, classes and the like: what is read when those are called."""
    second: Mapping[str, str] = field(default_factory=dict)
    """For names that it gives to the value of another name: that one."""
    made: frozenset[str] = _NOTHING
    """The names of functions and classes that it defines by a statement of their own."""

    @property
    def sets(self) -> frozenset[str]:
        """All that it defines, or may."""
        return self.defines | self.may_define


NO_NAMES = Names()


@lru_cache(maxsize=16_384)
def names(source: str) -> Names:
    """The names of a cell; none where the text is not Python (yet), for then it cannot run.

    >>> found = names("y = x + 1")
    >>> sorted(found.reads), sorted(found.defines)
    (['x'], ['y'])
    """
    with warnings.catch_warnings():
        # A cell that is being typed may hold "\d" and the like; that warning belongs to who runs it.
        warnings.simplefilter("ignore")
        try:
            walk = _Walk()
            walk.visit(ast.parse(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return NO_NAMES
    bound = walk.bound - walk.deleted_later
    reads = frozenset(walk.reads | (walk.later_reads - bound))
    mutates = reads & walk.mutated
    return Names(
        reads=reads,
        defines=bound,
        may_define=frozenset(walk.assigned | mutates) - bound,
        reads_anything=not reads.isdisjoint(_REFLECTION),
        defines_anything=walk.imports_star or not reads.isdisjoint(_REFLECTION),
        mutates=mutates,
        carries={name: frozenset(carried) for name, carried in walk.carries.items() if carried},
        second=walk.second,
        made=frozenset(walk.made),
    )


class _Walk(ast.NodeVisitor):
    """Where the walk stands.

    `bound` are the names surely set by now, `hidden` those local to a function or comprehension around. The body of
    a class sees what it has bound itself; what is nested in it does not, and sees `around`.
    """

    def __init__(self) -> None:
        self.reads: set[str] = set()
        self.later_reads: set[str] = set()
        self.assigned: set[str] = set()
        self.mutated: set[str] = set()
        self.carries: dict[str, set[str]] = {}
        self.second: dict[str, str] = {}
        self.made: set[str] = set()
        self.deleted: set[str] = set()
        self.deleted_later: set[str] = set()
        self.imports_star = False
        self.bound = _NOTHING
        self.around = _NOTHING
        self.hidden = _NOTHING
        self.in_function = False
        self.in_class = False

    def visit(self, node: ast.AST) -> None:
        kind = type(node)
        if kind not in _BARREN:
            _method(kind.__name__)(self, node)

    def generic_visit(self, node: ast.AST) -> None:
        for part in _parts(node):
            self.visit(part)

    def visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Module(self, node: ast.Module) -> None:
        """What each statement's functions read belongs to the names that it binds."""
        later, assigned = self.later_reads, self.assigned
        for statement in node.body:
            self.later_reads, self.assigned = set(), set()
            self.visit(statement)
            for name in self.assigned:
                self.carries[name] = self.later_reads | (set() if name in self.bound else self.carries.get(name, set()))
                self.second.pop(name, None)
            self.second |= _second_names(statement)
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.made.add(statement.name)
            later, assigned = later | self.later_reads, assigned | self.assigned
        self.later_reads, self.assigned = later, assigned

    def read(self, name: str) -> None:
        if name in self.hidden:
            return
        if self.in_function:
            self.later_reads.add(name)
        elif name not in self.bound:
            self.reads.add(name)

    def mutate(self, value: ast.expr) -> None:
        """Something inside the value of a name is set."""
        root = _root(value)
        if root is not None and root not in self.hidden:
            self.mutated.add(root)

    def bind(self, name: str) -> None:
        if not self.in_class and name not in self.hidden:
            self.assigned.add(name)
        if not self.in_function:
            self.bound |= {name}

    def unbind(self, name: str) -> None:
        self.bind(name)
        self.bound -= {name}
        if self.in_function and name not in self.hidden:
            self.deleted_later.add(name)
        self.deleted.add(name)

    def one_of(self, *paths: Iterable[ast.AST | None]) -> None:
        """Only one of the paths is run: what all of them bind is bound after."""
        before, ends = self.bound, []
        for path in paths:
            self.bound = before
            self.visit_all(path)
            ends.append(self.bound)
        self.bound = frozenset.intersection(*ends)

    # Names

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id)
            return
        self.read(node.id)
        if isinstance(node.ctx, ast.Del):
            self.unbind(node.id)

    def visit_Attribute(self, node: ast.Attribute | ast.Subscript) -> None:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            self.mutate(node.value)

    visit_Subscript = visit_Attribute

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in sys.stdlib_module_names:
                pass  # `os.remove` changes no module
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in _CHANGING_METHODS:
                self.mutate(value)
            case ast.Call(func=ast.Name(id=function), args=[value, *_]) if function in _CHANGING_FUNCTIONS:
                self.mutate(value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit_all([node.value, node.target])

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit_all([node.value, *node.targets])

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.read(node.target.id)
        self.visit_all([node.value, node.target])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit_all([node.annotation, node.value])
        if node.value is not None or not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def visit_alias(self, node: ast.alias) -> None:
        if node.name == "*":
            self.imports_star = True
        else:
            self.bind(node.asname or node.name.partition(".")[0])

    # Branches

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self.one_of(node.body, node.orelse)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self.one_of([node.body], [node.orelse])

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        self.one_of(node.values[1:], [])

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self.one_of(node.body, [])
        self.one_of(node.orelse, [])

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.one_of([node.target, *node.body], [])
        self.one_of(node.orelse, [])

    visit_AsyncFor = visit_For

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        self.visit_all(node.items)
        self.one_of(node.body, [])  # contextlib.suppress leaves its body where it likes

    visit_AsyncWith = visit_With

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        before, deleted = self.bound, self.deleted
        self.deleted = set()
        self.one_of([*node.body, *node.orelse], *([handler] for handler in node.handlers))
        after, start = self.bound, before - self.deleted
        deleted, self.deleted = deleted | self.deleted, set()
        self.bound = start  # whatever was raised, and wherever
        self.visit_all(node.finalbody)
        self.bound = (after - self.deleted) | (self.bound - start)
        self.deleted |= deleted

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name is not None:
            self.bind(node.name)
        self.visit_all(node.body)
        if node.name is not None:
            self.unbind(node.name)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self.one_of([], *([case.pattern, case.guard, *case.body] for case in node.cases))

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.generic_visit(node)
        if node.name is not None:
            self.bind(node.name)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest is not None:
            self.bind(node.rest)

    # Scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.visit_all(node.decorator_list)
        self._function(node, node.body)
        self.bind(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node, [node.body])

    def _function(self, node: _Function, body: Sequence[ast.AST]) -> None:
        arguments = list(_arguments(node.args))
        outer = self.hidden, self.in_function, self.in_class
        self.visit_all([*node.args.defaults, *node.args.kw_defaults])
        self.hidden |= {parameter.name for parameter in getattr(node, "type_params", [])}
        self.visit_all([*(argument.annotation for argument in arguments), getattr(node, "returns", None)])
        self.hidden |= {argument.arg for argument in arguments} | _bound_in(body)
        self.hidden -= _declared_global(body)
        self.in_function, self.in_class = True, False
        self.visit_all(body)
        self.hidden, self.in_function, self.in_class = outer

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.visit_all([*node.decorator_list, *node.bases, *node.keywords])
        outer = self.bound, self.around, self.hidden, self.in_class
        self.around = self.bound = self.around if self.in_class else self.bound
        # What a class binds it looks up in itself and then globally, past the functions around it.
        self.hidden -= _bound_in(node.body)
        self.in_class = True
        self.visit_all(node.body)
        self.bound, self.around, self.hidden, self.in_class = outer
        self.bind(node.name)

    def visit_ListComp(self, node: _Comprehension) -> None:
        first, *rest = node.generators
        self.visit(first.iter)
        outer = self.hidden, self.bound
        self.hidden |= {name for part in node.generators for name in _bound_in([part.target])}
        self.bound = self.around if self.in_class else self.bound
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.visit_all([first.target, *first.ifs, *rest, *results])
        self.hidden, self.bound = outer

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp


_BARREN = frozenset(
    kind
    for base in (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
    for kind in (base, *base.__subclasses__())
) | {ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.Nonlocal}
"""Nodes in which there is no name to find."""


@cache
def _method(kind: str) -> Callable[[_Walk, ast.AST], None]:
    method: Callable[[_Walk, ast.AST], None] = getattr(_Walk, f"visit_{kind}", _Walk.generic_visit)
    return method


def _root(value: ast.expr) -> str | None:
    """The name that `a.b[0].c` begins with."""
    while isinstance(value, ast.Attribute | ast.Subscript | ast.Starred):
        value = value.value
    return value.id if isinstance(value, ast.Name) else None


def _second_names(statement: ast.stmt) -> dict[str, str]:
    match statement:
        case ast.Assign(targets=targets, value=ast.Name(id=first)):
            return {target.id: first for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=second), value=ast.Name(id=first)):
            return {second: first}
        case _:
            return {}


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None)


def _bound_in(body: Iterable[ast.AST]) -> frozenset[str]:
    """The names that code binds in its own scope."""
    return frozenset(name for node in _same_scope(body) for name in _bound_by(node))


def _declared_global(body: Iterable[ast.AST]) -> frozenset[str]:
    declarations = (node for node in _same_scope(body) if isinstance(node, ast.Global))
    return frozenset(name for declaration in declarations for name in declaration.names)


def _same_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that may bind names in the scope of `nodes`, those of functions and classes in it left out."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind in _BINDING:
            yield node
        if kind in _COMPREHENSIONS:
            # `:=` in a comprehension binds outside of it.
            yield from (inner.target for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
        elif kind not in _SCOPES:
            waiting += _parts(node)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    for name in node._fields:
        part = getattr(node, name, None)
        if isinstance(part, list):
            yield from (each for each in part if isinstance(each, ast.AST))
        elif isinstance(part, ast.AST) and type(part) not in _BARREN:
            yield part


_COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
_SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})
_BINDING = frozenset(
    {
        *(ast.Name, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.alias, ast.Global),
        *(ast.MatchAs, ast.MatchStar, ast.MatchMapping),
    }
)


def _bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.alias():
            yield node.asname or node.name.partition(".")[0]
