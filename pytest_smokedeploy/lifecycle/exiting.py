"""The exit criteria of STEP 5, judged from the whole run (EXT-2, EXT-4)."""

from typing import Final

from pytest_smokedeploy.judging import Record
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.lifecycle.watch import Watch
from pytest_smokedeploy.model import CLAUSE, Finding

#: What an exit code says of how the runtime ended, and what to do about it.
_MEANS: Final = {
    137: "SIGKILL: it did not end within its grace, or lacked memory",
    143: "ended by SIGTERM, or its own status for it",
}
_LEFT: Final = {
    137: "Let the runtime end within the agent's STOP_GRACE_SECONDS, or raise that",
    143: "Have the runtime leave with 0 on SIGTERM",
}
_LEFT_OTHERWISE: Final = "Find out in startup.log why it left so"


def all_checks_passed(gate: Record) -> Finding:
    """EXT-2: every check of the earlier stages passed, and no clause was violated since."""
    rows, expected = gate.outstanding(), CLAUSE["EXT-2"].text
    if rows:
        failed = [row for row in rows if row[1] == "failed"]
        seen = "; ".join(f"{outcome}: {check.title!r}" for check, outcome, _ in failed or rows)
        return Finding("EXT-2", False if failed else None, expected, seen[:400])
    # The log's tail is read after the log's checks, so a clause can be violated though its check passed.
    if since := gate.violations:
        words = f"{', '.join(since)} violated since; {next(iter(since.values()))}"
        return Finding("EXT-2", False, expected, words[:400])
    return Finding("EXT-2", True, expected, "every check of the earlier stages passed")


def nothing_undocumented(watch: Watch, shutdown: Shutdown) -> Finding:
    """EXT-4: log lines, exit code, answers and calls are all documented ones, and the log is whole."""
    settings, log, code = watch.run.settings, watch.log, shutdown.exit_code
    expected = CLAUSE["EXT-4"].text
    found = [f"undocumented line {line.text[:160]!r}" for line in log.undocumented]
    if code is not None and code not in settings.log.exit_codes:
        means = f" ({_MEANS[code]})" if code in _MEANS else ""
        found.append(f"exit code {code}{means}, documented are {sorted(settings.log.exit_codes)}")
    # A call that is made again may tell the same again.
    found += dict.fromkeys(watch.facts.oddities)
    if found:
        remedy = ""
        if log.undocumented:
            template = "write its template under log.documented in smokedeploy.yml"
            remedy = f"Understand it; then mend it, or {template}."
        elif code is not None and code not in settings.log.exit_codes:
            listed = "list the code under log.exit_codes in smokedeploy.yml"
            remedy = f"{_LEFT.get(code, _LEFT_OTHERWISE)}, or {listed}."
        return Finding("EXT-4", False, expected, "; ".join(found)[:600], remedy=remedy)
    # A stop-only image has replaced the container, whose exit code can't be read then.
    if not watch.ended or (code is None and settings.shutdown.by != "image"):
        words = f"the log or the exit code could not be read to its end{log.broken and f': {log.broken}'}"
        remedy = "Look at the agent's log and the container: what the runtime did at its end is not known."
        return Finding("EXT-4", None, expected, words[:600], None, remedy=remedy)
    told = "no exit code (a stop-only image took its place)" if code is None else f"exit code {code}"
    return Finding(
        "EXT-4", True, expected, f"{len(log.lines)} log lines and {told}, all documented{watch.engine.words}"
    )
