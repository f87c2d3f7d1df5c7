"""The image of children and runtimes: what can be seen of it where no images are built."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def instructions() -> list[tuple[str, str]]:
    """Of the Dockerfile, each on one line."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last(word: str) -> str:
    return [rest for it, rest in instructions() if it == word][-1]


def is_sent(path: str) -> bool:
    """Whether `.dockerignore` lets it through: the last line that fits counts."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and any(fnmatch.fnmatch(it, pattern) for it in (path, path.split("/")[0])):
            sent = line.startswith("!")
    return sent


def copied() -> list[str]:
    from_here = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and not rest.startswith("--from")]
    return [path for paths in from_here for path in paths]


def test_all_that_is_copied_is_there_and_sent_to_the_builder() -> None:
    assert set(copied()) >= {"beamlike", "nodes", "flame", "notebook_tui", "pyproject.toml"}
    for path in copied():
        assert (ROOT / path).exists(), path
        assert is_sent(path), path


@pytest.mark.parametrize("path", [".git", ".venv", "tests", "secret.key", ".env", "dist"])
def test_what_is_no_part_of_the_package_is_not_sent(path: str) -> None:
    assert not is_sent(path)


def test_all_that_the_wheel_is_made_of_is_copied() -> None:
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*targets["packages"], *targets["force-include"]} <= set(copied())


def test_it_runs_a_child_as_a_user_that_is_not_root_under_an_init() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER"))
    assert last("ENTRYPOINT") == '["tini", "-g", "--"]'
    assert last("CMD") == '["python", "-m", "nodes.child"]'


def test_the_base_is_an_argument_so_that_it_can_be_named_by_digest() -> None:
    bases = {rest.split()[0] for word, rest in instructions() if word == "FROM"}
    assert bases == {"${PYTHON_IMAGE}"}


def test_the_extras_that_are_installed_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    [default] = [rest.partition("=")[2] for word, rest in instructions() if word == "ARG" and rest.startswith("EXTRAS")]
    assert set(default.split(",")) <= extras.keys()


WITHOUT = """
import sys

class Missing:
    allowed = {*sys.stdlib_module_names, "beamlike", "nodes", "flame", "notebook_tui", *%r}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in self.allowed:
            raise ModuleNotFoundError(f"No module named {name!r}, as in the image", name=name)

sys.meta_path.insert(0, Missing())
"""
INSTALLED = ("cloudpickle", "msgpack", "packaging", "uvloop", "cryptography", "cffi", "_cffi_backend")


@pytest.mark.parametrize(
    "module", ["nodes.child", "nodes.tunnels.landing", "beamlike.distribution.tls_contexts", "flame"]
)
def test_what_a_child_runs_needs_only_what_is_installed(module: str) -> None:
    code = f"{WITHOUT % (INSTALLED,)}\nimport {module}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
