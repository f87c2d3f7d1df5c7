"""64 children that have torch and a BERT of transformers before they are born, forked from one process that imported
them: how long until all can be called, and what they weigh together (PSS), before and after each has trained a little.

`python -m tests.bench.torch_children [CHILDREN]`. Needs `make setup EXTRAS=demos`; without, it says so and ends. Beside
the sum of the PSS stands that of the resident memory, which is what as many programs would need that share nothing.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
import time
from pathlib import Path
from statistics import median

import beamlike as bl
import flame
import nodes
from tests.bench.lines import emit

CHILDREN = 64
ROUNDS = 3
STEPS = 20
PRELOAD = ("torch", "transformers.models.bert.modeling_bert")
SECONDS = 600.0


def trained(steps: int) -> int:
    """A child after so many steps of a small BERT; its pid."""
    import torch
    from transformers.models.bert.configuration_bert import BertConfig
    from transformers.models.bert.modeling_bert import BertForSequenceClassification

    torch.set_num_threads(1)
    size = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    model = BertForSequenceClassification(BertConfig(vocab_size=2_000, num_labels=3, **size))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    words, labels = torch.randint(2_000, (16, 36)), torch.randint(3, (16,))
    for _ in range(steps):
        model(input_ids=words, labels=labels).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    return os.getpid()


async def measure(children: int) -> None:
    async with bl.Node("bench@127.0.0.1", secret=b"of the benchmarks alone"):
        backend = nodes.Local(preload=PRELOAD)
        began = time.perf_counter()
        await backend.warm()
        emit("beamlike", "torch_children", "zygote_ready", "s", time.perf_counter() - began)
        ready = [await ready_after(backend, children) for _ in range(ROUNDS - 1)]
        pool, seconds = await started(backend, children)
        emit("beamlike", "torch_children", "ready", "s", median([*ready, seconds]), n=children)
        await weigh(pool, children, "before")
        began = time.perf_counter()
        await asyncio.gather(*(pool.call(trained, STEPS, timeout=None) for _ in range(children)))
        emit("beamlike", "torch_children", "trained", "s", time.perf_counter() - began, n=children, steps=STEPS)
        await weigh(pool, children, "after")
        await pool.stop()


async def started(backend: nodes.Backend, children: int) -> tuple[flame.Pool, float]:
    """The pool, and the seconds until all its children could be called."""
    began = time.perf_counter()
    pool = await flame.Pool.start(name="bench", backend=backend, min=children, max=children, boot_timeout=SECONDS)
    return pool, time.perf_counter() - began


async def ready_after(backend: nodes.Backend, children: int) -> float:
    pool, seconds = await started(backend, children)
    await pool.stop()
    return seconds


async def weigh(pool: flame.Pool, children: int, when: str) -> None:
    """Of the children, without the process that they were forked from."""
    pids = [int(runner.where.rpartition(" ")[2]) for runner in (await pool.stats()).runners]
    found = await asyncio.gather(*(asyncio.to_thread(memory_of, pid) for pid in pids))
    for name in ("Pss", "Rss"):
        sizes = [sizes[name] / 1024 for sizes in found]
        emit("beamlike", "torch_children", f"{name.lower()}_of_all", "MiB", sum(sizes), n=children, when=when)
        emit("beamlike", "torch_children", f"{name.lower()}_of_one", "MiB", median(sizes), n=children, when=when)


def memory_of(pid: int) -> dict[str, int]:
    """In kilobytes, by the names of the kernel."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}


def main() -> None:
    if importlib.util.find_spec("transformers") is None:
        print("left out: transformers is not installed (make setup EXTRAS=demos)", file=sys.stderr)
        return
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else CHILDREN))


if __name__ == "__main__":
    main()
