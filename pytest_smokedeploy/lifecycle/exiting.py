"""The exit criteria of STEP 5, judged from the whole run (EXT-2, EXT-4)."""

from collections.abc import Collection, Sequence
from typing import Final

from pytest_smokedeploy.judging import Record, StartupLog
from pytest_smokedeploy.model import CLAUSE, Finding

_REMEDY: Final = "Look at these first; the rest follows from them."


def all_checks_passed(gate: Record) -> Finding:
    """EXT-2: every check of the earlier stages passed, and no clause was violated since."""
    rows, expected = gate.outstanding(), CLAUSE["EXT-2"].text
    if rows:
        failed = [f"{check.title} ({outcome})" for check, outcome, _ in rows if outcome == "failed"]
        seen = "; ".join(failed or [f"{check.title} ({outcome})" for check, outcome, _ in rows])
        return Finding("EXT-2", False if failed else None, expected, seen[:400], remedy=_REMEDY)
    # The log's tail is read after the log's checks, so a clause can be violated though its check passed.
    if since := gate.violations:
        words = f"{', '.join(since)} violated since; {next(iter(since.values()))}"
        return Finding("EXT-2", False, expected, words[:400], remedy=_REMEDY)
    return Finding("EXT-2", True, expected, "every check of the earlier stages passed")


def nothing_undocumented(  # noqa: PLR0913 - facts of the whole run
    log: StartupLog,
    exit_code: int | None,
    documented: Collection[int],
    oddities: Sequence[str],
    *,
    whole: bool,
    replaced: bool = False,
) -> Finding:
    """EXT-4: log lines, exit code and answers are all documented ones.

    Args:
        log: the runtime's log.
        exit_code: the runtime's exit code, None where it is not known.
        documented: the documented exit codes.
        oddities: undocumented behaviour of answers and calls.
        whole: whether the log was read to the container's end.
        replaced: whether a stop-only image replaced the container, so that its exit code can't be read.

    """
    expected = CLAUSE["EXT-4"].text
    found = [f"undocumented line {line.text[:160]!r}" for line in log.undocumented]
    if exit_code is not None and exit_code not in documented:
        found.append(f"exit code {exit_code}, documented are {sorted(documented)}")
    found += oddities
    if found:
        remedy = "Understand it; then mend it, or write its template under log.documented in smokedeploy.yml."
        return Finding("EXT-4", False, expected, "; ".join(found)[:600], remedy=remedy)
    if not whole or (exit_code is None and not replaced):
        words = "the log or the exit code could not be read to its end"
        words += f": {log.broken}" if log.broken else ""
        remedy = "Look at the agent's log and the container: what the runtime did at its end is not known."
        return Finding("EXT-4", None, expected, words[:600], None, remedy=remedy)
    code = (
        "no exit code (a stop-only image took its place)" if exit_code is None else f"exit code {exit_code}"
    )
    return Finding("EXT-4", True, expected, f"{len(log.lines)} log lines and {code}, all documented")
