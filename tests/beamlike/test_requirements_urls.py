"""Packages by their URL: what an installer made of it counts as what was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from beamlike.code.requirements.here import find_installed
from beamlike.code.requirements.lock import Pin
from beamlike.code.requirements.resolved_urls import ResolvedUrls

NAME = "fetched-of-test"
HOST = "git+https://host/f"
COMMIT = f"{HOST}@0f3a"

Fetch: TypeAlias = Callable[..., None]


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    """Puts a package where imports look, as an installer does that took it from the commit."""
    monkeypatch.syspath_prepend(tmp_path)

    def fetch(
        name: str = NAME, *, revision: str | None = "0f3a", needs: str = "", host: str = "https://host/f"
    ) -> None:
        info = tmp_path / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
        vcs = {"vcs": "git", "commit_id": "0f3a", **({"requested_revision": revision} if revision else {})}
        (info / "direct_url.json").write_text(json.dumps({"url": host, "vcs_info": vcs}))

    return fetch


@pytest.mark.parametrize(("revision", "asked"), [("main", f"{HOST}@main"), (None, HOST), ("0f3a", COMMIT)])
def test_what_somebody_installed_is_there_as_it_was_asked_for_and_as_its_commit(
    fetch: Fetch, revision: str | None, asked: str
) -> None:
    fetch(revision=revision)
    found = find_installed(NAME)
    assert found is not None
    assert found.url == COMMIT
    for url in (asked, COMMIT):
        assert ResolvedUrls().closure([f"{NAME} @ {url}"]).missing == ()
    assert ResolvedUrls().closure([f"{NAME} @ {HOST}@other"]).missing != ()


@pytest.mark.parametrize("asked", [HOST, f"{HOST}@main", f"{HOST}@v1#subdirectory=f"])
def test_a_commit_that_a_url_came_to_meets_it_from_then_on(fetch: Fetch, asked: str) -> None:
    fetch()
    urls, wanted = ResolvedUrls(), [f"{NAME} @ {asked}"]
    assert urls.closure(wanted).missing != ()
    assert urls.closure(wanted, [Pin(NAME, "1.0", COMMIT)]).missing == ()
    assert urls.closure(wanted).missing == ()
    assert urls.closure([f"{NAME} @ {HOST}@other"]).missing != ()


def test_another_commit_than_the_one_planned_is_still_missing(fetch: Fetch) -> None:
    fetch()
    assert ResolvedUrls().closure([f"{NAME} @ {HOST}"], [Pin(NAME, "1.0", f"{HOST}@4b5c")]).missing != ()


def test_what_such_a_package_needs_of_other_urls_is_followed(fetch: Fetch) -> None:
    fetch(needs="Requires-Dist: inner-of-test @ git+https://host/i@main\n")
    fetch("inner-of-test", host="https://host/i")
    planned = [Pin(NAME, "1.0", COMMIT), Pin("inner-of-test", "1.0", "git+https://host/i@0f3a")]
    found = ResolvedUrls().closure([f"{NAME} @ {HOST}"], planned)
    assert found.missing == ()
    assert [each.name for each in found.present] == [NAME, "inner-of-test"]
