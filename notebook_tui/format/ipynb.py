"""`.ipynb`, Jupyter's format, both ways.

What only Jupyter knows (ids, metadata, attachments, counts) is kept in the notebook, so that `.ipynb` to `.livemd` to
`.ipynb` gives what there was; what only we know stands there under the key `beamlike`, which Jupyter keeps. Written is
version 4.5, or the 4.x that was read; older ones are brought up to 4 by nbformat.

Not kept: how a text was cut into lines, and white space inside base64.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from notebook_tui.document.notebook import Notebook
from notebook_tui.format import ipynb_outputs, metadata, percent
from notebook_tui.format.decode import NotANotebook
from notebook_tui.format.flat import FlatCell, FlatNotebook, Kind
from notebook_tui.format.flatten import flattened
from notebook_tui.format.unflatten import unflattened

OURS = "beamlike"
_FILE: Mapping[str, Any] = {
    "metadata": {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}
_DEEPEST = 200
_NO_ID = re.compile("[^a-zA-Z0-9_-]")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_KINDS: Mapping[str, Kind] = {"code": "code", "markdown": "markdown", "raw": "raw"}


def write_ipynb(notebook: Notebook) -> str:
    """The notebook as `.ipynb`, with its outputs.

    >>> json.loads(write_ipynb(Notebook("Cats")))["cells"][0]["source"]
    ['# Cats']
    """
    flat = flattened(notebook)
    theirs, ours = _apart(flat.theirs, flat.ours)
    file = {**_FILE, **theirs}
    if ours:
        file["metadata"] = {**_object(file["metadata"]), OURS: ours}
    with_ids = not (isinstance(file["nbformat_minor"], int) and file["nbformat_minor"] < 5)
    ids: set[str] = set()
    file["cells"] = [_to_json(cell, ids, with_ids=with_ids) for cell in flat.cells]
    text = json.dumps(file, ensure_ascii=False, indent=1, sort_keys=True)
    return metadata.with_escaped_surrogates(text) + "\n"


def _to_json(cell: FlatCell, ids: set[str], *, with_ids: bool) -> dict[str, Any]:
    theirs, ours = _apart(cell.theirs, cell.ours)
    said, remainders = _object(theirs.pop("metadata", {})), theirs.pop("outputs", None)
    lines = cell.source.splitlines(keepends=True)
    unknown = theirs.get("cell_type") if cell.kind == "raw" else None
    written: dict[str, Any] = {**theirs, "cell_type": unknown or cell.kind, "metadata": said, "source": lines}
    if cell.kind == "code":
        count = theirs.get("execution_count")
        written["execution_count"] = count
        known = _items(remainders, len(cell.outputs))
        pairs = zip(cell.outputs, known, strict=True)
        written["outputs"] = [ipynb_outputs.completed(output, count, rest) for output, rest in pairs]
        if any(beside := list(map(ipynb_outputs.beside, written["outputs"], cell.outputs))):
            ours["outputs"] = beside
    elif cell.outputs:
        ours["outputs"] = [ipynb_outputs.whole(output) for output in cell.outputs]
    if ours:
        written["metadata"] = {**said, OURS: ours}
    if with_ids:
        written["id"] = _free(str(theirs.get("id", _NO_ID.sub("-", cell.name))), ids)
    return written


def _apart(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What may stand in the open, and what stands under our key: there goes what a file of another format said."""
    noted = {percent.NOTES: theirs[percent.NOTES]} if percent.NOTES in theirs else {}
    return {key: value for key, value in theirs.items() if key not in noted}, {**ours, **noted}


def _free(id: str, ids: set[str]) -> str:
    free, number = id, 2
    while free in ids:
        free, number = f"{id[:50]}-{number}", number + 1
    ids.add(free)
    return free


def read_ipynb(text: str) -> tuple[Notebook, tuple[str, ...]]:
    """The notebook in an `.ipynb`, and warnings. Raises `NotANotebook` for what is none, or none of Python."""
    file, warnings = _loaded(text)
    flat = FlatNotebook(tuple(_from_json(cell) for cell in file.pop("cells")))
    keys = dict(_object(file["metadata"]))
    ours = dict(_object(keys.pop(OURS, {})))
    file["metadata"] = keys
    theirs = {key: value for key, value in file.items() if key not in _FILE or _FILE[key] != value}
    theirs.update(_noted(ours))
    flat = replace(flat, ours=ours, theirs=theirs)
    notebook, faults = unflattened(_without_own_ids(flat))
    return notebook, (*warnings, *faults)


