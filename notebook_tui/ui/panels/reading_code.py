"""The text of a cell that reads a file, by what its name says it is; with what every Python has."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

_TABLES: Final = {".csv": ",", ".tsv": "\\t"}
_FRAMES: Final = {".parquet": "read_parquet", ".feather": "read_feather", ".xlsx": "read_excel"}
_PICTURES: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")


def reading_code(path: str) -> str:
    """
    >>> print(reading_code("files/cats.json"))
    import json
    from pathlib import Path
    <BLANKLINE>
    cats = json.loads(Path('files/cats.json').read_text(encoding="utf-8"))
    cats
    """
    suffix = PurePosixPath(path).suffix.lower()
    name = _variable(PurePosixPath(path).stem)
    if suffix in _TABLES:
        reader = f'list(csv.DictReader(file, delimiter="{_TABLES[suffix]}"))'
        opened = f'with open({path!r}, newline="", encoding="utf-8") as file:'
        return f"import csv\n\n{opened}\n    {name} = {reader}\n{name}[:10]"
    if suffix == ".json":
        read = f'json.loads(Path({path!r}).read_text(encoding="utf-8"))'
        return f"import json\nfrom pathlib import Path\n\n{name} = {read}\n{name}"
    if suffix in _FRAMES:
        return f"import pandas as pd\n\n{name} = pd.{_FRAMES[suffix]}({path!r})\n{name}"
    if suffix in _PICTURES:
        return f"import notebook_tui as nb\nfrom pathlib import Path\n\nnb.image(Path({path!r}).read_bytes())"
    return f'from pathlib import Path\n\n{name} = Path({path!r}).read_text(encoding="utf-8")\nprint({name}[:2000])'


def _variable(stem: str) -> str:
    """
    >>> _variable("My cats-2024"), _variable("7")
    ('my_cats_2024', 'data_7')
    """
    name = "".join(each if each.isalnum() and each.isascii() else "_" for each in stem.lower()).strip("_") or "data"
    return name if name.isidentifier() else f"data_{name}"
