"""The README's programs are run as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def program(name: str) -> str:
    """The Python block of the README whose first line names it."""
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if block.startswith(f"# {name}"))


def run(code: str, directory: Path) -> list[str]:
    script = directory / "program.py"
    script.write_text(code, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, script], cwd=directory, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_a_script_drives_a_pool(tmp_path: Path) -> None:
    lines = sorted(run(program("count.py"), tmp_path))
    assert [line.split()[:2] for line in lines] == [["apple", "4"], ["banana", "3"], ["fig", "3"]]


def test_a_service_is_reached_from_another_program_and_from_a_notebook(tmp_path: Path) -> None:
    shop = tmp_path / "shop.py"
    shop.write_text(program("shop.py"), encoding="utf-8")
    with subprocess.Popen([sys.executable, shop], stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None
            assert service.stdout.readline() == "open\n"
            assert run(program("buy.py"), tmp_path) == ["7", "True"]
            notebook = tmp_path / "shop.livemd"
            notebook.write_text(f"# Shop\n\n## One\n\n```python\n{program('a cell')}```\n", encoding="utf-8")
            command = f"from notebook_tui.cli.main import main; main(['run', {str(notebook)!r}])"
            assert run(command, tmp_path)[-2:] == ["on shop@127.0.0.1", "True"]
        finally:
            service.kill()


def test_the_readme_names_only_make_targets_that_exist() -> None:
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:^|`)make ([a-z]+)", README.read_text(encoding="utf-8"), re.MULTILINE))
    assert {"notebook", "test"} <= targets
    assert {target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()
