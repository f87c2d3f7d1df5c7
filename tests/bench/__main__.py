"""All benchmarks, or those that are named: `python -m tests.bench [NAME ...]`.

One JSON line per figure (see `lines`); docs/performance.md says what they mean. Each runs in an interpreter of its own,
so that none finds the memory, the garbage or the event loop of another.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def benchmarks() -> list[str]:
    """The modules of this folder that measure something when run, and the packages."""
    modules = {path.stem for path in HERE.glob("[a-z]*.py") if "\ndef main(" in path.read_text()}
    return sorted(modules | {path.parent.name for path in HERE.glob("*/__main__.py")})


def main(names: list[str]) -> int:
    known = benchmarks()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"expected names out of {', '.join(known)}, got {', '.join(unknown)}", file=sys.stderr)
        return 2
    failed = [name for name in names or known if not runs(name)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def runs(name: str) -> bool:
    # Notebooks that they write are not asked about.
    environment = os.environ | {"BEAMLIKE_TRUSTED": tempfile.gettempdir()}
    words = [sys.executable, "-m", f"tests.bench.{name}"]
    return subprocess.run(words, cwd=ROOT, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
