"""What is known of a name, as Markdown."""

from __future__ import annotations

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Notebook
from notebook_tui.runtime.answers import Description, Location


@frozen
class Hover:
    start: int
    """Where the identifier begins in the source, and below, where it ends."""
    end: int
    markdown: str


def hover(described: Description, notebook: Notebook) -> Hover:
    """
    >>> print(hover(Description("greet", "function", "(name)", "Says hello.", start=0, end=5), Notebook()).markdown)
    ```python
    def greet(name)
    ```
    <BLANKLINE>
    Says hello.
    """
    parts = [f"```python\n{_title(described)}\n```", docs_as_markdown(described.docs)]
    if described.location is not None:
        parts.append(f"*Defined in {_words(described.location, notebook)}.*")
    return Hover(described.start, described.end, "\n\n".join(filter(None, parts)))


def docs_as_markdown(docs: str) -> str:
    """Of reStructuredText and the styles of Google and numpy; what is none of them stays as it was written.

    >>> print(docs_as_markdown("Adds.\\n\\nArgs:\\n    one: A number."))
    Adds.
    <BLANKLINE>
    #### Args
    <BLANKLINE>
    - `one`: A number.
    """
    from docstring_to_markdown import UnknownFormatError, convert

    try:
        return convert(docs).strip() if docs.strip() else ""
    except UnknownFormatError:
        return docs.strip()


def _title(described: Description) -> str:
    match described.kind:
        case "function":
            return f"def {described.name}{described.signature or '(…)'}"
        case "class":
            return f"class {described.name}{described.signature}"
        case "module":
            return f"module {described.name}"
        case _:
            of_type = f": {described.type}" if described.type else ""
            return f"{described.name}{of_type}{f' = {described.value}' if described.value else ''}"


def _words(location: Location, notebook: Notebook) -> str:
    if location.where == "cell" and any(cell.id == location.path for cell in notebook.cells()):
        return f"cell {notebook.label(location.path)}, line {location.line}"
    if location.where == "cell":
        return f"a cell that is gone, line {location.line}"
    return f"`{location.path}`, line {location.line}"
