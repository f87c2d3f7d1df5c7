"""AC07: what a file grants itself counts only for the very bytes that were signed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.format.file_entries import outside
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from notebook_tui.format.stamp import NOTHING, Grants, signed, verified
from notebook_tui.format.stamp_comment import VOID
from tests.support.notebooks import notebooks, stamp_of

KEY = b"a key of this machine"
GRANTS = Grants(("TOKEN", "é"), ("data.csv",), ("web",))
PLAIN = write(
    Notebook(
        "Cats",
        sections=(Section("s", "S", (Cell("c", "code", "1"),)),),
        metadata={"file_entries": [{"name": "data.csv", "type": "file"}, {"name": "a.png", "type": "attachment"}]},
    )
)
SIGNED = signed(PLAIN, GRANTS, KEY)
REVOKED = "what this notebook was granted is revoked, as "


def test_AC07_an_untouched_file_grants_what_was_signed() -> None:
    assert SIGNED.startswith(PLAIN)
    assert verified(SIGNED, KEY) == (GRANTS, "")


def test_AC07_one_changed_byte_anywhere_revokes_all_grants() -> None:
    signed_bytes = SIGNED.encode()
    for place in range(len(signed_bytes)):
        data = bytearray(signed_bytes)
        data[place] ^= 1
        assert verified(data.decode("utf-8", "replace"), KEY)[0] == NOTHING, place


def test_AC07_the_change_is_said_in_one_warning() -> None:
    assert verified(SIGNED.replace("Cats", "Dogs"), KEY)[1] == (
        f"{REVOKED}it was changed by another program, or comes from another machine"
    )
    assert verified(SIGNED, b"another key")[0] == verified(SIGNED.replace("\n", "\r\n"), KEY)[0] == NOTHING


@pytest.mark.parametrize("added", ["```python\nsteal()\n```\n", "prose\n", " ", "\n", '<!-- livebook:{"a":1} -->\n'])
def test_AC07_what_is_added_above_or_below_the_stamp_revokes_all_grants(added: str) -> None:
    stamp = SIGNED[len(PLAIN) + 1 :]
    for text in (f"{PLAIN}\n{added}\n{stamp}", f"{SIGNED}{added}", f"{SIGNED}\n{added}"):
        grants, warning = verified(text, KEY)
        assert grants == NOTHING
        assert warning.startswith(REVOKED)


def test_AC07_a_stamp_of_a_newer_version_is_said_to_be_one() -> None:
    grants, warning = verified(SIGNED.replace('"beamlike":1', '"beamlike":2'), KEY)
    assert grants == NOTHING
    assert "newer version of beamlike (version 2, this program knows 1)" in warning


def test_AC07_names_cannot_be_added_to_a_stamp() -> None:
    grants, warning = verified(SIGNED.replace('["TOKEN"', '["OTHER","TOKEN"'), KEY)
    assert (grants, warning[: len(REVOKED)]) == (NOTHING, REVOKED)


@pytest.mark.parametrize("grants", ["null", "[]", '{"files":[7],"profiles":[],"secrets":[]}', '{"secrets":["A"]}'])
def test_AC07_a_stamp_that_says_nonsense_grants_nothing(grants: str) -> None:
    stamp = f'{{"beamlike":1,"grants":{grants},"token":7}}'
    text = f'{PLAIN}\n<!-- livebook:{{"offset":{len(PLAIN.encode())},"stamp":{stamp}}} -->\n'
    assert verified(text, KEY)[0] == NOTHING


def test_AC07_no_stamp_or_one_of_livebook_grants_nothing_and_needs_no_warning() -> None:
    of_livebook = replace(read(PLAIN)[0], stamp=stamp_of(PLAIN))
    assert verified(PLAIN, KEY) == verified(write(of_livebook), KEY) == (NOTHING, "")


def test_AC07_what_is_signed_anew_has_one_stamp_and_what_is_granted_nothing_has_none() -> None:
    again = signed(SIGNED, Grants(secrets=("B",)), KEY)
    assert verified(again, KEY) == (Grants(secrets=("B",)), "")
    assert again.count('"stamp"') == 1
    assert signed(SIGNED, NOTHING, KEY) == PLAIN


def test_AC07_a_save_keeps_the_stamp_of_an_unchanged_notebook_and_of_no_other() -> None:
    notebook, warnings = read(SIGNED)
    assert (write(notebook), warnings) == (SIGNED, ())
    assert write(replace(notebook, title="Dogs")) == PLAIN.replace("Cats", "Dogs")
    assert verified(write(notebook), KEY)[0] == GRANTS


@pytest.mark.parametrize(
    "text",
    [
        SIGNED.replace("Cats", "Dogs!"),
        SIGNED + "\n",
        f"{SIGNED}\n## More\n\n```python\n1\n```\n",
        '# T\n\n<!-- livebook:{"offset":9,"stamp":{"token":"t"}} -->\n',
        '# T\n\n## S\n\n<!-- livebook:{"a":1} -->\n\n<!-- livebook:{"offset":9,"stamp":{}} -->\n',
    ],
)
def test_AC07_a_stamp_that_cannot_hold_is_left_out_and_that_is_said(text: str) -> None:
    notebook, warnings = read(text)
    assert [warning for warning in warnings if warning.endswith(VOID)]
    assert '"stamp"' not in write(notebook)


def test_AC07_entries_that_lead_outside_are_what_needs_a_grant() -> None:
    assert outside(read(SIGNED)[0]) == ("data.csv",)


def test_AC07_a_cell_that_shows_a_stamp_is_signed_as_what_it_is() -> None:
    stamp = '<!-- livebook:{"offset":9,"stamp":{"token":"t","version":1}} -->'
    text = write(read(f'# T\n\n## S\n\n<!-- livebook:{{"force_markdown":true}} -->\n\n{stamp}\n')[0])
    grants = Grants(secrets=("TOKEN",))
    assert stamp in text
    assert signed(text, grants, KEY).startswith(text)
    assert verified(signed(text, grants, KEY), KEY) == (grants, "")


names = st.lists(st.text(), max_size=3).map(tuple)


@given(notebooks(), st.builds(Grants, names, names, names), st.binary())
def test_AC07_whatever_is_granted_to_whatever_notebook_is_granted_when_it_is_read(
    notebook: Notebook, grants: Grants, key: bytes
) -> None:
    text = signed(write(notebook), grants, key)
    assert verified(text, key) == (grants, "")
    assert write(read(text)[0]) == text


@given(st.text() | st.text().map(lambda text: SIGNED + text) | st.text().map(lambda text: text + SIGNED), st.binary())
def test_AC07_no_text_that_was_not_signed_with_the_key_grants_anything(text: str, key: bytes) -> None:
    assert verified(text, key)[0] == NOTHING or (text, key) == (SIGNED, KEY)
