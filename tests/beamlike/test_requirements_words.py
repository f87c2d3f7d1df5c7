"""What installers print, told as steps and as reasons. The texts are those of pip 23 and uv 0.13."""

from __future__ import annotations

import pytest

from beamlike.code.requirements.failures import SHOWN_LINES, last_lines, reason
from beamlike.code.requirements.pip import read_report
from beamlike.code.requirements.progress import PipSteps, Step, pip_resolving, uv_step
from beamlike.code.requirements.uv import read_hashes, read_plan, read_urls

PIP_UNREACHABLE = """\
Could not fetch URL https://me:secret@index/simple/rich/: connection error: HTTPSConnectionPool(host='index'): \
Max retries exceeded with url: /simple/rich/ (Caused by NewConnectionError('refused')) - skipping
ERROR: Could not find a version that satisfies the requirement rich (from versions: none)
ERROR: No matching distribution found for rich
"""
UV_UNREACHABLE = """\
error: Failed to fetch: https://index/simple/rich/
  cause: error sending request for url (https://index/simple/rich/)
  cause: client error (Connect)
"""
PIP_OTHER_WHEEL = """\
  Skipping link: none of the wheel's tags (cp27-cp27m-win32) are compatible (run pip debug --verbose to show): \
http://index/files/old-1.0-cp27-cp27m-win32.whl#sha256=43 (from http://index/simple/old/)
ERROR: Could not find a version that satisfies the requirement old (from versions: none)
"""
UV_OTHER_WHEEL = """\
  cause: Because old==1.0 has no wheels with a matching Python implementation tag (e.g., `cp311`) and only old==1.0 is \
available, we can conclude that all versions of old cannot be used.
"""
PIP_HASH = """\
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, ...
    liar==1.0 from http://index/files/liar-1.0-py3-none-any.whl#sha256=00 (from -r /tmp/pins.txt (line 1)):
        Expected sha256 00
             Got        ca
"""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (PIP_UNREACHABLE, "no index was reached at https://…@index/simple/rich/"),
        (UV_UNREACHABLE, "no index was reached at https://index/simple/rich/"),
        (
            "ERROR: Could not find a version that satisfies the requirement nonesuch>=1 (from versions: none)",
            "no package nonesuch:",
        ),
        ("  cause: Because nonesuch was not found in the package registry and you require", "no package nonesuch:"),
        (
            f"satisfies the requirement a>9 (from versions: {', '.join(map(str, range(20)))})",
            "no version matches a>9; there are …, 12, 13, 14, 15, 16, 17, 18, 19",
        ),
        (
            "Because only alpha<=2.0 is available and you require alpha>=3, we",
            "no version matches alpha>=3; there is alpha",
        ),
        (PIP_OTHER_WHEEL, "no wheel of old-1.0-cp27-cp27m-win32.whl for this Python"),
        (UV_OTHER_WHEEL, "no wheel of old==1.0 for this Python"),
        (
            "ERROR: Package 'gamma' requires a different Python: 3.11.7 not in '>=4'",
            "gamma is not made for this Python",
        ),
        ("  cause: Because gamma==1.0 requires Python >=4 and only gamma==1.0 is", "gamma==1.0 is not made for this"),
        (PIP_HASH, "another file of liar==1.0 than the locked one"),
        ("error: Failed to download\n  cause: Hash mismatch for `liar==1.0`\n", "another file of liar==1.0 than the"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("error: failed to write (os error 28)", "the disk is full"),
        ("OSError: [Errno 30] Read-only file system: '/cache/pip'", "/cache/pip cannot be written"),
        ("PermissionError: [Errno 13] Permission denied: '/cache/pip'", "/cache/pip cannot be written"),
        (
            "[Errno 20] Not a directory: '/cache/x'",
            "/cache/x cannot be written: packages are kept there; set XDG_CACHE",
        ),
        (
            "ERROR: HTTP error 401 Client Error: Unauthorized for url: https://u:p@index/x",
            "refused https://…@index/x (401)",
        ),
        ("ERROR: ResolutionImpossible: for help visit", "exclude each other"),
        ("error: subprocess-exited-with-error", "building it from its source failed"),
        ("no such option: --report", "older than 22.2"),
        ("Segmentation fault", "the installer failed"),
    ],
)
def test_a_reason_is_told_in_a_line_and_without_passwords(said: str, expected: str) -> None:
    assert expected in reason(said)
    assert "\n" not in reason(said)
    assert "secret" not in reason(said)


