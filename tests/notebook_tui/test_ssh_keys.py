"""Lines of `authorized_keys`, the files they stand in, and who may come in by them."""

from __future__ import annotations

import os
from pathlib import Path

import asyncssh
import pytest

from notebook_tui.ssh.host_key import BadHostKey, host_key
from notebook_tui.ssh.key_ring import KeyRing
from notebook_tui.ssh.keys import NoKey, Trusted, fingerprint_of, read_key, read_keys

KEY = asyncssh.generate_private_key("ssh-ed25519", comment="ann@laptop")
PUBLIC = KEY.export_public_key().decode().strip()
OTHER = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
FINGERPRINT = fingerprint_of(KEY)


def test_a_key_without_options_may_run_cells_and_is_called_by_its_comment() -> None:
    assert read_key(PUBLIC) == Trusted(FINGERPRINT, "ann@laptop", "run")


def test_options_say_the_name_the_role_and_the_directory() -> None:
    key = read_key(f'role="view",directory="a/b",name="Ann B." {PUBLIC}')
    assert (key.name, key.role, key.directory) == ("Ann B.", "view", "a/b")


def test_of_a_file_of_one_person_each_key_is_that_persons_unless_it_says_another_name() -> None:
    names = [
        key.name for key in read_keys(f'{PUBLIC}\n\n# a word\nname="b" {OTHER}', "ann") if isinstance(key, Trusted)
    ]
    assert names == ["ann", "b"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('role="root" KEY', "expected role to be one of view, edit, run, admin, found 'root'"),
        ('role="view",role="admin" KEY', "once"),
        ("role KEY", "once"),
        ('directroy="a" KEY', "found directroy"),
        ('command="rm -rf /" KEY', "found command"),
        ("cert-authority KEY", "found cert-authority"),
        ('expiry-time="tomorrow" KEY', "YYYYMMDD"),
        ('expiry-time="20261345" KEY', "YYYYMMDD"),
        ('name="a KEY', "public key"),
        ("ssh-ed25519 AAAA", "public key"),
        ("hello", "public key"),
    ],
)
def test_a_line_that_makes_no_sense_opens_nothing_and_is_told_of(line: str, said: str) -> None:
    (found,) = read_keys(line.replace("KEY", PUBLIC))
    assert isinstance(found, NoKey)
    assert "line 1" in str(found)
    assert said in str(found)


def test_a_bad_line_takes_no_other_with_it() -> None:
    found = list(read_keys(f"nonsense\n{PUBLIC}\nrole=x {OTHER}\n"))
    assert [type(each) for each in found] == [NoKey, Trusted, NoKey]


def test_a_key_opens_nothing_from_its_expiry_on() -> None:
    key = read_key(f'expiry-time="20260101Z" {PUBLIC}')
    assert not key.refusal("10.0.0.1", 1_767_225_599)
    assert "has expired (2026-01-01 00:00 UTC)" in key.refusal("10.0.0.1", 1_767_225_600)


@pytest.mark.parametrize(
    ("pattern", "address", "opens"),
    [
        ("10.0.0.0/8", "10.2.3.4", True),
        ("10.0.0.0/8", "11.2.3.4", False),
        ("10.0.0.*,!10.0.0.9", "10.0.0.8", True),
        ("10.0.0.*,!10.0.0.9", "10.0.0.9", False),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "?", False),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("*,!10.0.0.9", "::ffff:10.0.0.9", False),
    ],
)
def test_from_says_from_where_a_key_opens(pattern: str, address: str, opens: bool) -> None:
    assert bool(read_key(f'from="{pattern}" {PUBLIC}').refusal(address, 0)) is not opens


