"""W11, a function that ships with what it captures, beside Erlang: `python -m tests.bench.code [ROUNDS]`.

The same rounds, options and lines as `tests.bench.kernel`. `tests.bench.pickling` and `tests.bench.edited_cell` measure
the rest of what code costs on its way.
"""

from __future__ import annotations

import signal
import sys

from tests.bench.kernel.__main__ import main as in_rounds


def main(arguments: list[str]) -> None:
    in_rounds(arguments if "--only" in arguments else [*arguments, "--only", "w11"])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    main(sys.argv[1:])
