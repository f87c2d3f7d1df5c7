"""What .ci/kubernetes makes of a cluster that cannot be made, which fails nothing, and of a test that fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "kubernetes"
WORKS = "#!/bin/sh\nexit 0\n"
BROKEN = "#!/bin/sh\necho it broke\nexit 7\n"
NO_CLUSTER = "No real Kubernetes"


class Checkout:
    """The script beside tools and a Makefile that do nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tools, self.path = folder, folder / "tools", folder / "path"
        (folder / ".ci").mkdir()
        shutil.copy(SCRIPT, folder / ".ci")
        for name in ("build", "image", "up", "down"):
            self.tool(name, WORKS)
        self.tool("run", '#!/bin/sh\nexec "$@"\n')
        self.makes("true", "true")
        self.says_of_us("0")

    def tool(self, name: str, text: str) -> None:
        self._program(self.tools / name, text)

    def says_of_us(self, number: str) -> None:
        """Whether we are root."""
        self._program(self.path / "id", f"#!/bin/sh\necho {number}\n")

    def makes(self, dist: str, tests: str) -> None:
        made = "\t@mkdir -p dist && touch dist/a.whl\n"
        (self.folder / "Makefile").write_text(f"dist:\n{made}\t@{dist}\ntest-k8s:\n\t@{tests}\n")

    def _program(self, path: Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def run(self) -> tuple[int, str]:
        environ = {**os.environ, "K8S_TOOLS": str(self.tools), "PATH": f"{self.path}:{os.environ['PATH']}"}
        environ.pop("MAKEFLAGS", None)
        command = [str(self.folder / ".ci" / "kubernetes")]
        ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
        return ended.returncode, ended.stdout

    def run_to_the_tests(self) -> tuple[int, str]:
        status, said = self.run()
        if NO_CLUSTER in said:
            pytest.skip(said)
        return status, said


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.mark.parametrize("tool", ["build", "image", "up", "run"])
def test_a_cluster_that_cannot_be_made_is_told_and_fails_nothing(checkout: Checkout, tool: str) -> None:
    checkout.tool(tool, BROKEN)
    status, said = checkout.run()
    assert (status, NO_CLUSTER in said) == (0, True)


def test_missing_tools_are_told_and_fail_nothing(checkout: Checkout) -> None:
    shutil.rmtree(checkout.tools)
    status, said = checkout.run()
    assert (status, f"there is no {checkout.tools}/build" in said) == (0, True)


def test_who_is_not_root_is_told_and_fails_nothing(checkout: Checkout) -> None:
    checkout.says_of_us("1000")
    status, said = checkout.run()
    assert (status, "it needs root" in said) == (0, True)


def test_a_wheel_that_cannot_be_made_is_told_and_fails_nothing(checkout: Checkout) -> None:
    checkout.makes("exit 1", "true")
    status, said = checkout.run()
    assert (status, NO_CLUSTER in said) == (0, True)


@pytest.mark.parametrize("down", [WORKS, BROKEN])
def test_a_test_that_fails_fails_it(checkout: Checkout, down: str) -> None:
    checkout.tool("down", down)
    checkout.makes("true", "exit 1")
    status, _ = checkout.run_to_the_tests()
    assert status != 0


def test_tests_that_pass_pass_it_though_the_cluster_cannot_be_taken_down(checkout: Checkout) -> None:
    checkout.tool("down", BROKEN)
    status, said = checkout.run_to_the_tests()
    assert status == 0
    assert "could not be taken down" in said
