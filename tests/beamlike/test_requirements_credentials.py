"""Names and passwords in URLs: refused where others would be told of them, and not shown."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from beamlike.code.requirements.closure import Installed, meets
from beamlike.code.requirements.credentials import has_credentials, shown, without_credentials
from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.errors import BadRequirements
from beamlike.code.requirements.failures import last_lines, reason
from beamlike.code.requirements.here import find_installed

PASSWORDS = ("hunter2", "hun@ter2", "hun/ter2", "hun/t@er2", "h@un/ter2", "hun#ter2", "hun?ter2", "hun%40ter2")


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize(
    "form", ["a @ https://me:{}@host/a.whl", "a @ git+https://me:{}@host/a.git@main", "a b @ https://me:{}@h/a"]
)
def test_a_requirement_with_a_password_is_refused_without_showing_it(form: str, password: str) -> None:
    text = form.format(password)
    with pytest.raises(BadRequirements) as caught:
        Requirements.of([text])
    assert not any(part in str(caught.value) for part in ("hun", "ter2", "er2"))


@pytest.mark.parametrize(
    "url",
    [
        "https://host/a-1.0-py3-none-any.whl#sha256=ab",
        "https://host:8443/feed@Release/a.whl",
        "https://[::1]:80/a.whl",
        "git+https://host/a.git@main",
        "git+ssh://git@host:22/a.git@main",
        "file:///wheels/a.whl",
        "file:./a@1.whl",
    ],
)
def test_a_url_without_credentials_is_taken_as_it_is(url: str) -> None:
    assert not has_credentials(url)
    assert without_credentials(url) == url
    assert Requirements.of([f"a @ {url}"]).dependencies == (str(Requirement(f"a @ {url}")),)


@pytest.mark.parametrize(
    "url", ["git+ssh://git:pw@host/a.git", "https://${TOKEN}@host/a.whl", "me:pw@host/a.whl", "https://me:pw"]
)
def test_other_forms_of_credentials_are_refused_too(url: str) -> None:
    with pytest.raises(BadRequirements, match=r"the URL of a without a user's name and a password.* netrc, keyring"):
        Requirements.of([f"a @ {url}"])


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), max_size=20))
def test_whatever_the_password_is_it_is_not_shown(rest: str) -> None:
    password = f"Secret{rest}Secret"
    for url in (f"https://me:{password}@host/simple/", f"git+https://me:{password}@host/a", f"http://{password}@proxy"):
        assert "Secret" not in shown(f"ERROR: at '{url}': no\nindex {url}")


def test_what_is_no_password_is_shown() -> None:
    text = "a @ git+https://host/a.git@main was not found at https://host:8443/simple by me@host\n(port '8443')"
    assert shown(text) == text.replace("'8443'", "'…'")
    assert shown(shown("at https://me:pw@host/a")) == "at https://…@host/a"


# Here a password may begin with what might be a port, too; a requirement with that as it stands is one of a host `me`.
@pytest.mark.parametrize("password", [*PASSWORDS, "12/hun@ter2"])
@pytest.mark.parametrize(
    "said",
    [
        "ERROR: Could not install from https://me:{}@host/simple/",
        "error: invalid value 'http://me:{}@host/simple/' for '--default-index <DEFAULT_INDEX>': invalid port number",
        "error: Failed to fetch: https://me:{}@host/simple/a/\n  cause: client error (Connect)",
        "Could not fetch URL https://me:{}@host/simple/a/: connection error: refused",
        "ERROR: HTTP error 401 Client Error: Unauthorized for url: https://me:{}@host/x",
    ],
)
def test_what_an_installer_prints_is_told_without_passwords(said: str, password: str) -> None:
    told = reason(said.format(password)) + last_lines(said.format(password))
    assert not any(part in told for part in ("hun", "ter2", "er2"))
    assert "host/" in told


def test_the_beginning_of_a_password_that_was_taken_for_a_port_is_not_shown() -> None:
    said = "ERROR: ValueError: Port could not be cast to integer value as 'hun'"
    assert reason(said).startswith("the URL of an index or a proxy cannot be read: write '/'")
    assert last_lines(said) == "  ERROR: ValueError: Port could not be cast to integer value as '…'"


@pytest.mark.parametrize("text", ["x" * 1_000_000, "x://" + "y" * 1_000_000, "x://" * 250_000])
def test_a_long_word_is_looked_at_once(text: str) -> None:
    assert shown(text) == text
    assert shown(f"{text} https://me:secret@host") == f"{text} https://…@host"


@pytest.mark.parametrize("url", ["ssh://host/a", "ssh://git@host/a"])
def test_a_package_of_a_url_is_met_whoever_it_was_fetched_by(url: str) -> None:
    found = Installed("a", "1.0", url=f"git+{url}@main")
    assert meets(found, Requirement("a @ git+ssh://git@host/a@main"))
    assert not meets(found, Requirement("a @ git+ssh://git@host/b@main"))


def test_where_a_package_was_installed_from_is_told_without_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "kept_of_test-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kept-of-test\nVersion: 1.0\n")
    (info / "direct_url.json").write_text('{"url": "https://me:secret@h/k.whl", "archive_info": {}}')
    monkeypatch.syspath_prepend(tmp_path)
    assert metadata.distribution("kept-of-test")
    found = find_installed("kept-of-test")
    assert found is not None
    assert found.url == "https://h/k.whl"
