"""Every example in a docstring is run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

PACKAGES = ("beamlike", "nodes", "flame", "notebook_tui")


def modules() -> list[str]:
    found: list[str] = []
    for name in PACKAGES:
        package = importlib.import_module(name)
        found.append(name)
        found += [module.name for module in pkgutil.walk_packages(package.__path__, f"{name}.")]
    return [module for module in found if not module.endswith("__main__")]


@pytest.mark.parametrize("name", modules())
def test_the_examples_hold(name: str) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in doctest.DocTestFinder().find(importlib.import_module(name), name):
        # Not `doctest.testmod`: that runs also what has no examples, and each run looks at every source file there is.
        if test.examples:
            runner.run(test)
    assert runner.failures == 0
