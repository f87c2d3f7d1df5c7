"""What Vim looks for: `/`, `?`, `n`, `N`, `*`, `#`, and `:s`, which puts something in its place."""

from __future__ import annotations

from notebook_tui.ui.editing.keymaps import places
from notebook_tui.ui.editing.keymaps.buffer import Buffer
from notebook_tui.ui.editing.keymaps.effects import Mark, Say
from notebook_tui.ui.editing.keymaps.ex import Substitute
from notebook_tui.ui.editing.keymaps.motions import Moved, column_of
from notebook_tui.ui.finding.pattern import BadPattern, Pattern, Query, TooLong


class VimSearch:
    """What was looked for last, and in which direction. What goes wrong is said, and nothing moves."""

    def __init__(self) -> None:
        self.query: Query | None = None
        self.forward = True

    def spans(self, buffer: Buffer) -> list[tuple[int, int]] | None:
        if self.query is None:
            buffer.do(Say("Nothing was searched for yet."))
            return None
        try:
            return Pattern(self.query).spans(buffer.text)
        except (BadPattern, TooLong) as error:
            buffer.do(Say(str(error)))
            return None

    def mark(self, buffer: Buffer) -> None:
        if self.query is not None:
            buffer.do(Mark(tuple(self.spans(buffer) or ())))

    def to_match(self, buffer: Buffer, count: int, *, forward: bool) -> Moved | None:
        spans = self.spans(buffer)
        if spans is None:
            return None
        if not spans:
            buffer.do(Say(f"Not found: {self.query.text if self.query else ''}"))
            return None
        starts = [start for start, _ in spans]
        place = buffer.caret
        for _ in range(count % len(starts) or len(starts)):
            ahead = [start for start in starts if (start > place if forward else start < place)]
            place = (ahead or starts)[0 if forward else -1]
        return Moved(place)

    def to_word(self, buffer: Buffer, count: int, *, forward: bool) -> Moved | None:
        line, column = buffer.line(buffer.caret), column_of(buffer.text, buffer.caret)
        while column < len(line) and places.kind(line[column]) != "w":
            column += 1
        if column == len(line):
            buffer.do(Say("There is no word under the caret."))
            return None
        start = end = column
        while start and places.kind(line[start - 1]) == "w":
            start -= 1
        while end < len(line) and places.kind(line[end]) == "w":
            end += 1
        self.query, self.forward = Query(line[start:end], case=True, words=True), forward
        buffer.caret = places.line_start(buffer.text, buffer.caret) + start
        moved = self.to_match(buffer, count, forward=forward)
        self.mark(buffer)
        return moved

    def substitute(self, buffer: Buffer, wanted: Substitute) -> None:
        query = Query(wanted.pattern, case=not wanted.ignore_case, regex=True)
        lines = buffer.text.split("\n")
        count, last = 0, 0
        try:
            pattern = Pattern(query)
            for row in range(wanted.first or 0, (wanted.last or 0) + 1):
                line = lines[row]
                if wanted.all_in_line:
                    changed, found = pattern.replaced(line, wanted.replacement)
                else:
                    spans = pattern.spans(line)[:1]
                    found = len(spans)
                    changed = line
                    for start, end in spans:
                        by = pattern.replacement_at(line, (start, end), wanted.replacement) or ""
                        changed = line[:start] + by + line[end:]
                if found:
                    lines[row], count, last = changed, count + found, row
        except (BadPattern, TooLong) as error:
            buffer.do(Say(str(error)))
            return
        if not count:
            buffer.do(Say(f"Not found: {wanted.pattern}"))
            return
        self.query = query
        first_row, last_row = wanted.first or 0, wanted.last or 0
        start = places.row_start(buffer.text, first_row)
        end = places.line_end(buffer.text, places.row_start(buffer.text, last_row))
        new = "\n".join(lines[first_row : last_row + 1])
        above = "\n".join(lines[:last])
        buffer.edit(start, end, new)
        buffer.caret = places.first_letter(buffer.text, len(above) + 1 if last else 0)
        buffer.do(Say(f"{count} {'place' if count == 1 else 'places'} replaced"))
