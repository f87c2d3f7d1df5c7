"""A run as a JUnit report, which CI systems show: a test case for each cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from notebook_tui.cli.run_report import CellReport, RunReport
from notebook_tui.document.outputs import Text, View, drawn
from notebook_tui.format.plain_text import plain_text

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: RunReport) -> str:
    """The XML. A cell that failed is a `failure`; one that was running when the whole run failed, an `error`; one
    that did not get its turn is `skipped`.

    >>> cell = CellReport("cell-1", "1", "cell 1 of 1 (Data)", "Data", "ok", 0.5)
    >>> print(junit(RunReport("Cats", (cell,), 0.75, None)))
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
      <testsuite name="Cats" tests="1" failures="0" errors="0" skipped="0" time="0.750">
        <testcase classname="Data" name="cell 1 of 1 (Data)" time="0.500" />
      </testsuite>
    </testsuites>
    """
    cells = report.cells
    suites = Element("testsuites")
    suite = SubElement(
        suites,
        "testsuite",
        name=_clean(report.title),
        tests=str(len(cells)),
        failures=_count(cells, "failed", "interrupted"),
        errors=_count(cells, "running"),
        skipped=_count(cells, "waiting"),
        time=f"{report.seconds:.3f}",
    )
    for cell in cells:
        _add_case(suite, cell, report.failure or "")
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode")


def _count(cells: tuple[CellReport, ...], *statuses: str) -> str:
    return str(sum(cell.status in statuses for cell in cells))


def _add_case(suite: Element, cell: CellReport, failure: str) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=_clean(cell.section or "setup"),
        name=_clean(cell.name),
        time=f"{cell.seconds or 0.0:.3f}",
    )
    match cell.status:
        case "failed" | "interrupted":
            _add_failure(case, cell, failure)
        case "running":
            SubElement(case, "error", message=_clean(failure))
        case "waiting":
            SubElement(case, "skipped", message="an earlier cell failed")
    for stream in ("stdout", "stderr"):
        text = "".join(_printed(cell, stream))
        if text:
            SubElement(case, f"system-{stream[3:]}").text = _clean(text)


def _add_failure(case: Element, cell: CellReport, failure: str) -> None:
    if cell.error is None:
        SubElement(case, "failure", message=_clean(failure))
        return
    message = f"{cell.error.type}: {cell.error.message}"
    element = SubElement(case, "failure", type=_clean(cell.error.type), message=_clean(message))
    element.text = _clean(plain_text(cell.error))


def _printed(cell: CellReport, stream: str) -> Iterator[str]:
    for output in cell.outputs:
        printed = drawn(output) if isinstance(output, View) else output
        if isinstance(printed, Text) and printed.stream == stream:
            yield plain_text(printed) + "\n"


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