def test_the_installers_own_lines_are_shown_from_the_first_error_on() -> None:
    printed = (
        "Looking in indexes: x\n\nERROR: no\n  of a (from b->-r /tmp/r.txt (line 1)) at https://u:p@h/\n"
        + "more\n" * 20
    )
    shown = last_lines(printed).splitlines()
    assert shown[:2] == ["  ERROR: no", "    of a at https://…@h/"]
    assert len(shown) == SHOWN_LINES
    assert last_lines("a\nb\n") == "  a\n  b"


def test_the_lines_of_pip_become_steps() -> None:
    printed = """\
Looking in indexes: https://index
Collecting numpy==2.1.0 (from -r /tmp/pins.txt (line 1))
  Downloading https://index/files/numpy-2.1.0-cp311-cp311-manylinux_2_17_x86_64.whl (16.3 MB)
Collecting rich==15.0.0
  Using cached rich-15.0.0-py3-none-any.whl (243 kB)
Installing collected packages: numpy, rich
Successfully installed numpy-2.1.0 rich-15.0.0
"""
    step = PipSteps(of=2)
    assert [news for line in printed.splitlines() if (news := step(line))] == [
        Step("downloading", "numpy-2.1.0-cp311-cp311-manylinux_2_17_x86_64.whl", 1, 2, "16.3 MB"),
        Step("downloading", "rich-15.0.0-py3-none-any.whl", 2, 2, "243 kB"),
        Step("installing", "numpy, rich"),
    ]


def test_while_pip_plans_what_is_needed_turns_out_one_by_one() -> None:
    lines = ["Collecting beta (from -r /tmp/r.txt (line 1))", "Collecting alpha<2 (from beta->-r /tmp/r.txt (line 1))"]
    assert [news for line in lines if (news := pip_resolving(line))] == [Step("resolving", "alpha<2")]


def test_the_lines_of_uv_become_steps() -> None:
    lines = [
        "Resolved 2 packages in 3ms",
        "Downloading numpy (15.5MiB)",
        " Downloaded numpy",
        "Prepared 2 packages in 2s",
    ]
    assert [news for line in lines if (news := uv_step(line))] == [
        Step("downloading", "numpy", size="15.5MiB"),
        Step("installing", "2 packages"),
    ]


def test_a_plan_of_uv_is_what_it_would_add() -> None:
    printed = " - alpha==1.0\n + alpha==2.0\n + Zope.Interface==7.1 (from git+https://h/z@0f3a)\n ~ gamma==1.0\n"
    assert [(pin.name, pin.version, pin.url) for pin in read_plan(printed)] == [
        ("alpha", "2.0", None),
        ("zope-interface", "7.1", "git+https://h/z@0f3a"),
    ]


def test_a_package_of_a_url_is_planned_by_uv_without_its_version() -> None:
    printed = "Would install 2 packages\n + alpha @ https://h/alpha-1.0-py3-none-any.whl\n + beta==1.0\n"
    assert read_urls(printed) == ["alpha @ https://h/alpha-1.0-py3-none-any.whl"]
    assert [pin.name for pin in read_plan(printed)] == ["beta"]


def test_hashes_of_uv_are_those_of_all_files_of_a_version() -> None:
    printed = "alpha==2.0 \\\n    --hash=sha256:bb \\\n    --hash=sha256:aa\nbeta==1.0 \\\n    --hash=sha256:cc\n"
    assert read_hashes(printed) == {"alpha": ("sha256:aa", "sha256:bb"), "beta": ("sha256:cc",)}


def test_a_report_of_pip_tells_a_package_of_a_repository_by_its_commit() -> None:
    report = """{"install": [{"metadata": {"name": "Alpha", "version": "2.0"}, "is_direct": true, "download_info":
        {"url": "https://h/a", "vcs_info": {"vcs": "git", "commit_id": "0f3a", "requested_revision": "main"}}}]}"""
    assert [(pin.name, pin.url, pin.hashes) for pin in read_report(report)] == [("alpha", "git+https://h/a@0f3a", ())]
