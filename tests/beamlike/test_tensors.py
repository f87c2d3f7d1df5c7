"""Tensors cross nodes by their memory: equal in every way that matters over there, and never copied into a pickle."""

from __future__ import annotations

import asyncio
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import beamlike as bl
from beamlike.code.codec import CodeCodec
from tests.support.peers import Peers, among_peers

torch = pytest.importorskip("torch", reason="torch is not installed: make setup EXTRAS=torch")

from beamlike.tensors.torch_tensors import rebuild_tensor  # noqa: E402  # which imports torch


@pytest.fixture(autouse=True, scope="module")
def tensors_travel() -> None:
    from beamlike.tensors.travel import install

    install()


def crossed(value: Any) -> Any:
    """As it is on another node."""
    codec = CodeCodec("test@127.0.0.1")
    encoded = codec.encode(value)
    return codec.decode(encoded.data, [bytearray(buffer) for buffer in encoded.buffers])


def pickled_size(value: Any) -> int:
    return len(CodeCodec("test@127.0.0.1").encode(value).data)


LARGE = torch.arange(600 * 400, dtype=torch.float32).reshape(600, 400)
CASES: dict[str, Callable[[], Any]] = {
    "zero-dimensional": lambda: torch.tensor(3.5),
    "empty": lambda: torch.empty(0, 3),
    "bool": lambda: torch.tensor([True, False]),
    "int8": lambda: torch.arange(5, dtype=torch.int8),
    "float16": lambda: torch.ones(3, dtype=torch.float16),
    "bfloat16": lambda: torch.randn(300, 300).to(torch.bfloat16),
    "complex": lambda: torch.randn(4, 4, dtype=torch.complex64),
    "conjugated": lambda: torch.randn(200, 200, dtype=torch.complex64).conj(),
    "large": lambda: LARGE,
    "transposed": lambda: LARGE.t(),
    "channels last": lambda: torch.randn(2, 3, 64, 64).to(memory_format=torch.channels_last),
    "every second row": lambda: LARGE[::2],
    "a column": lambda: LARGE[:, 7],
    "expanded": lambda: torch.tensor([1.0, 2.0]).expand(1000, 2),
    "sparse": lambda: torch.eye(100).to_sparse(),
    "compressed sparse rows": lambda: torch.eye(100).to_sparse_csr(),
    "sparse that wants a gradient": lambda: torch.eye(100).to_sparse().requires_grad_(),
    "compressed sparse columns that want a gradient": lambda: torch.eye(100).to_sparse_csc().requires_grad_(),
    "quantised": lambda: torch.quantize_per_tensor(torch.randn(50, 50), 0.1, 0, torch.qint8),
    "a leaf that wants a gradient": lambda: torch.ones(3, requires_grad=True),
    "a parameter": lambda: torch.nn.Parameter(torch.randn(200, 100)),
    "a frozen parameter": lambda: torch.nn.Parameter(torch.ones(2), requires_grad=False),
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch warns of its own layouts
@pytest.mark.parametrize("name", CASES)
def test_a_tensor_arrives_as_it_was(name: str) -> None:
    sent = CASES[name]()
    there = crossed(sent)
    assert type(there) is type(sent)
    assert (there.dtype, there.shape, there.device, there.layout) == (sent.dtype, sent.shape, sent.device, sent.layout)
    assert there.requires_grad == sent.requires_grad
    as_dense = (lambda it: it.dequantize()) if sent.is_quantized else (lambda it: it.to_dense())
    if sent.layout is torch.strided and not sent.is_quantized:
        as_dense = torch.Tensor.detach
    assert torch.equal(as_dense(there), as_dense(sent))
    assert there.is_leaf


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ["empty", "large", "sparse", "compressed sparse rows", "quantised"])
def test_a_tensor_arrives_on_its_own_device_whatever_the_default_is(name: str) -> None:
    sent = CASES[name]()
    with torch.device("meta"):
        there = crossed(sent)
    assert there.device == sent.device == torch.device("cpu")


def test_a_jagged_tensor_arrives_and_a_nested_one_of_the_older_layout_is_refused_in_words() -> None:
    parts = [torch.ones(2), torch.zeros(3)]
    there = crossed(torch.nested.nested_tensor(parts, layout=torch.jagged, requires_grad=True))
    assert [part.tolist() for part in there.unbind()] == [[1, 1], [0, 0, 0]]
    assert there.requires_grad
    with warnings.catch_warnings(action="ignore"):  # torch warns of that layout
        older = torch.nested.nested_tensor(parts)
    with pytest.raises(Exception, match=r"got a nested one: send its parts"):
        crossed(older)


@pytest.mark.parametrize("name", ["large", "transposed", "channels last", "bfloat16", "a parameter"])
def test_its_memory_is_not_copied_into_the_pickle_and_lies_there_in_the_same_order(name: str) -> None:
    sent = CASES[name]()
    codec = CodeCodec("test@127.0.0.1")
    encoded = codec.encode(sent)
    assert len(encoded.data) < 1000
    [buffer] = encoded.buffers
    assert memoryview(buffer).nbytes == sent.numel() * sent.element_size()
    there = codec.decode(encoded.data, [bytearray(buffer)])
    assert there.stride() == sent.stride()


def test_of_a_view_only_what_it_shows_travels() -> None:
    [buffer] = CodeCodec("test@127.0.0.1").encode(LARGE[:200]).buffers
    assert memoryview(buffer).nbytes == 200 * 400 * 4
    assert pickled_size(LARGE[0, :3]) < 1000


def test_what_arrived_can_be_written_to() -> None:
    for sent in (LARGE, torch.ones(3)):
        there = crossed(sent)
        there += 1
        assert torch.equal(there, sent + 1)


