"""Inputs of a notebook that is run where nobody can type."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.headless import run, written

CELLS = (
    "import notebook_tui as nb\nsize = nb.input.number('Batch size', 32, min=1).show()\nname = nb.input('Name').show()",
    "print('read:', size.value, name.value)",
)


@pytest.mark.parametrize(
    ("flags", "environment", "expected"),
    [
        ([], {}, "read: 32 \n"),
        (["--input", "Batch size=64", "--input", "Name=a=b"], {}, "read: 64 a=b\n"),
        ([], {"BEAMLIKE_INPUT_BATCH_SIZE": "8", "BEAMLIKE_INPUT_OTHER": "x"}, "read: 8 \n"),
        (
            ["--input", "Batch size=64"],
            {"BEAMLIKE_INPUT_BATCH_SIZE": "8", "BEAMLIKE_INPUT_NAME": "Bo"},
            "read: 64 Bo\n",
        ),
    ],
)
def test_inputs_come_from_flags_then_the_environment_then_their_defaults(
    tmp_path: Path, flags: list[str], environment: dict[str, str], expected: str
) -> None:
    result = run(written(tmp_path / "test.livemd", *CELLS), *flags, **environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert expected in result.stdout


@pytest.mark.parametrize(
    ("value", "words"), [("many", "expected a number for 'Batch size'"), ("0", "expected a number of 1 to any")]
)
def test_a_value_that_the_input_does_not_take_fails_its_cell_in_words(tmp_path: Path, value: str, words: str) -> None:
    result = run(written(tmp_path / "test.livemd", *CELLS), "--input", f"Batch size={value}")
    assert result.returncode == 1
    assert f"ValueError: {words}" in result.stderr
    assert f"got {value!r}, which --input or BEAMLIKE_INPUT_BATCH_SIZE gives" in result.stderr
    assert result.stderr.endswith("beamlike: cell 1 of 2 (Section) failed\n")


def test_a_flag_for_an_input_that_there_is_not_is_wrong_usage_and_names_those_that_there_are(tmp_path: Path) -> None:
    result = run(written(tmp_path / "test.livemd", *CELLS), "--input", "Nmae=Ada")
    assert result.returncode == 2
    assert result.stderr == (
        "beamlike: --input: no cell that ran has an input 'Nmae'; there were: 'Batch size', 'Name'\n"
    )
    assert "read: 32" in result.stdout


def test_an_input_is_known_also_where_it_is_not_shown_or_stands_in_a_form_or_a_frame(tmp_path: Path) -> None:
    cells = (
        "import notebook_tui as nb\nhidden = nb.input('Hidden')\nnb.form({'a': nb.input('In a form')})",
        "frame = nb.frame().show()\nframe.render(nb.input('In a frame'))",
        "hidden.value",
    )
    flags = ("--input", "Hidden=seen", "--input", "In a form=x", "--input", "In a frame=y")
    result = run(written(tmp_path / "test.livemd", *cells), *flags)
    assert (result.returncode, result.stderr) == (0, "")
    assert "'seen'" in result.stdout


@pytest.mark.parametrize("given", ["Name", "=Ada"])
def test_what_is_no_assignment_is_wrong_usage(tmp_path: Path, given: str) -> None:
    result = run(written(tmp_path / "test.livemd", *CELLS), f"--input={given}")
    assert result.returncode == 2
    assert "expected LABEL=VALUE, such as 'Batch size=32'" in result.stderr


@pytest.mark.parametrize("by", ["a file", "standard input"])
def test_inputs_come_as_json_by_a_file_or_standard_input_where_no_flag_says_another(tmp_path: Path, by: str) -> None:
    given = '{"Batch size": 64, "Name": "Ada"}'
    file = tmp_path / "inputs.json"
    file.write_text(given)
    path = written(tmp_path / "test.livemd", *CELLS, "input('more?')")
    source, standard_input = (str(file), "yes\n") if by == "a file" else ("-", given)
    result = run(path, "--inputs", source, "--input", "Name=Bo", given=standard_input, BEAMLIKE_INPUT_BATCH_SIZE="8")
    assert "read: 64 Bo\n" in result.stdout
    # What standard input had is read: a cell that asks meets its end.
    assert ("'yes'" in result.stdout, "EOFError" in result.stderr) == (by == "a file", by != "a file")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("Name=swordfish", "expected the inputs as a JSON object of labels with values"),
        ('["swordfish"]', "it is a list"),
        ('{"Name": ["swordfish"]}', "expected text, a number, true or false for 'Name', got a list"),
        ('{"Name": null}', "got null"),
    ],
)
def test_what_is_no_json_of_inputs_is_wrong_usage_and_is_not_said_again(tmp_path: Path, given: str, words: str) -> None:
    result = run(written(tmp_path / "test.livemd", *CELLS), "--inputs", "-", given=given)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("beamlike: --inputs -: ")
    assert words in result.stderr
    assert "swordfish" not in result.stderr


@pytest.mark.parametrize("is_json", [False, True])
def test_a_secret_reaches_cells_and_stands_nowhere_else(tmp_path: Path, is_json: bool) -> None:
    cells = (
        "import notebook_tui as nb\nkey = nb.input.secret('Key').show()\nother = nb.input.secret('Other')\n"
        "nb.form({'key': key})",
        "print(len(key.value), len(other.value), key)",
    )
    path = written(tmp_path / "test.livemd", *cells)
    files = [tmp_path / name for name in ("out.livemd", "report.xml", "run.log")]
    words = ["--output", files[0], "--junit", files[1], "--log", files[2], *(["--json"] if is_json else [])]
    result = run(path, "--input", "Key=swordfish", *words, BEAMLIKE_INPUT_OTHER="hammerhead")
    assert result.returncode == 0, result.stderr
    assert "9 10" in result.stdout
    for text in (result.stdout, result.stderr, *(file.read_text(encoding="utf-8") for file in files)):
        assert "swordfish" not in text
        assert "hammerhead" not in text


def test_a_run_takes_a_runtime_by_name_and_refuses_one_that_is_not_described(tmp_path: Path) -> None:
    path = written(tmp_path / "test.livemd", "import os\nos.environ.get('OF_THE_PROFILE')")
    (tmp_path / "beamlike").mkdir()
    (tmp_path / "beamlike" / "runtimes.toml").write_text('[lab]\nenv = {OF_THE_PROFILE = "here"}\n')
    settings = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert "'here'" in run(path, "--runtime", "lab", **settings).stdout
    assert "'here'" not in run(path, **settings).stdout
    refused = run(path, "--runtime", "nowhere", **settings)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("beamlike: there is no runtime 'nowhere'; there are: local, lab.")
    assert refused.stderr.count("\n") == 1
