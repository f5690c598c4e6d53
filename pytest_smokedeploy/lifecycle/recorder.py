"""Records the facts of a run, each in the record and in the journal."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from pytest_smokedeploy.client import Reading
from pytest_smokedeploy.evidence import Journal, take
from pytest_smokedeploy.judging import Record
from pytest_smokedeploy.model import Finding


@dataclass(eq=False, repr=False)
class FactRecorder:
    """Records facts as they happen, so that the journal of a killed run is complete (DESIGN 6).

    Args:
        record: the facts that the verdict is decided from.
        journal: the same facts on disk.
        show: shows one line to the person who watches the run.
        show_progress: shows how far something is, in the place of what it showed before; "" ends that.

    Attributes:
        oddities: undocumented behaviour of an answer or a call (EXT-4), one line each.
        status_read: whether a status of the agent was recorded.
        sealed: whether a signal is no fact any more: a run whose outcome is told must not fail.
        hold: what a status on hold tells, and how a person releases it, both in words.

    """

    record: Record
    journal: Journal
    show: Callable[[str], None] = lambda _line: None
    show_progress: Callable[[str], None] = lambda _line: None
    oddities: list[str] = field(default_factory=list)
    sealed: bool = False
    hold: Callable[[Mapping[str, object]], tuple[str, str]] = lambda _status: ("", "")
    status_read: bool = False
    _held: object = None

    def announce(self, line: str) -> None:
        """Show one line; a terminal that is gone must not prevent the stop."""
        with suppress(OSError, ValueError):
            self.show(line)

    def progress(self, line: str) -> None:
        """Show how far something is; "" once it is over."""
        with suppress(OSError, ValueError):
            self.show_progress(line)

    def note(self, event: str, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Take an event's fact into the record, as `verify` does from the journal, and write it there."""
        take(self.record, {"event": event, **data})
        self.journal.write(event, **data)

    def finding(self, finding: Finding) -> Finding:
        """Record a finding; returns it."""
        told = {"basis": finding.basis and str(finding.basis), "meaning": finding.means}
        self.note("finding", **asdict(finding) | told)
        return finding

    def findings(self, found: Iterable[Finding], oddities: Iterable[str] = ()) -> None:
        """Record several findings, and undocumented behaviour."""
        self.oddities += oddities
        for finding in found:
            self.finding(finding)

    def interrupt(self, name: str) -> None:
        """Record a signal that ends the run; once the record is sealed it is only shown."""
        if self.sealed:
            self.announce(f"{name}: too late to change anything, the run is over")
        else:
            self.note("signal", name=name)

    def read(self, why: str, reading: Reading) -> Reading:
        """Record a status answer that was read for `why`, and its undocumented fields; returns it."""
        self.status(why, reading.raw, reading.problems)
        self.odd(why, reading)
        if self.record.deploy == "sent" and reading.raw.get("oom_killed") is True:
            self.oddities.append(f"{why}: oom_killed, the runtime lacked memory")
        return reading

    def status(self, why: str, raw: Mapping[str, object], problems: Iterable[str] = ()) -> None:
        """Record a status, and the hold that it tells, in words, where it is another than before (FLR-3)."""
        self.note("status.read", why=why, answer=raw, problems=list(problems))
        held = raw.get("hold")
        if "hold" in raw and (held != self._held or not self.status_read):
            words, remedy = ("", "") if held is None else self.hold(raw)
            self.note("hold.read", on=held is not None, words=words, remedy=remedy)
            self._held = held
        self.status_read = True

    def odd(self, why: str, reading: Reading) -> None:
        """Record the breaches of the contract in an answer as undocumented behaviour."""
        self.oddities += [f"{why}: {problem}" for problem in reading.problems]
