"""The block of PEP 723 in the text of a script, or of a notebook's cell:

    # /// script
    # requires-python = ">=3.11"
    # dependencies = ["numpy>=2", "rich"]
    # ///

It is what `uv run script.py` reads, too. Where an index of `[tool.uv]` or one of its sources would be needed, it is
refused: other installers would silently take a package of the same name from another place.
"""

from __future__ import annotations

import re
import tomllib

from beamlike.code.requirements.credentials import shown
from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.errors import BadRequirements
from beamlike.code.requirements.opening import OPENING

# As the reference implementation in PEP 723 has it.
_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
_KEYS = {"dependencies", "requires-python", "tool"}
_OWN = "beamlike"


def script_block(text: str) -> Requirements | None:
    """What the block of that text declares; None if it has none. BadRequirements says what is wrong, and in which line.

    >>> script_block('# /// script\\n# dependencies = ["rich"]\\n# ///\\nimport rich')
    Requirements(dependencies=('rich',), requires_python=None)
    """
    if OPENING not in text:
        return None
    text = text.replace("\r\n", "\n")
    blocks = [block for block in _BLOCK.finditer(text) if block["type"] == "script"]
    if not blocks:
        _check_for_unclosed(text)
        return None
    if len(blocks) > 1:
        raise BadRequirements(f"expected one block `{OPENING}`, found another in {_line(text, blocks[1].start())}")
    where = f"the block `{OPENING}` in {_line(text, blocks[0].start())}"
    return _read(_toml(blocks[0]["content"], text.count("\n", 0, blocks[0].start("content")), where), where)


def _check_for_unclosed(text: str) -> None:
    start = re.search(rf"(?m)^{OPENING}[ \t]*$", text)
    if start is not None:
        raise BadRequirements(
            f"the block `{OPENING}` in {_line(text, start.start())} is not one: expected lines that start with '# ' "
            "(or are a lone '#') under it, and the line `# ///` after them"
        )


def _toml(content: str, lines_before: int, where: str) -> dict[str, object]:
    lines = [line[2:] if line.startswith("# ") else line[1:] for line in content.splitlines(keepends=True)]
    try:
        # With as many lines in front as the text has, so that an error names the line that its writer sees.
        return tomllib.loads("\n" * lines_before + "".join(lines))
    except tomllib.TOMLDecodeError as error:
        message = re.sub(r"column (\d+)", lambda found: f"column {int(found[1]) + 2}", str(error))
        raise BadRequirements(f"{where} is no TOML: {message}") from None


def _read(table: dict[str, object], where: str) -> Requirements:
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise BadRequirements(f"{where} has the key `{unknown[0]}`; expected `dependencies` or `requires-python`")
    dependencies = table.get("dependencies", [])
    if not isinstance(dependencies, list) or not all(isinstance(item, str) for item in dependencies):
        raise BadRequirements(f"{where}: expected `dependencies` as a list of strings, got {shown(repr(dependencies))}")
    python = table.get("requires-python")
    if python is not None and not isinstance(python, str):
        raise BadRequirements(f"{where}: expected `requires-python` as a string, got {python!r}")
    _refuse_places(table, where)
    try:
        return Requirements.of(dependencies, python)
    except BadRequirements as error:
        raise BadRequirements(f"{where}: {error}") from None


def _refuse_places(table: dict[str, object], where: str) -> None:
    tool = table.get("tool")
    uv = tool.get("uv") if isinstance(tool, dict) else None
    if not isinstance(uv, dict):
        return
    sources = uv.get("sources")
    named = sorted(set(sources) - {_OWN}) if isinstance(sources, dict) else []
    if named or "index" in uv:
        what = f"a source of `{named[0]}`" if named else "an index"
        raise BadRequirements(
            f"{where} names {what} in [tool.uv], which only uv reads: write the requirement as `name @ URL`, or set "
            "the index where pip and uv look for it (their configuration, or the environment)"
        )


def _line(text: str, offset: int) -> str:
    return f"line {text.count(chr(10), 0, offset) + 1}"
