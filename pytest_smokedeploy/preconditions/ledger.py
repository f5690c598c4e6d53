"""The phase ledger and the sign-offs: plain files under review (PRE-1, FLR-3, PRE-5 attested)."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.settings import RunConfig, yamlfile
from pytest_smokedeploy.support.errors import SettingsError

STEPS: Final = ("1", "2", "3", "4")
_KINDS: Final[Mapping[type, str]] = {dict: "keys under", list: "list"}
#: What stands for a person's own words in the files that `init` lays, and in the lines that a remedy shows.
_UNWRITTEN: Final = frozenset(
    {
        *("a person's name", "where it can be seen", "what was found and mended"),
        *("NAME", "WHERE IT CAN BE SEEN", "WHAT WAS SEEN", "WHAT WAS FOUND"),
    }
)
_ATTEST: Final = "Have a person look, and record what was seen and until when it counts, under review."


def today() -> date:
    """Today, in UTC."""
    return datetime.now(UTC).date()


def _section(file: Path, key: str, kind: type) -> tuple[yamlfile.Document, Any, str]:
    """The file, what it holds under `key`, and "" where that is a `kind`, or why it is none."""
    try:
        document = yamlfile.read(file)
    except SettingsError as error:
        return yamlfile.Document(file.name, None, {}), None, str(error)
    found = document.data.get(key) if isinstance(document.data, dict) else None
    fault = f"{file.name}:1: holds no {_KINDS[kind]} `{key}`"
    return document, found, "" if isinstance(found, kind) else fault


def steps_complete(file: Path, on: date | None = None) -> Finding:
    """PRE-1: steps 1 to 4 each with a past date, a person and evidence."""
    expected = "STEP 1-4 recorded complete in the phase ledger"
    no = partial(Finding, "PRE-1", False, expected)
    document, steps, fault = _section(file, "steps", dict)
    if fault:
        row = f"{{done_on: {today()}, by: NAME, evidence: WHERE IT CAN BE SEEN}}"
        return no(fault, remedy=f"Mend {file.name}: under `steps` a line `N: {row}` for each of 1 to 4.")
    faults = []
    for number in STEPS:
        if fault := _entry_fault(steps.get(number), ("done_on", "by", "evidence"), "done_on", on or today()):
            line = document.line(("steps", number))
            faults.append(f"{file.name}{f':{line}' if line else ''}: step {number} {fault}")
    if faults:
        return no("; ".join(faults))
    who = ", ".join(f"{n} by {steps[n]['by']} on {steps[n]['done_on']}" for n in STEPS)
    return Finding("PRE-1", True, expected, f"steps {who}")


def attested(file: Path, what: str, on: date | None = None) -> Finding:
    """PRE-5, attested: a person's entry that has not expired."""
    now = on or today()
    expected = f"an attestation `{what}` in the phase ledger that has not expired"
    no = partial(Finding, "PRE-5", False, expected, remedy=_ATTEST)
    document, entries, fault = _section(file, "attestations", dict)
    if fault:
        row = f"{what}: {{what: WHAT WAS SEEN, by: NAME, on: {now}, until: {now + timedelta(days=7)}}}"
        return no(fault, remedy=f"{_ATTEST} Mend {file.name}: under `attestations` a line `{row}`.")
    entry, place = entries.get(what), f"{file.name}:{document.line(('attestations', what))}: {what}"
    if fault := _entry_fault(entry, ("what", "by", "on", "until"), "on", now):
        return no(f"{place} {fault}")
    until = _date(entry["until"])
    if until is None:
        return no(f"{place} has until {entry['until']!r}, which is no date like 2026-01-31")
    if until < now:
        return no(f"{place} expired on {entry['until']}")
    seen = f"attested by {entry['by']} on {entry['on']}, until {entry['until']}: {entry['what']}"
    return Finding("PRE-5", True, expected, seen, Basis.ATTESTED)


@dataclass(frozen=True, slots=True)
class FailedDeploy:
    """What did not end well: FLR-3 holds only where a person has looked at it and signed it off.

    Attributes:
        run: names the file of sign-offs.
        key: the id of the run, or of the deploy, that failed.
        whose: the same in words.
        expected: what FLR-3 wants to see.

    """

    run: RunConfig
    key: str
    whose: str
    expected: str

    def unless_signed(
        self, seen: str, ended: date | None = None, basis: Basis | None = Basis.SEEN
    ) -> Finding:
        """FLR-3.

        Args:
            seen: how it ended.
            ended: the day it ended, where that is known: nobody looks at it before.
            basis: None where it is not known how it ended.

        """
        file = self.run.inspections_file
        who, why = _signature(file, self.key, ended)
        if who:
            return Finding("FLR-3", True, self.expected, f"{seen}; signed off by {who}")
        remedy = f"Look into {self.whose}, then record it under `inspections` in {file.name}, under review: "
        remedy += f"`- {{run: '{self.key}', by: NAME, on: {today()}, finding: WHAT WAS FOUND}}`."
        holds = None if basis is None else False
        return Finding("FLR-3", holds, self.expected, f"{seen}; {why}", basis, remedy=remedy)


def _signature(file: Path, key: str, ended: date | None) -> tuple[str, str]:
    """Who looked at what failed, in words, and ""; or "", and why nobody did."""
    document, rows, why = _section(file, "inspections", list)
    why = why or "nobody signed it off"
    for number, row in enumerate(rows or ()):
        if not isinstance(row, dict) or str(row.get("run")) != key:
            continue
        fault = _entry_fault(row, ("by", "on", "finding"), "on", today())
        on_day = _date(row.get("on"))
        if not fault and on_day and ended and on_day < ended:
            fault = f"is dated {on_day}, before the run ended"
        if not fault:
            return f"{row['by']} on {row['on']}: {row['finding']}", ""
        why = f"its sign-off in {file.name}:{document.line(('inspections', number))} {fault}"
    return "", why


def day(time: object) -> date | None:
    """The day of a time like 2026-01-31T01:02:03Z, None where it is no such time."""
    return _date(str(time)[:10])


def _entry_fault(entry: Any, keys: tuple[str, ...], dated: str, now: date) -> str:  # noqa: ANN401 - YAML
    """What is wrong with an entry, or ""."""
    if not isinstance(entry, dict):
        return "is not recorded"
    for key in keys:
        if not (said := str(entry.get(key) or "").strip()):
            return f"has no `{key}`"
        if said in _UNWRITTEN:
            return f"has the placeholder {said!r} for `{key}`"
    day = _date(entry[dated])
    if day is None:
        return f"has {dated} {entry[dated]!r}, which is no date like 2026-01-31"
    if day > now:
        return f"is dated in the future ({entry[dated]})"
    return ""


def _date(text: object) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(str(text))
    return None