class TestKeyRing:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "authorized_keys"
        path.touch(mode=0o600)
        return path

    def test_it_finds_keys_in_the_file_and_in_those_of_persons_beside_it(self, file: Path) -> None:
        (file.parent / "keys.d").mkdir()
        (file.parent / "keys.d" / "bob.keys").write_text(PUBLIC)
        (file.parent / "keys.d" / "README").write_text(OTHER)
        found = KeyRing(file).find(FINGERPRINT, "10.0.0.1", 0)
        assert isinstance(found, Trusted)
        assert found.name == "bob"
        assert KeyRing(file).count == 1

    def test_it_reads_again_what_has_changed_and_only_then(self, file: Path) -> None:
        ring = KeyRing(file)
        assert not ring.look()
        file.write_text(PUBLIC)
        assert ring.look()
        assert isinstance(ring.find(FINGERPRINT, "10.0.0.1", 0), Trusted)
        file.unlink()
        assert ring.look()
        assert ring.find(FINGERPRINT, "10.0.0.1", 0) == "the key is not known"

    def test_of_a_key_that_stands_there_twice_the_first_line_that_opens_counts(self, file: Path) -> None:
        file.write_text(f'from="10.*",role="view" {PUBLIC}\nrole="admin",expiry-time="20260101Z" {PUBLIC}\n')
        ring = KeyRing(file)
        inside, outside = ring.find(FINGERPRINT, "10.0.0.1", 0), ring.find(FINGERPRINT, "11.0.0.1", 0)
        assert isinstance(inside, Trusted)
        assert isinstance(outside, Trusted)
        assert (inside.role, outside.role) == ("view", "admin")
        late = ring.find(FINGERPRINT, "11.0.0.1", 1e10)
        assert isinstance(late, str)
        assert "11.0.0.1" in late
        assert "expired" in late

    @pytest.mark.parametrize(
        "line", ["from KEY", "tunnel,tunnel=1 KEY", "ssh-rsa AAAAB3NzaC1yc2EAAAAD0QABAAAAgQ==", "\0"]
    )
    def test_a_line_that_makes_no_sense_keeps_no_other_from_being_taken_out(self, file: Path, line: str) -> None:
        file.write_text(f"{PUBLIC}\n{OTHER}\n")
        ring = KeyRing(file)
        file.write_text(f"{line.replace('KEY', PUBLIC)}\n{OTHER}\n")
        assert ring.look()
        assert ring.count == 1
        assert ring.find(FINGERPRINT, "10.0.0.1", 0) == "the key is not known"
        (said,) = ring.trouble
        assert said.startswith(f"{file}, line 1: expected ")

    def test_it_is_read_again_once_others_cannot_write_it_any_more(self, file: Path) -> None:
        file.write_text(PUBLIC)
        file.chmod(0o666)
        ring = KeyRing(file)
        assert ring.count == 0
        file.chmod(0o600)
        assert ring.look()
        assert ring.count == 1
        assert not ring.look()

    def test_a_folder_that_others_can_write_opens_nothing(self, file: Path) -> None:
        folder = file.parent / "keys.d"
        folder.mkdir(mode=0o700)
        downloaded = file.parent / "downloaded"
        downloaded.write_text(OTHER)
        (folder / "mallory.keys").symlink_to(downloaded)
        folder.chmod(0o777)
        file.write_text(PUBLIC)
        ring = KeyRing(file)
        assert ring.count == 1
        assert ring.trouble == (f"{folder}: others can write it (chmod go-w); no key in it is taken",)
        folder.chmod(0o755)
        assert ring.look()
        assert ring.count == 2

    @pytest.mark.parametrize("mode", [0o660, 0o606])
    def test_a_file_that_others_can_write_opens_nothing(self, file: Path, mode: int) -> None:
        file.write_text(PUBLIC)
        file.chmod(mode)
        ring = KeyRing(file)
        assert ring.count == 0
        assert "others can write it" in ring.trouble[0]

    def test_rights_that_are_mended_or_spoilt_count_at_the_next_look(self, file: Path) -> None:
        file.write_text(PUBLIC)
        ring = KeyRing(file)
        for mode, count in ((0o620, 0), (0o600, 1)):
            file.chmod(mode)
            assert ring.look()
            assert ring.count == count

    def test_what_is_wrong_is_told_with_the_file_and_the_line(self, file: Path) -> None:
        file.write_text(f"{PUBLIC}\nnonsense\n")
        ring = KeyRing(file)
        assert ring.count == 1
        assert ring.trouble[0].startswith(f"{file}, line 2: expected")


class TestHostKey:
    def test_it_is_made_once_and_readable_for_its_user_alone(self, tmp_path: Path) -> None:
        first, again = host_key(tmp_path / "ssh"), host_key(tmp_path / "ssh")
        assert fingerprint_of(first) == fingerprint_of(again)
        (file,) = (tmp_path / "ssh").iterdir()
        assert file.stat().st_mode & 0o777 == 0o600

    def test_one_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        host_key(tmp_path)
        (file,) = tmp_path.iterdir()
        file.chmod(0o644)
        with pytest.raises(BadHostKey, match="chmod 600"):
            host_key(tmp_path)

    def test_one_that_is_none_is_refused(self, tmp_path: Path) -> None:
        host_key(tmp_path)
        (file,) = tmp_path.iterdir()
        os.truncate(file, 20)
        with pytest.raises(BadHostKey, match="delete it"):
            host_key(tmp_path)
