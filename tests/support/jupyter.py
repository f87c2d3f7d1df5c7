"""Notebooks as Jupyter has them, drawn at random."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st

from tests.support.notebooks import any_text, json_values, markdown

Json = dict[str, Any]
ids = st.text("abcXYZ019-_", min_size=1, max_size=12) | st.integers(1, 5).map(lambda number: f"cell-{number}")
keys = st.dictionaries(st.sampled_from(["tags", "collapsed", "a-->b", "é", "jupyter"]), json_values, max_size=2)
counts = st.none() | st.integers(0, 99)
sources = (
    markdown
    | st.sampled_from(["# Title", "## Part", "## Part ##\n\n", "# Title\ntext", "## A\n\n\ntext", "##", "### C", "#x"])
    | markdown.map(lambda text: f"## {text}")
    | markdown.map(lambda text: f"# T\n\n{text}")
).map(lambda text: text.replace("\r", "").replace("\0", ""))
media = st.one_of(
    st.tuples(st.sampled_from(["text/plain", "text/html", "image/svg+xml", "text/latex"]), any_text),
    st.tuples(
        st.sampled_from(["image/png", "image/jpeg"]), st.binary().map(lambda data: base64.b64encode(data).decode())
    ),
    st.tuples(st.just("image/png"), st.text(max_size=5).map(lambda text: "".join(text.split()))),
    st.tuples(st.sampled_from(["application/json", "application/vnd.plotly.v1+json"]), json_values),
)
data = st.lists(media, max_size=3).map(dict)


def output(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({"output_type": st.just(kind), **fields})


outputs = st.one_of(
    output("stream", name=st.sampled_from(["stdout", "stderr"]), text=any_text),
    output("execute_result", data=data, metadata=keys, execution_count=counts),
    output("display_data", data=data, metadata=keys),
    output("error", ename=any_text, evalue=any_text, traceback=st.lists(any_text, max_size=3)),
)


@st.composite
def cells(draw: st.DrawFn) -> Json:
    kind = draw(st.sampled_from(["code", "markdown", "raw"]))
    cell: Json = {"cell_type": kind, "metadata": draw(keys), "source": draw(sources)}
    if kind == "code":
        cell |= {"execution_count": draw(counts), "outputs": draw(st.lists(outputs, max_size=3))}
    elif draw(st.booleans()):
        cell["attachments"] = {"a.png": {"image/png": "iVBORw=="}}
    return cell


@st.composite
def files(draw: st.DrawFn) -> Json:
    """A file of version 4.4 or 4.5; other keys are not allowed, and occur."""
    minor = draw(st.sampled_from([4, 5]))
    drawn = draw(st.lists(cells(), max_size=6))
    if minor == 5:
        names = draw(st.lists(ids, min_size=len(drawn), max_size=len(drawn), unique=True))
        drawn = [{**cell, "id": name} for cell, name in zip(drawn, names, strict=True)]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    said = draw(st.sampled_from([{}, kernel, {**kernel, "language_info": {"name": "python"}}, {"title": "x"}]))
    extra = draw(st.sampled_from([{}, {"unknown": [1, {"a": None}]}]))
    return {"cells": drawn, "metadata": {**draw(keys), **said}, "nbformat": 4, "nbformat_minor": minor, **extra}