def jagged() -> Any:
    return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "leaf",
    [lambda: torch.ones(3), CASES["sparse"], CASES["compressed sparse rows"], jagged, lambda: torch.ones(3).to("meta")],
    ids=["dense", "sparse", "compressed", "jagged", "meta"],
)
def test_a_tensor_with_a_history_of_gradients_is_refused_in_words(leaf: Callable[[], Any]) -> None:
    with_a_history = leaf().requires_grad_() * 2
    with pytest.raises(Exception, match=r"send tensor\.detach\(\)"):
        crossed({"loss": with_a_history})
    assert not crossed(with_a_history.detach()).requires_grad


def test_modules_and_their_states_travel_with_what_is_tied_in_them() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(300, 300), torch.nn.Linear(300, 300), torch.nn.BatchNorm1d(300))
    model[1].weight = model[0].weight
    there = crossed(model)
    assert there[0].weight is there[1].weight
    assert pickled_size(model) < 20_000
    for name, value in crossed(model.state_dict()).items():
        assert torch.equal(value, model.state_dict()[name])
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 300)).sum().backward()
    optimizer.step()
    state = crossed(optimizer.state_dict())["state"][0]["exp_avg"]
    assert torch.equal(state, optimizer.state_dict()["state"][0]["exp_avg"])


def test_a_tensor_of_a_device_that_is_not_here_is_refused_unless_this_node_has_said_where_it_is_to_be_put() -> None:
    parts = (bytearray(12), torch.float32, (3,), (1,), "cuda:64", False, False)
    with pytest.raises(ValueError, match=r"expected a device cuda:64 .* send tensor\.cpu\(\), or say here"):
        rebuild_tensor(*parts)
    bl.land_tensors_on("cpu")
    try:
        assert torch.equal(rebuild_tensor(*parts), torch.zeros(3))
    finally:
        bl.land_tensors_on(None)
    with pytest.raises(RuntimeError, match="device"):
        bl.land_tensors_on("the moon")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU: run it on a machine with one")
def test_a_tensor_of_a_gpu_is_put_on_a_gpu() -> None:
    sent = torch.arange(100_000, device="cuda")
    there = crossed(sent)
    assert there.device == sent.device
    assert torch.equal(there, sent)


def test_two_views_of_one_memory_are_two_tensors_there() -> None:
    memory = torch.zeros(4)
    one, other = crossed((memory[:2], memory))
    one += 1
    assert other.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_travels_by_its_memory_and_is_as_writable_as_it_was(order: Any) -> None:
    sent = np.arange(200_000.0).reshape(400, 500, order=order)
    sent.flags.writeable = False
    there = crossed(sent)
    assert pickled_size(sent) < 1000
    assert there.flags[f"{order}_CONTIGUOUS"]
    assert np.array_equal(there, sent)
    assert not there.flags.writeable
    assert crossed(sent.copy(order=order)).flags.writeable
    for value in (np.array(3.5), np.empty((0, 3)), sent[::7, ::3], np.array(["a", "bc"]), np.array([1j])):
        there = crossed(value)
        assert (there.dtype, there.shape, there.tolist()) == (value.dtype, value.shape, value.tolist())


def test_frames_travel_by_the_memory_of_their_columns() -> None:
    columns = {"number": np.arange(50_000), "share": np.linspace(0, 1, 50_000)}
    frame = pd.DataFrame(columns)
    assert pickled_size(frame) < 3_000
    pd.testing.assert_frame_equal(crossed(frame), frame)
    table = pl.DataFrame(columns).with_columns(word=pl.lit("a word"), missing=pl.lit(None, pl.Int8))
    assert pickled_size(table) < 3_000
    assert crossed(table).equals(table)
    assert crossed(table).schema == table.schema
    series = table["share"]
    assert crossed(series).equals(series)
    assert crossed(series).name == "share"
    assert crossed(pl.DataFrame()).equals(pl.DataFrame())


def test_what_polars_knows_to_be_sorted_is_so_there() -> None:
    columns = {"up": [1, 2, None], "down": ["c", "b", "a"], "mixed": [2, 1, 3]}
    table = pl.DataFrame(columns)
    table = table.with_columns(table["up"].sort(nulls_last=True), table["down"].sort(descending=True))
    there = crossed(table)
    assert [column.flags for column in there] == [column.flags for column in table]
    assert there["up"].flags["SORTED_ASC"]
    assert there["down"].flags["SORTED_DESC"]
    assert crossed(table["down"]).flags == table["down"].flags
    assert crossed(pl.Series([[1], [2]])).to_list() == [[1], [2]]


def test_attributes_of_a_tensor_go_along() -> None:
    sent = torch.ones(2)
    sent.label = "of the user"
    assert crossed(sent).label == "of the user"


def test_pickle_outside_of_nodes_is_as_it_was() -> None:
    assert torch.equal(pickle.loads(pickle.dumps(LARGE)), LARGE)
    assert b"beamlike" not in pickle.dumps(torch.ones(2))


def mean_of(tensor: Any) -> tuple[float, bool]:
    return tensor.mean().item(), tensor.is_contiguous()


@among_peers
async def test_a_tensor_of_many_megabytes_reaches_another_node_and_comes_back(started: Peers) -> None:
    peer = await started.start("there")
    await bl.connect(peer.node)
    sent = torch.arange(4 << 20, dtype=torch.float32).reshape(2048, 2048)
    assert await bl.rpc.call(peer.node, mean_of, sent) == (sent.mean().item(), True)
    async with asyncio.timeout(30):
        back = await bl.rpc.call(peer.node, torch.flip, sent, [0], timeout=30)
    assert torch.equal(back, sent.flip(0))
