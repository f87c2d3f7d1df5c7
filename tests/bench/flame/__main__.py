"""W12: calls of a pool, beside the pools of the standard library and Erlang's calls between nodes, in one run."""

from __future__ import annotations

import asyncio
import sys

from tests.bench.flame import calls, orphans, standard_pools


def main() -> None:
    standard_pools.main()
    asyncio.run(calls.main())
    try:
        import uvloop
    except ImportError:
        pass
    else:
        uvloop.run(calls.main())
    orphans.main()


if __name__ == "__main__":
    sys.exit(main())
