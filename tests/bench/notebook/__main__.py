"""All benchmarks of the notebook's engine, each in an interpreter of its own: `python -m tests.bench.notebook`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    modules = sorted(path.stem for path in HERE.glob("[a-z]*.py"))
    codes = [subprocess.run([sys.executable, "-m", f"tests.bench.notebook.{each}"], check=False) for each in modules]
    return max(code.returncode for code in codes)


if __name__ == "__main__":
    sys.exit(main())
