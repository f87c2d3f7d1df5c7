"""One piece of work for an installer: who hears of its steps, and who calls it off."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

from beamlike.code.requirements import failures
from beamlike.code.requirements.credentials import shown
from beamlike.code.requirements.errors import CannotInstall
from beamlike.code.requirements.guarded_process import Ended, TookTooLong, run_guarded
from beamlike.code.requirements.progress import Report, Step

PLAN_SECONDS: Final = 600.0
INSTALL_SECONDS: Final = 3600.0


@dataclass(frozen=True)
class Work:
    report: Report
    stop: Event = field(default_factory=Event)

    def run(
        self,
        name: str,
        command: Sequence[str],
        seconds: float,
        step: Callable[[str], Step | None],
        scratch: Path,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> Ended:
        """What it printed; its temporary files go into `scratch`. CannotInstall with the reason if it failed, for which
        `log` is read, too."""

        def on_line(line: str) -> None:
            news = step(shown(line))
            if news is not None:
                self.report(news)

        try:
            ended = run_guarded(
                command,
                environment={**os.environ, "TMPDIR": str(scratch), **(environment or {})},
                seconds=seconds,
                stop=self.stop,
                on_line=on_line,
            )
        except TookTooLong:
            raise CannotInstall(f"{name} was not done within {seconds:.0f} s, and has been ended") from None
        if ended.returncode != 0:
            said = ended.printed + ("\n" + log.read_text(errors="replace") if log and log.exists() else "")
            raise CannotInstall(f"{failures.reason(said)}\n{name} said:\n{failures.last_lines(ended.printed)}")
        return ended


def write_lines(path: Path, lines: Iterable[str]) -> str:
    """Writes them, and returns the path as an argument for an installer."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)
