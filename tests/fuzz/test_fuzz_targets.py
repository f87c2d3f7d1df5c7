"""The fuzz targets: with random bytes, with what a real peer sends, a little changed, and by atheris where it is."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, seeds
from tests.support.soak import count

ROOT = Path(__file__).parents[2]
SECONDS = count(3, 30)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=6000))
def test_random_bytes_do_no_harm(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
def test_what_a_real_peer_sends_with_a_change_somewhere_does_no_harm(name: str, data: st.DataObject) -> None:
    seed = bytearray(data.draw(st.sampled_from(seeds(name))))
    start = data.draw(st.integers(0, len(seed)))
    seed[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    TARGETS[name](bytes(seed))


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed; `make fuzz` installs it"
)
@pytest.mark.parametrize("name", TARGETS)
def test_atheris_finds_nothing(name: str, tmp_path: Path) -> None:
    fuzzer = [sys.executable, "-m", "tests.fuzz", name, str(SECONDS)]
    run = subprocess.run(
        fuzzer, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=SECONDS + 100
    )
    assert run.returncode == 0, run.stderr[-3000:]
