"""What becomes of each check: by pytest's report, and by the check's own function.

It reads pytest's objects without importing pytest, as `collection` does.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Final, TypeAlias

from pytest_smokedeploy.evidence import utc_now
from pytest_smokedeploy.judging import Check, CheckOutcome, blocked
from pytest_smokedeploy.model import Stage
from pytest_smokedeploy.reports.junit import properties
from pytest_smokedeploy.run.session import GateSession
from pytest_smokedeploy.support.errors import SmokedeployError

Item: TypeAlias = Any
#: Outcome, words, and the clause and the remedy that an error named.
End: TypeAlias = tuple[CheckOutcome, str, str | None, str]


_PASSED: Final[End] = ("passed", "", None, "")


@dataclass(slots=True)
class Call:
    """What a check's own function did: a hook can rewrite its report, or call another in its place.

    Attributes:
        running: it was called and has not ended.
        raised: what it raised, or None.
        end: the end of a check that is reported as passed. pytest counts a returned value as passed, though
            nothing was asserted by it, and nothing of a generator's or a coroutine's body was run.

    """

    running: bool = False
    raised: BaseException | None = None
    end: End = ("not run", "its function was not called", None, "")

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Around the call; what it raises passes on, and is kept."""
        __tracebackhide__ = True
        self.running = True
        try:
            yield
        except BaseException as error:
            self.raised = error
            raise
        finally:
            self.running = False

    def give(self, result: Any) -> Any:  # noqa: ANN401 - somebody's value
        """Record that the call returned `result`; returns it."""
        words = f"its function returned a value ({type(result).__name__}), and asserted nothing by it"
        self.end = _PASSED if result is None else ("unproven", words, None, "")
        return result


