"""How checks go: what became of each, by the report and by its own function, for the gate.

It reads pytest's objects without importing pytest, as `collected` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_smokedeploy.judging import Check, CheckOutcome
from pytest_smokedeploy.support.errors import SmokedeployError

if TYPE_CHECKING:
    from pytest_smokedeploy.run.session import GateSession

Item: TypeAlias = Any


@dataclass(slots=True)
class Call:
    """What a check's own function did: a hook can rewrite its report, and call something else in its place.

    Attributes:
        running: it was called and has not come to its end.
        returned: it was called and came to its end.
        raised: what it raised, or None.
        gave: the type of what it returned, "" for None. pytest calls it passed, though it asserted nothing,
            and nothing of a generator's or a coroutine's body was run.

    """

    running: bool = False
    returned: bool = False
    raised: BaseException | None = None
    gave: str = ""

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
        """The call came to its end with `result`, which is passed on."""
        self.returned = True
        self.gave = "" if result is None else type(result).__name__
        return result

    def end(self) -> tuple[CheckOutcome, str, str | None]:
        """What of a call that is reported as passed is a pass."""
        if not self.returned:
            return "not run", "its function was not called", None
        if self.gave:
            return (
                "unproven",
                f"its function returned a value ({self.gave}), and asserted nothing by it",
                None,
            )
        return "passed", "", None


def watch(item: Item, calls: dict[str, Call]) -> None:
    """See for ourselves how the check's function ends, below every hook."""
    function = getattr(item, "obj", None)
    if not callable(function) or item.nodeid in calls:
        return
    call = calls[item.nodeid] = Call()
    if iscoroutinefunction(function):
        item.obj = _awaited(function, call)
        return

    @wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - somebody's function
        __tracebackhide__ = True
        with call.under_way():
            return call.give(function(*args, **kwargs))

    item.obj = watched


def _awaited(function: Any, call: Call) -> Any:  # noqa: ANN401 - somebody's function
    """The same for a coroutine, which some plug-in of its own runs."""

    @wraps(function)
    async def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - somebody's function
        __tracebackhide__ = True
        with call.under_way():
            return call.give(await function(*args, **kwargs))

    return watched


class CheckTracker:
    """Tells the gate what becomes of each check, and pytest's report the gate's words."""

    def __init__(self, gate: GateSession, checks: dict[str, Check], calls: dict[str, Call]) -> None:
        self._gate = gate
        self._checks = checks
        self._calls = calls
        self._blocked: dict[str, str] = {}
        self._state: dict[str, tuple[CheckOutcome, str, str | None]] = {}
        self._began: dict[str, str] = {}

    def setup(self, item: Item) -> str | None:
        """Why a check must not run now, or None."""
        from pytest_smokedeploy.evidence import utc_now  # noqa: PLC0415 - lazily

        self._began[item.nodeid] = utc_now()
        why = self._gate.blocked(self._checks[item.nodeid])
        if why:
            self._blocked[item.nodeid] = why
        return why

    def report(self, item: Item, when: str, error: BaseException | None, report: Any) -> None:  # noqa: ANN401
        """Take one phase of a check; its end is told once, after the teardown.

        Args:
            item: pytest's.
            when: ``setup``, ``call`` or ``teardown``.
            error: what the phase raised, or None.
            report: pytest's report of the phase, as every hook left it; its words are made the gate's.

        """
        check = self._checks[item.nodeid]
        if when == "setup" and item.nodeid in self._state:
            self._gate.facts.result(
                check.id, "failed", words="ran again", clause="FLR-4", started_at="", finished_at=""
            )
        self._phase(check, when, error, report)
        self._redact(report)
        if when == "teardown":
            from pytest_smokedeploy.evidence import utc_now  # noqa: PLC0415 - lazily

            self._calls.pop(check.id, None)
            outcome, words, clause = self._state.get(check.id, ("not run", "", None))
            self._gate.finished(check, outcome, words, clause, self._began.get(check.id, utc_now()))

    def _phase(self, check: Check, when: str, error: BaseException | None, report: Any) -> None:  # noqa: ANN401
        state: tuple[CheckOutcome, str, str | None] | None = None
        seen = self._calls.get(check.id, Call(returned=True)) if when == "call" else Call()
        raised = error or seen.raised
        if check.id in self._blocked:
            report.smokedeploy_blocked = report.when == "setup"
            state = ("blocked", self._blocked[check.id], None)
        elif hasattr(report, "wasxfail"):
            state = ("xfailed" if report.skipped else "xpassed", str(report.wasxfail), None)
        elif report.failed or (report.passed and raised is not None):
            # A strict xfail that passes has failed, and nothing was raised. Where something was raised and
            # the report says passed, somebody's hook rewrote it.
            cause = raised or AssertionError(str(report.longrepr))
            words, clause = self._gate.words(check, cause)
            state = ("failed", words, clause)
            if self._plain(check, cause):
                report.longrepr = words
        elif report.skipped:
            state = ("skipped", str(raised or ""), None)
        elif when == "call" and not seen.running:  # else a part of it, reported by itself: a subtest
            state = seen.end()
        if state and self._state.get(check.id, ("passed",))[0] == "passed":
            self._state[check.id] = state

    def _plain(self, check: Check, error: BaseException) -> bool:
        """Whether the gate's own words say all; a user's own check keeps its traceback."""
        found = [self._gate.facts.record.found(c) for c in check.clauses]
        return isinstance(error, SmokedeployError) or any(f is not None and not f for f in found)

    def _redact(self, report: Any) -> None:  # noqa: ANN401 - pytest's own
        mask = self._gate.sanitiser.text
        if isinstance(report.longrepr, tuple):  # a skip: file, line, words
            report.longrepr = tuple(mask(part) if isinstance(part, str) else part for part in report.longrepr)
        elif report.longrepr is not None:
            shown = str(report.longrepr)
            if mask(shown) != shown:
                report.longrepr = mask(shown)
        report.sections = [(mask(title), mask(text)) for title, text in report.sections]
        report.user_properties = [(mask(str(n)), mask(str(v))) for n, v in report.user_properties]
