"""Fuzzes with atheris: `python -m tests.fuzz` lists the targets, `python -m tests.fuzz TARGET SECONDS` runs one.

What it has found lies in the working directory as crash-...; give that file as a further argument to run it again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["beamlike.distribution"]):
    from tests.fuzz.targets import TARGETS, seeds


def main(name: str, seconds: int, found: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="beamlike-fuzz-") as corpus:
        for number, seed in enumerate(seeds(name)):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024", "-max_len=8192"]
        atheris.Setup([sys.argv[0], *limits, *(found or [corpus])], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            print(*TARGETS)
        case [name, seconds, *found] if name in TARGETS:
            main(name, int(seconds), found)
        case _:
            sys.exit(f"expected one of {', '.join(TARGETS)} and the seconds to run for, got {sys.argv[1:]}")
