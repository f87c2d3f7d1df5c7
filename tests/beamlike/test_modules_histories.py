"""Whatever is edited, an import there gives what a fresh interpreter at the origin would get."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.module_nodes import ModuleNodes, module_nodes

A, B, C = "a@127.0.0.1", "b@127.0.0.1", "c@127.0.0.1"

NAMES = ("other", "helper", "pkg.x", "pkg.y.z", "pkg")
"""Each may import those behind it."""
FILES = {"pkg": "pkg/__init__.py", "pkg.y.z": "pkg/y/z.py", "pkg.x": "pkg/x.py"}


@dataclass(frozen=True)
class Write:
    name: str
    number: int
    imports: tuple[str, ...]

    @property
    def text(self) -> str:
        lines = [f"import {name}" for name in self.imports]
        return "\n".join([*lines, f"value = {' + '.join([str(self.number), *(f'{it}.value' for it in self.imports)])}"])


@dataclass(frozen=True)
class Delete:
    name: str


@dataclass(frozen=True)
class Import:
    name: str


Step: TypeAlias = Write | Delete | Import


@dataclass
class Origin:
    """What is there, and what importing it gives: a number, or None where a module is missing."""

    files: dict[str, Write] = field(
        default_factory=lambda: {"pkg": Write("pkg", 0, ()), "pkg.y": Write("pkg.y", 0, ())}
    )

    def value(self, name: str) -> int | None:
        outer = name.rpartition(".")[0]
        if name not in self.files or (outer and self.value(outer) is None):
            return None
        parts = [self.value(it) for it in self.files[name].imports]
        known = [part for part in parts if part is not None]
        return self.files[name].number + sum(known) if len(known) == len(parts) else None


def writes(name: str) -> st.SearchStrategy[Write]:
    behind = NAMES[NAMES.index(name) + 1 :]
    imports = st.lists(st.sampled_from(behind), unique=True, max_size=2).map(tuple) if behind else st.just(())
    return st.builds(Write, st.just(name), st.integers(0, 99), imports)


STEPS = st.one_of(
    st.sampled_from(NAMES).flatmap(writes),
    st.sampled_from(NAMES).map(Import),
    st.sampled_from([name for name in NAMES if name != "pkg"]).map(Delete),
)


def perform(nodes: ModuleNodes, origin: Origin, step: Step) -> None:
    match step:
        case Write():
            origin.files[step.name] = step
            nodes.write(A, **{FILES.get(step.name, f"{step.name}.py"): step.text})
        case Delete(name):
            if origin.files.pop(name, None) is not None:
                (nodes.path / A / FILES.get(name, f"{name}.py")).unlink()
        case Import(name):
            try:
                value = importlib.import_module(name).value
            except ModuleNotFoundError:
                value = None
            assert value == origin.value(name)


@pytest.mark.parametrize("last", [B, C])
@given(steps=st.lists(STEPS, max_size=25))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_an_import_gives_what_it_would_give_at_the_origin(
    tmp_path_factory: pytest.TempPathFactory, last: str, steps: list[Step]
) -> None:
    """Straight from it, or through a node in between."""
    with module_nodes(tmp_path_factory.mktemp("nodes"), A, B, C) as nodes:
        origin = Origin()
        nodes.write(A, **{"pkg/__init__.py": origin.files["pkg"].text, "pkg/y/__init__.py": origin.files["pkg.y"].text})
        for step in steps:
            nodes.tell(A, B)
            if last == C:
                nodes.tell(B, C)
            nodes.only(last)
            perform(nodes, origin, step)