def _loaded(text: str) -> tuple[dict[str, Any], list[str]]:
    warnings: list[str] = []
    try:
        file = json.loads(text, parse_constant=lambda constant: warnings.append(f"{constant} is read as null"))
    except (ValueError, RecursionError) as fault:
        raise NotANotebook(f"expected the JSON of an .ipynb: {fault}") from None
    if metadata.deeper(file, _DEEPEST):
        raise NotANotebook(f"expected the JSON of an .ipynb, found lists in lists more than {_DEEPEST} deep")
    version = file.get("nbformat") if isinstance(file, dict) else None
    if not isinstance(version, int):
        raise NotANotebook("expected an .ipynb, a JSON object with nbformat and cells")
    if version > 4:
        raise NotANotebook(f"expected an .ipynb of version 4 or before, got version {version}: save it as version 4")
    if version < 4:
        file = _upgraded(file)
    if not isinstance(file.get("cells"), list) or not all(isinstance(cell, dict) for cell in file["cells"]):
        raise NotANotebook("expected an .ipynb with a list of cells")
    file.setdefault("metadata", {})
    _refuse_other_languages(_object(file["metadata"]))
    return file, list(dict.fromkeys([*warnings, *_faults(file)]))


def _upgraded(file: dict[str, Any]) -> dict[str, Any]:
    from nbformat import converter, from_dict  # heavy, and old files are rare

    try:
        upgraded: dict[str, Any] = json.loads(json.dumps(converter.convert(from_dict(file), 4)))
    except Exception as fault:
        raise NotANotebook(f"expected a notebook of version {file['nbformat']}, got a broken one: {fault!r}") from fault
    return upgraded


def _refuse_other_languages(keys: Mapping[str, Any]) -> None:
    said = (_object(keys.get("kernelspec")).get("language"), _object(keys.get("language_info")).get("name"))
    language = next((name for name in said if isinstance(name, str)), "python")
    if language.lower() not in ("python", "ipython"):
        raise NotANotebook(f"expected an .ipynb of Python, got one of {language}: its cells could not run here")


def _faults(file: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with it by nbformat's schema: the fault that tells most."""
    from nbformat.validator import ValidationError, get_validator

    try:
        # Ten times as fast as the other one, but its words help nobody.
        get_validator(4, _minor(file), name="fastjsonschema").validate(file)
        return
    except ValidationError:
        from jsonschema.exceptions import best_match
    fault = best_match(get_validator(4, _minor(file), name="jsonschema").iter_errors(file))
    if fault is not None:
        place = "/".join(map(str, fault.absolute_path))
        yield f"this is no .ipynb as it should be, at {place or 'the top'}: {str(fault.message)[:200]}"


def _minor(file: Mapping[str, Any]) -> int:
    minor = file.get("nbformat_minor")
    return max(0, min(minor, 5)) if isinstance(minor, int) else 5


def _from_json(cell: Mapping[str, Any]) -> FlatCell:
    kind = _KINDS.get(str(cell.get("cell_type")), "raw")
    keys = dict(_object(cell.get("metadata")))
    ours = dict(_object(keys.pop(OURS, {})))
    beside = ours.pop("outputs", None)
    left_out = ("metadata", "source", "outputs", *(["cell_type"] if str(cell.get("cell_type")) in _KINDS else []))
    theirs = {key: value for key, value in cell.items() if key not in left_out}
    if keys:
        theirs["metadata"] = keys
    theirs.update(_noted(ours))
    theirs = {key: value for key, value in theirs.items() if value is not None and metadata.writable(value)}
    count = theirs.get("execution_count")
    originals = [_normal(output) for output in _list(cell.get("outputs")) if isinstance(output, dict)]
    if kind == "code":
        pairs = zip(originals, _items(beside, len(originals)), strict=True)
        outputs = tuple(ipynb_outputs.with_ours(original, count, said) for original, said in pairs)
        natural = zip(originals, outputs, strict=True)
        rest = [ipynb_outputs.remainder(original, output, count) for original, output in natural]
        if any(rest) and metadata.writable(rest):
            theirs["outputs"] = rest
    else:
        outputs = tuple(ipynb_outputs.alone(one) for one in _list(beside))
    return FlatCell(kind, _text(cell.get("source", "")), ours, theirs, outputs)


def _noted(ours: dict[str, Any]) -> dict[str, Any]:
    return {percent.NOTES: ours.pop(percent.NOTES)} if percent.NOTES in ours else {}


def _normal(output: dict[str, Any]) -> dict[str, Any]:
    """The output with texts of many lines in one piece, and base64 without white space."""
    text = output.get("text")
    if ipynb_outputs.is_text(text):
        output = {**output, "text": ipynb_outputs.joined(text)}
    data = output.get("data")
    if isinstance(data, dict):
        output = {**output, "data": {key: ipynb_outputs.normal_data(key, value) for key, value in data.items()}}
    return output


def _text(source: object) -> str:
    """The source with plain line ends, and without what no text file can hold."""
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return _NO_TEXT.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def _without_own_ids(flat: FlatNotebook) -> FlatNotebook:
    """Without the ids that a cell would get anyway, where it stands."""
    again = flattened(unflattened(flat)[0])
    if len(again.cells) != len(flat.cells):
        return flat
    names = [_NO_ID.sub("-", cell.name) for cell in again.cells]
    cells = [
        replace(cell, theirs={key: value for key, value in cell.theirs.items() if (key, value) != ("id", name)})
        for cell, name in zip(flat.cells, names, strict=True)
    ]
    return replace(flat, cells=tuple(cells))


def _items(said: object, count: int) -> list[Any]:
    return said if isinstance(said, list) and len(said) == count else [None] * count


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
