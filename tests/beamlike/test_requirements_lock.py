"""Locks, what is missing of one, and where an environment stands on the path: values, with no I/O."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.code.requirements.closure import Closure, Installed, closure
from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.errors import BadRequirements
from beamlike.code.requirements.lock import Lock, Pin, environment_key, platform_here
from beamlike.code.requirements.search_path import with_environment

PINS = st.builds(
    Pin.of,
    st.sampled_from(["rich", "Typing_Extensions", "zope.interface", "a--b"]),
    st.sampled_from(["1.0", "2024.1.post1", "2.13.0+cpu", "1!0.1rc2"]),
    st.sampled_from([None, "git+https://host/x.git@0f3a", "https://host/x-1.0-py3-none-any.whl#sha256=ab"]),
    st.lists(st.sampled_from(["sha256:ab", "sha256:cd"]), max_size=2),
)


@given(st.lists(PINS, max_size=4), st.sampled_from([None, ">=3.11"]))
def test_a_lock_travels_as_plain_text(pins: list[Pin], python: str | None) -> None:
    lock = Lock(Requirements.of(["rich>=13; python_version > '3'"], python), tuple(pins), "cp311-cp311-any")
    assert Lock.from_bytes(lock.to_bytes()) == lock
    assert json.loads(lock.to_bytes())["platform"] == "cp311-cp311-any"


@pytest.mark.parametrize(
    "change",
    [
        {"pins": [{"name": "a\n--index-url=http://x", "version": "1", "url": None, "hashes": []}]},
        {"pins": [{"name": "a", "version": "1 --index-url=http://x", "url": None, "hashes": []}]},
        {"pins": [{"name": "a", "version": "1", "url": "http://x\n-r /etc/passwd", "hashes": []}]},
        {"pins": [{"name": "a", "version": "1", "url": None, "hashes": ["sha256:ab --pre"]}]},
        {"pins": [{"name": "a", "version": "1", "url": "https://me:secret@x/a.whl", "hashes": []}]},
        {"requirements": {"dependencies": ["a @ https://me:secret@x/a.whl"], "requires_python": None}},
        {"pins": [{"name": "a", "version": "1", "more": 1, "hashes": []}]},
        {"pins": 1},
        {"requirements": {"dependencies": ["a\n--pre"], "requires_python": None}},
        {"requirements": None},
    ],
)
def test_what_is_no_lock_is_refused_before_an_installer_reads_it(change: dict[str, object]) -> None:
    whole = json.loads(Lock(Requirements.of(["a"]), (Pin("a", "1"),), "p").to_bytes())
    with pytest.raises(BadRequirements) as caught:
        Lock.from_bytes(json.dumps({**whole, **change}).encode())
    assert "secret" not in str(caught.value)


def test_an_environment_is_named_by_what_is_in_it_and_whom_it_is_for() -> None:
    one, other = Pin("a", "1.0", hashes=("sha256:ab",)), Pin("b", "1.0")
    key = environment_key([one, other], "p")
    assert key == environment_key([other, one], "p")
    assert len({key, environment_key([one], "p"), environment_key([one, Pin("b", "2.0")], "p")}) == 3
    assert key != environment_key([Pin("a", "1.0", hashes=("sha256:cd",)), other], "p")
    assert key != environment_key([one, other], "q")


def test_a_version_is_met_however_it_is_written() -> None:
    assert Pin("a", "1.0").is_met_by(Installed("a", "1.0.0"))
    assert Pin("a", "1.0rc1").is_met_by(Installed("a", "1.0-rc.1"))
    assert not Pin("a", "1.0").is_met_by(Installed("a", "1.0.1"))
    assert not Pin("a", "1.0").is_met_by(Installed("a", "unknown"))


def test_a_version_is_met_by_a_file_that_it_may_be_made_of() -> None:
    pin = Pin("a", "1.0", hashes=("sha256:ab", "sha256:cd"))
    assert pin.is_met_by(Installed("a", "1.0", hashes=("sha256:cd", "sha256:ef")))
    assert not pin.is_met_by(Installed("a", "1.0", hashes=("sha256:ef",)))
    assert not pin.is_met_by(Installed("a", "1.1", hashes=("sha256:ab",)))
    assert pin.is_met_by(Installed("a", "1.0"))
    assert Pin("a", "1.0").is_met_by(Installed("a", "1.0", hashes=("sha256:ef",)))


def test_what_is_locked_by_its_url_is_met_by_what_came_from_there() -> None:
    pin = Pin("a", "1.0", "git+https://host/a@0f3a")
    assert pin.is_met_by(Installed("a", "1.0", url="git+https://host/a@0f3a"))
    assert not pin.is_met_by(Installed("a", "1.0", url="git+https://host/a@4b5c"))
    assert not pin.is_met_by(Installed("a", "1.0"))


def test_the_platform_tells_the_python_and_the_libc() -> None:
    version = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert platform_here().startswith(version)
    assert "-linux_" not in platform_here()


THERE = {
    "a": Installed("a", "1.0", ("b>=2", "c; extra == 'more'", "w; sys_platform == 'win32'", "not a requirement!")),
    "b": Installed("b", "2.5", ("a",)),
    "c": Installed("c", "1.0rc1"),
    "d": Installed("d", "1.0", ("a[more]", "missing>=1", "old<2")),
    "old": Installed("old", "2.0", ("never",)),
    "p": Installed("p", "1.0", ("v @ https://me:secret@host/v.whl",)),
    "u": Installed("u", "1.0", url="git+https://host/u@0f3a", asked_for=frozenset({"git+https://host/u@main"})),
}


@pytest.mark.parametrize(
    ("asked", "present", "missing"),
    [
        (["a"], ["a", "b"], []),
        (["a[more]"], ["a", "b", "c"], []),
        (["a", "a[more]"], ["a", "b", "c"], []),
        (["A>=2"], [], ["A>=2"]),
        (["d"], ["a", "b", "c", "d"], ["missing>=1", "old<2"]),
        (["c>=1.0rc1"], ["c"], []),
        (["w; sys_platform == 'win32'"], [], []),
        (["u @ git+https://host/u@main"], ["u"], []),
        (["u @ git+https://me@host/u@main"], ["u"], []),
        (["u @ git+https://host/u@0f3a"], ["u"], []),
        (["p"], ["p"], ["v@ https://host/v.whl"]),
        (["u @ git+https://host/u@other"], [], ["u@ git+https://host/u@other"]),
        (["beamlike>=99"], [], []),
    ],
)
def test_requirements_are_followed_to_all_that_they_need(
    asked: list[str], present: list[str], missing: list[str]
) -> None:
    found = closure(asked, THERE.get)
    assert [each.name for each in found.present] == present
    assert [text.replace(" @", "@") for text in found.missing] == missing


def test_nothing_asked_for_needs_nothing() -> None:
    assert closure([], THERE.get) == Closure((), ())


GRAPHS = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3))


@given(GRAPHS, st.lists(st.sampled_from("abcdef"), max_size=2))
def test_whatever_the_graph_all_that_can_be_reached_is_present_or_missing(
    graph: dict[str, list[str]], asked: list[str]
) -> None:
    reached, waiting = set[str](), list(asked)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += graph.get(name, [])
    found = closure(asked, {name: Installed(name, "1", tuple(needs)) for name, needs in graph.items()}.get)
    assert {each.name for each in found.present} == reached & graph.keys()
    assert set(found.missing) == reached - graph.keys()


@given(st.lists(st.sampled_from(["", "/app", "/lib", "/lib/dynload", "/site", "/env"]), unique=True))
def test_wherever_the_standard_library_is_nothing_of_it_comes_behind_an_environment(path: list[str]) -> None:
    result = with_environment(path, "/env", {"/lib", "/lib/dynload"})
    assert sorted(result) == sorted({*path, "/env"})
    assert not {"/lib", "/lib/dynload"} & set(result[result.index("/env") :])
    assert [entry for entry in result if entry != "/env"] == [entry for entry in path if entry != "/env"]


def test_an_environment_stands_behind_the_standard_library_and_in_front_of_what_all_have() -> None:
    path = ["", "/app", "/lib/python311.zip", "/lib/python3.11", "/lib/python3.11/lib-dynload", "/site-packages"]
    standard = {"/lib/python3.11", "/lib/python3.11/lib-dynload"}
    first = with_environment(path, "/one", standard)
    assert first == [*path[:5], "/one", "/site-packages"]
    assert with_environment(first, "/two", standard) == [*path[:5], "/two", "/one", "/site-packages"]
    assert with_environment(first, "/one", standard) == first


def test_where_no_standard_library_is_on_the_path_the_environment_comes_last() -> None:
    assert with_environment(["/app"], "/one", {"/lib"}) == ["/app", "/one"]
