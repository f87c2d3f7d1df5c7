import logging
import pickle
import stat
import threading
from pathlib import Path

import pytest

from beamlike.distribution.errors import UnusableSecret
from beamlike.distribution.secret import Secret, load_secret, secret_path
from tests.support.incomparable import Incomparable


def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_a_proof_holds_for_its_text_and_secret_only() -> None:
    proof = Secret(b"swordfish").sign(b"text")
    assert Secret(b"swordfish").verify(b"text", proof)
    assert not Secret(b"swordfish").verify(b"text!", proof)
    assert not Secret(b"hunter2").verify(b"text", proof)
    assert not Secret(b"swordfish").verify(b"text", b"")


def test_secrets_and_proofs_are_compared_in_constant_time() -> None:
    secret = Secret(Incomparable(b"swordfish"))
    proof = Incomparable(secret.sign(b"text"))
    assert secret.verify(b"text", proof)
    assert secret == Secret(Incomparable(b"swordfish"))
    assert secret != Secret(Incomparable(b"hunter2"))
    with pytest.raises(AssertionError, match="compared by =="):
        assert proof == bytes(proof)


def test_the_secret_is_not_shown_and_does_not_travel(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(b"swordfish")
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%s %r", secret, [secret])
    assert "swordfish" not in caplog.text
    with pytest.raises(TypeError, match="does not travel"):
        pickle.dumps(secret)


def test_the_variable_comes_first(tmp_path: Path) -> None:
    assert load_secret({"BEAMLIKE_SECRET": "swordfish", **home(tmp_path)}) == Secret(b"swordfish")
    assert list(tmp_path.iterdir()) == []


def test_a_secret_says_where_it_came_from_for_the_case_that_another_node_has_a_different_one(tmp_path: Path) -> None:
    assert Secret(b"swordfish").remedy == "give the other the one that this node was given by its program, as `secret=`"
    of_variable = load_secret({"BEAMLIKE_SECRET": "swordfish"})
    assert of_variable.remedy == "give the other the same BEAMLIKE_SECRET as this node"
    assert f"or the other a copy of {secret_path(home(tmp_path))}" in load_secret(home(tmp_path)).remedy


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def has_no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", has_no_home)
    with pytest.raises(UnusableSecret, match="set HOME, XDG_CONFIG_HOME or BEAMLIKE_SECRET"):
        load_secret({})


def test_an_empty_variable_is_an_error_and_no_secret(tmp_path: Path) -> None:
    with pytest.raises(UnusableSecret, match="empty"):
        load_secret({"BEAMLIKE_SECRET": "", **home(tmp_path)})


def test_the_file_is_made_on_first_use_for_its_owner_only(tmp_path: Path) -> None:
    first = load_secret(home(tmp_path))
    path = secret_path(home(tmp_path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert Secret(path.read_bytes().strip()) == first == load_secret(home(tmp_path))
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]


def test_without_a_config_home_the_file_is_below_the_users_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert secret_path({}) == tmp_path / ".config" / "beamlike" / "secret"


def test_each_user_gets_another_secret(tmp_path: Path) -> None:
    assert load_secret(home(tmp_path / "one")) != load_secret(home(tmp_path / "two"))


def test_nodes_that_start_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    found: list[Secret] = []
    start = threading.Barrier(8)

    def node() -> None:
        start.wait(timeout=10)
        found.append(load_secret(home(tmp_path)))

    threads = [threading.Thread(target=node) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_touch_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    load_secret(home(tmp_path))
    path = secret_path(home(tmp_path))
    path.chmod(mode)
    with pytest.raises(UnusableSecret, match=f"found mode {mode:04o}: run `chmod 600"):
        load_secret(home(tmp_path))


def test_an_empty_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    load_secret(home(tmp_path))
    secret_path(home(tmp_path)).write_text("\n")
    with pytest.raises(UnusableSecret, match="delete it"):
        load_secret(home(tmp_path))
