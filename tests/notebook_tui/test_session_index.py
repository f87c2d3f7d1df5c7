"""The names of cells are known before the first one runs."""

from __future__ import annotations

from pathlib import Path

from notebook_tui.document.names import names
from tests.support.kept_sessions import kept
from tests.support.local_nodes import eventually, in_node

CELLS = 20


@in_node
async def test_names_of_all_cells_are_looked_up_soon_after_a_notebook_is_opened(tmp_path: Path) -> None:
    sources = [f"only_here_{tmp_path.name}_{number} = {number}".replace("-", "_") for number in range(CELLS)]
    path = tmp_path / "test.livemd"
    path.write_text("# T\n\n## S\n\n" + "\n\n".join(f"```python\n{source}\n```" for source in sources))
    before = names.cache_info().misses
    async with kept(path):
        await eventually(lambda: names.cache_info().misses >= before + CELLS)
    found = names.cache_info().hits
    for source in sources:
        names(source)
    assert names.cache_info().hits == found + CELLS