def watch(item: Item, calls: dict[str, Call]) -> None:
    """Wrap the check's function, below every hook, so that `calls` holds how it ends."""
    function = getattr(item, "obj", None)
    if not callable(function) or item.nodeid in calls:
        return
    call = calls[item.nodeid] = Call()

    @wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - somebody's function
        __tracebackhide__ = True
        with call.under_way():
            return call.give(function(*args, **kwargs))

    @wraps(function)
    async def awaited(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - somebody's function
        __tracebackhide__ = True
        with call.under_way():
            return call.give(await function(*args, **kwargs))

    item.obj = awaited if iscoroutinefunction(function) else watched


class CheckTracker:
    """Records how each check ended, and puts the gate's words into pytest's report.

    Args:
        gate: the run; its record takes each end.
        checks: the checks by node id.
        calls: what `watch` saw of their functions.

    """

    def __init__(self, gate: GateSession, checks: dict[str, Check], calls: dict[str, Call]) -> None:
        self._gate = gate
        self._checks = checks
        self._calls = calls
        self._blocked: dict[str, str] = {}
        self._state: dict[str, End] = {}
        self._began: dict[str, str] = {}
        self._stage: Stage | None = None
        self._stage_began = 0.0
        self._left = Counter(check.stage for check in checks.values())
        self._passed: Counter[Stage] = Counter()

    def setup(self, item: Item) -> str | None:
        """Why a check must not run now, or None."""
        self._began[item.nodeid] = utc_now()
        check = self._checks[item.nodeid]
        if why := blocked(self._gate.facts.record, check):
            self._blocked[item.nodeid] = why
        elif self._stage is not check.stage:
            self._stage, self._stage_began = check.stage, time.monotonic()
            self._gate.facts.announce(f"stage {check.stage} begins")
        return why

    def report(self, item: Item, when: str, error: BaseException | None, report: Any) -> None:  # noqa: ANN401
        """Take one phase of a check; its end is recorded once, after the teardown.

        Args:
            item: pytest's.
            when: ``setup``, ``call`` or ``teardown``.
            error: what the phase raised, or None.
            report: pytest's report of the phase, as every hook left it; its words are made the gate's.

        """
        check = self._checks[item.nodeid]
        if when == "setup" and check.id in self._state:
            self._record(check, ("failed", "ran again", "FLR-4", ""), "", "")
        state = self._phase(check, when, error, report)
        if state and self._state.get(check.id, ("passed",))[0] == "passed":
            self._state[check.id] = state
        if when == "teardown":
            report.user_properties += properties(check.stage, check.clauses, self._basis(check))
        self._redact(report)
        if when == "teardown":
            self._calls.pop(check.id, None)
            now = utc_now()
            end = self._state.get(check.id, ("not run", "", None, ""))
            self._record(check, end, self._began.get(check.id, now), now)

    def _record(self, check: Check, end: End, began: str, ended: str) -> None:
        how = dict(zip(("outcome", "words", "clause", "remedy"), end, strict=True))
        self._gate.facts.note("check.finished", id=check.id, **how, started_at=began, finished_at=ended)
        self._left[check.stage] -= 1
        self._passed[check.stage] += how["outcome"] == "passed"
        if self._left[check.stage] == 0 and self._stage is check.stage:
            checks = sum(one.stage is check.stage for one in self._checks.values())
            seconds = time.monotonic() - self._stage_began
            words = f"{self._passed[check.stage]} of {checks} checks passed in {seconds:.1f} s"
            self._gate.facts.announce(f"stage {check.stage} ends: {words}")

    def _phase(self, check: Check, when: str, error: BaseException | None, report: Any) -> End | None:  # noqa: ANN401
        """How the check ended by this phase; None where the phase says nothing of it."""
        seen = self._calls.get(check.id, Call(end=_PASSED)) if when == "call" else Call()
        raised = error or seen.raised
        if check.id in self._blocked:
            report.smokedeploy_blocked = report.when == "setup"
            return "blocked", self._blocked[check.id], None, ""
        if hasattr(report, "wasxfail"):
            return "xfailed" if report.skipped else "xpassed", str(report.wasxfail), None, ""
        if report.failed or (report.passed and raised is not None):
            # A strict xfail that passes has failed, and nothing was raised. Where something was raised and
            # the report says passed, somebody's hook rewrote it.
            error = raised or AssertionError(str(report.longrepr))
            words, clause, plain = self._told(check, error)
            if plain:
                report.longrepr = words
            report.smokedeploy_follows = self._follows(check)
            return "failed", words, clause, error.remedy if isinstance(error, SmokedeployError) else ""
        if report.skipped:
            return "skipped", str(raised or ""), None, ""
        # A function that still runs has reported a part of itself: a subtest.
        return seen.end if when == "call" and not seen.running else None

    def _told(self, check: Check, error: BaseException) -> tuple[str, str | None, bool]:
        """The masked first line about a failed check, the clause its error names, and whether it is enough.

        A user's own check keeps its traceback.
        """
        mask = self._gate.sanitiser.text
        if isinstance(error, SmokedeployError):
            return mask(str(error)), error.clause, True
        for finding in map(self._gate.facts.record.found, check.clauses):
            if finding is not None and not finding:
                return mask(str(finding)), None, True
        # A key or a number alone says nothing of what happened.
        said = str(error).strip() if isinstance(error, AssertionError) else ""
        said = said or f"{type(error).__name__}: {error}"
        return mask(said.splitlines()[0][:500]), None, False

    def _basis(self, check: Check) -> dict[str, str | None]:
        """What the proof of each clause of a check rests on."""
        found = ((clause, self._gate.facts.record.found(clause)) for clause in check.clauses)
        return {clause: str(one.basis) for clause, one in found if one is not None and one.basis is not None}

    def _follows(self, check: Check) -> bool:
        """Whether a failed check of the stage exit says no more than what another one says."""
        record = self._gate.facts.record
        first = record.first_violation()
        if first is None or first[0] in check.clauses or check.stage is not Stage.EXIT:
            return False
        found = [record.found(clause) for clause in check.clauses]
        return check.clauses == ("EXT-2",) or all(one is None or one.holds is None for one in found)

    def _redact(self, report: Any) -> None:  # noqa: ANN401 - pytest's own
        mask = self._gate.sanitiser.text
        if isinstance(report.longrepr, tuple):  # a skip: file, line, words
            report.longrepr = tuple(mask(part) if isinstance(part, str) else part for part in report.longrepr)
        elif report.longrepr is not None and mask(shown := str(report.longrepr)) != shown:
            report.longrepr = mask(shown)
        report.sections = [(mask(title), mask(text)) for title, text in report.sections]
        report.user_properties = [(mask(str(n)), mask(str(v))) for n, v in report.user_properties]
