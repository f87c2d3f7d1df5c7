"""The cells of docs/notebook_engine.md show what stands under them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from notebook_tui.document.outputs import Display, Result, Text
from tests.support.open_notebook import opened

GUIDE = Path(__file__).parents[2] / "docs" / "notebook_engine.md"
CELL = r"^```py\n(.*?)^```\n\n^```text\n(.*?)^```"


def test_the_cells_of_the_guide_show_what_stands_under_them(tmp_path: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    found = re.findall(CELL, text, re.MULTILINE | re.DOTALL)
    assert len(found) == text.count("```py\n") > 1
    cells = [cell.rstrip("\n") for cell, _ in found]

    async def main() -> list[str]:
        async with opened(tmp_path, *cells) as it:
            await it.run(*range(1, len(cells) + 1))
            shown = []
            for number in range(1, len(cells) + 1):
                outputs = it.state.notebook.cell(f"cell-{number}").outputs
                texts = [output.text for output in outputs if isinstance(output, Text | Result | Display)]
                shown.append("".join(text if text.endswith("\n") else f"{text}\n" for text in texts))
            return shown

    assert [text.rstrip() for text in asyncio.run(main())] == [text.rstrip() for _, text in found]
