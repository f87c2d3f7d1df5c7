"""Who may do what: by role, by token, by notebook, and by what is trusted."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notebook_tui.api.errors import ApiError
from notebook_tui.api.methods import METHODS
from notebook_tui.api.rights import known_clients, make_token, revoke
from notebook_tui.cli.main import main
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.people import ROLES, Role
from notebook_tui.session.state_directory import state_path
from tests.support.api_world import NAME, api_world
from tests.support.local_nodes import in_node, run_in_node

MAY: dict[Role, set[str]] = {
    "view": {
        *("hello", "whoami", "list", "open", "close", "state", "await", "outputs", "subscribe", "unsubscribe"),
        *("widgets", "rows"),
    },
    "edit": {
        *("insert", "insert_section", "delete", "move", "edit", "save", "complete", "describe"),
        *("set_title", "rename_section", "move_section", "delete_section", "undo", "redo"),
    },
    "run": {"run", "interrupt", "input", "variables", "variable", "set_input", "press", "submit"},
    "admin": {"restart", "stop", "trust"},
}
"""Beside what the roles before it may."""
PARAMETERS: dict[str, dict[str, Any]] = {
    "insert": {"source": "1"},
    "insert_section": {"name": "New"},
    "delete": {"cell": "cell-2"},
    "move": {"cell": "cell-1", "offset": 1},
    "edit": {"cell": "cell-1", "old": "x", "new": "y"},
    "set_title": {"title": "New"},
    "rename_section": {"section": "section-1", "name": "New"},
    "move_section": {"section": "section-1", "offset": 1},
    "delete_section": {"section": "section-1"},
    "rows": {"widget": "w"},
    "set_input": {"widget": "w", "value": 1},
    "press": {"widget": "w"},
    "submit": {"widget": "w"},
    "run": {"cells": ["cell-1"]},
    "await": {"cell": "cell-1", "seconds": 0},
    "outputs": {"cell": "cell-1"},
    "variable": {"name": "x"},
    "complete": {"cell": "cell-1", "offset": 0},
    "describe": {"cell": "cell-1", "offset": 0},
    "input": {"question": "q", "text": ""},
}


@pytest.fixture(autouse=True)
def no_clients() -> Iterator[None]:
    yield
    for each in known_clients():
        revoke(each.name)


def test_every_method_has_its_role() -> None:
    assert {name for names in MAY.values() for name in names} == METHODS.keys()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_it_may_and_nothing_else(role: Role) -> None:
    allowed = set().union(*(MAY[each] for each in ROLES[: ROLES.index(role) + 1]))

    async def main() -> None:
        async with api_world(same_user=role) as world, world.client() as client:
            world.write("x = 1", "2")
            await client.call("open", path=NAME)
            left_out = {"hello", "close"} | ({"stop"} if role == "admin" else set())
            for method in sorted(METHODS.keys() - left_out, key=list(METHODS).index):
                of_notebook = {} if method in ("whoami", "list", "open") else {"notebook": NAME}
                wanted = {"path": NAME} if method == "open" else {**of_notebook, **PARAMETERS.get(method, {})}
                before = await client.call("state", notebook=NAME)
                try:
                    await client.call(method, **wanted)
                    refused = False
                except ApiError as error:
                    refused = error.kind == "forbidden"
                assert refused == (method not in allowed), method
                if refused:
                    after = await client.call("state", notebook=NAME)
                    # Where the client is shows a little later than what it did.
                    assert {**after, "people": ()} == {**before, "people": ()}

    run_in_node(main)


@in_node
async def test_a_refusal_says_which_role_it_takes_before_it_looks_at_anything_else() -> None:
    async with api_world(same_user="view") as world, world.client() as client:
        world.write("x = 1")
        assert (await client.call("open", path=NAME, answers=True))["role"] == "view"
        for needed in ("edit", "run", "admin"):
            method = sorted(MAY[needed])[0]
            with pytest.raises(ApiError) as refusal:
                await client.call(method, nonsense=1)
            assert refusal.value.data == {"role": "view", "needed": needed}


@in_node
async def test_a_token_gives_its_role_and_notebooks_and_its_name_and_no_more() -> None:
    token = make_token("reports", "edit", ("reports/*",))
    async with api_world() as world, world.client("anybody", token) as client:
        world.write("1", name="reports/may.livemd")
        world.write("1")
        assert await client.call("whoami") == {
            "client": "reports",
            "role": "edit",
            "notebooks": ["reports/*"],
            "open": [],
        }
        assert (await client.call("list"))["files"] == ["reports/may.livemd"]
        assert (await client.call("open", path="reports/may.livemd"))["role"] == "edit"
        for path in (
            NAME,
            "reports/../a.livemd",
            str(world.directory / NAME),
            "/etc/passwd",
            "reports/../../n/a.livemd",
        ):
            with pytest.raises(ApiError) as refusal:
                await client.call("open", path=path)
            assert refusal.value.kind == "forbidden", path


@in_node
async def test_who_may_only_look_begins_no_notebook() -> None:
    async with api_world(same_user="view") as world, world.client() as client:
        with pytest.raises(ApiError) as refusal:
            await client.call("open", path="new.livemd", create=True)
        assert (refusal.value.kind, refusal.value.data["needed"]) == ("forbidden", "edit")
        assert (await client.call("list"))["open"] == []
    async with api_world(same_user="edit") as world, world.client() as client:
        assert (await client.call("open", path="new.livemd", create=True))["role"] == "edit"


@in_node
async def test_a_link_out_of_the_directory_leads_nowhere_but_for_an_admin(tmp_path: Path) -> None:
    (tmp_path / "secret.livemd").write_text("# Secret\n")
    async with api_world(same_user="run") as world, world.client() as client:
        (world.directory / "link.livemd").symlink_to(tmp_path / "secret.livemd")
        with pytest.raises(ApiError) as refusal:
            await client.call("open", path="link.livemd")
        assert refusal.value.kind == "forbidden"
    async with api_world(same_user="admin") as world, world.client() as client:
        assert (await client.call("open", path=str(tmp_path / "secret.livemd")))["title"] == "Secret"


@in_node
async def test_a_token_that_is_wrong_or_revoked_gives_nothing_in_open_connections_too() -> None:
    token = make_token("a", "admin")
    async with api_world() as world, world.client("a", token) as client:
        for wrong in (
            "",
            "beamlike.a.x",
            "beamlike.b.x",
            token[:-1],
            token.replace(".a.", ".b."),
            "..",
            "beamlike.../x.y",
        ):
            with pytest.raises(ApiError) as refusal:
                async with world.client("a", wrong):
                    pass
            assert refusal.value.kind == "forbidden", wrong
        await client.call("list")
        revoke("a")
        with pytest.raises(ApiError) as refusal:
            await client.call("list")
        assert refusal.value.kind == "forbidden"


@in_node
async def test_a_server_may_take_clients_with_a_token_only() -> None:
    token = make_token("a", "view")
    async with api_world(same_user=None) as world:
        with pytest.raises(ApiError, match="with a token only"):
            async with world.client():
                pass
        async with world.client("a", token) as client:
            assert (await client.call("whoami"))["role"] == "view"


@in_node
async def test_code_that_nobody_trusts_runs_for_no_client_before_an_admin_has_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BEAMLIKE_TRUSTED")
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path))
    run, admin = make_token("run", "run"), make_token("admin", "admin")
    async with api_world(SessionOptions(trust=True)) as world:
        world.write("x = 1")
        async with world.client("r", run) as client, world.client("a", admin) as owner:
            assert (await client.call("open", path=NAME))["trusted"] is False
            await owner.call("open", path=NAME)
            for each in (client, owner):
                with pytest.raises(ApiError) as refusal:
                    await each.call("run", notebook=NAME, which="all")
                assert refusal.value.kind == "untrusted"
            await client.call("edit", notebook=NAME, cell="cell-1", old="1", new="2")
            with pytest.raises(ApiError) as refusal:
                await client.call("run", notebook=NAME, which="all")
            assert refusal.value.kind == "untrusted"
            await owner.call("trust", notebook=NAME)
            assert (await client.call("run", notebook=NAME, which="all"))["cells"] == ["cell-1"]


def test_tokens_are_kept_as_hashes_for_their_user_alone_and_made_listed_and_revoked_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def beamlike(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["api", *words])
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    out = tmp_path / "token"
    assert beamlike("token", "one", "--role", "run", "--notebook", "a*", "--out", str(out)) == (0, "", "")
    status, token, _ = beamlike("token", "two", "--role", "view")
    assert status == 0
    files = list((state_path() / "api_clients").iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in [*files, out]} == {0o600}
    assert stat.S_IMODE((state_path() / "api_clients").stat().st_mode) == 0o700
    for secret in (token.strip(), out.read_text().strip()):
        assert len(secret) > 40
        assert all(secret.rpartition(".")[2] not in file.read_text() for file in files)
    assert beamlike("list")[1] == "one  run  a*\ntwo  view  *\n"
    assert beamlike("token", "one", "--role", "view")[0] == 2
    assert beamlike("token", "../x", "--role", "view")[0] == 2
    assert beamlike("revoke", "one") == (0, "", "")
    status, _, words = beamlike("revoke", "one")
    assert status == 2
    assert "those that have a token: two" in words
