"""W6-W8 between two processes of one machine: `python -m tests.bench.distribution [ROUNDS] [--only w6 ...]`.

The same rounds, options and lines as `tests.bench.kernel`; the limit is a bare protocol of length-prefixed frames.
"""

from __future__ import annotations

import signal
import sys

from tests.bench.kernel.__main__ import main as in_rounds

CASES = ("w6", "w7", "w8")


def main(arguments: list[str]) -> None:
    in_rounds(arguments if "--only" in arguments else [*arguments, "--only", *CASES])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    main(sys.argv[1:])
