"""The phase ledger and the sign-offs: plain files under review (PRE-1, FLR-3, PRE-5 attested)."""

from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.settings import yamlfile
from pytest_smokedeploy.support.errors import SettingsError

STEPS: Final = ("1", "2", "3", "4")
_REMEDY: Final = "Complete the step, and record it under review."
_ATTEST: Final = "Have a person look, and record what was seen and until when it counts, under review."


def today() -> date:
    """Today, in UTC."""
    return datetime.now(UTC).date()


def _section(file: Path, key: str, kind: type) -> tuple[yamlfile.Document, Any]:
    """The file, and what it holds under `key`, None unless that is a `kind`.

    Raises:
        SettingsError: the file can't be read.

    """
    document = yamlfile.read(file)
    found = document.data.get(key) if isinstance(document.data, dict) else None
    return document, found if isinstance(found, kind) else None


def steps_complete(file: Path, on: date | None = None) -> Finding:
    """PRE-1: steps 1 to 4 each with a past date, a person and evidence."""
    expected = "STEP 1-4 recorded complete in the phase ledger"
    no = partial(Finding, "PRE-1", False, expected, remedy=_REMEDY)
    try:
        document, steps = _section(file, "steps", dict)
    except SettingsError as error:
        return no(str(error))
    if steps is None:
        return no(f"{file.name} holds no `steps`")
    for number in STEPS:
        if fault := _entry_fault(steps.get(number), ("done_on", "by", "evidence"), "done_on", on or today()):
            line = document.line(("steps", number))
            place = f"{file.name}:{line}" if line else file.name
            return no(f"{place}: step {number} {fault}")
    who = ", ".join(f"{n} by {steps[n]['by']} on {steps[n]['done_on']}" for n in STEPS)
    return Finding("PRE-1", True, expected, f"steps {who}")


def attested(file: Path, what: str, on: date | None = None) -> Finding:
    """PRE-5, attested: a person's entry that has not expired."""
    now = on or today()
    expected = f"an attestation `{what}` in the phase ledger that has not expired"
    no = partial(Finding, "PRE-5", False, expected, remedy=_ATTEST)
    try:
        entry: Any = (_section(file, "attestations", dict)[1] or {}).get(what)
    except SettingsError as error:
        return no(str(error))
    if fault := _entry_fault(entry, ("what", "by", "on", "until"), "on", now):
        return no(f"{file.name}: {what} {fault}")
    until = _date(entry["until"])
    if until is None or until < now:
        return no(f"{file.name}: {what} expired on {entry['until']}")
    seen = f"attested by {entry['by']} on {entry['on']}, until {entry['until']}: {entry['what']}"
    return Finding("PRE-5", True, expected, seen, Basis.ATTESTED)


def signed_off(file: Path, run_id: str, ended: date | None = None) -> tuple[str, str]:
    """Who looked at the failed run `run_id`, in words; or, where nobody did, why not.

    Args:
        file: the sign-offs.
        run_id: the run's id.
        ended: the day the run ended, where it is known: nobody looks at it before.

    Returns:
        (who, ""), or ("", why).

    """
    try:
        document, rows = _section(file, "inspections", list)
    except SettingsError as error:
        return "", str(error)
    if rows is None:
        return "", f"{file.name}:1: holds no list `inspections`."
    why = "nobody signed it off"
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or str(row.get("run")) != run_id:
            continue
        fault = _entry_fault(row, ("by", "on", "finding"), "on", today())
        on_day = _date(row.get("on"))
        if not fault and on_day and ended and on_day < ended:
            fault = f"is dated {on_day}, before the run ended"
        if not fault:
            return f"{row['by']} on {row['on']}: {row['finding']}", ""
        why = f"its sign-off in {file.name}:{document.line(('inspections', number))} {fault}"
    return "", why


def how_to_sign(file: Path, run_id: str) -> str:
    """How a person records that they looked at the run `run_id`, as the rest of a sentence."""
    entry = f"{{run: '{run_id}', by: NAME, on: {today()}, finding: WHAT WAS FOUND}}"
    return f"record it under `inspections` in {file.name}, under review: `- {entry}`."


def day(time: object) -> date | None:
    """The day of a time like 2026-01-31T01:02:03Z, None where it is no such time."""
    return _date(str(time)[:10])


def _entry_fault(entry: Any, keys: tuple[str, ...], dated: str, now: date) -> str:  # noqa: ANN401 - YAML
    """What is wrong with an entry, or ""."""
    if not isinstance(entry, dict):
        return "is not recorded"
    for key in keys:
        if not str(entry.get(key) or "").strip():
            return f"has no `{key}`"
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
