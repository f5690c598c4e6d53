"""An observer of a scripted log on a clock of its own, and the records that such a log is made of."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cached_property
from operator import itemgetter

from pytest_smokedeploy.contract import End, Heartbeat, LogLine
from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.judging import Record, StartupLog
from pytest_smokedeploy.lifecycle import FactRecorder, Shutdown
from pytest_smokedeploy.lifecycle.exiting import nothing_undocumented
from pytest_smokedeploy.lifecycle.observation import READING_SECONDS, Observer
from pytest_smokedeploy.lifecycle.watch import Watch
from pytest_smokedeploy.settings import Options, resolve
from pytest_smokedeploy.support.errors import UnreachableError
from pytest_smokedeploy.support.redaction import Sanitiser
from tests.rehearsal.gallery.gate import settings_file
from tests.unit.judging.start_up import language

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STARTUP, QUIET, TAIL_SECONDS, STREAM_SECONDS = 60.0, 3.0, 10.0, 25.0
#: The gate's clock at the container's start.
BEGAN = 1000.0


def moment(seconds):
    return (START + timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def line(text, written):
    return LogLine(time=moment(written), stream="stdout", line=text)


def whole(text, written):
    """A line whose time has whole seconds, as Podman writes them."""
    return LogLine(time=moment(int(written)).replace(".000000", ""), stream="stdout", line=text)


def beat(made):
    return Heartbeat(heartbeat=moment(made))


END = End.model_validate({"end": {"exit_code": 0}})


class Scripted:
    """A log stream on a clock of its own: `rows` of (seconds after the start, record), as they arrive."""

    def __init__(self, rows):
        self.now = BEGAN
        self.ended = False
        self._heard = BEGAN
        self._rows = [(BEGAN + seconds, record) for seconds, record in rows]

    @property
    def waiting(self):
        return bisect_right(self._rows, self.now, key=itemgetter(0))

    def next(self, timeout):
        if not self.waiting:
            due = self._rows[0][0] if self._rows else float("inf")
            self.now = min(due, self.now + timeout, self._heard + STREAM_SECONDS)
            if not self.waiting and self.now >= self._heard + STREAM_SECONDS:
                raise UnreachableError("no record and no heartbeat", call="GET /v1/logs")
        if not self.waiting:
            return None
        self._heard = max(self._heard, self._rows[0][0])
        return self._rows.pop(0)[1]

    def close(self):
        self.ended = True


class Seen:
    """An observer of a scripted stream, and what it has read."""

    def __init__(self, rows, folder):
        self.folder = folder
        self.stream = Scripted(rows)
        self.log = StartupLog(language(documented=["event {number}"]))
        self.journal = Journal(folder / "journal.jsonl", Sanitiser())
        self.gate = Record(rehearsal=False)
        facts = FactRecorder(self.gate, self.journal)
        self.observer = Observer(
            self.stream, self.log, facts, folder / "startup.log", str, lambda: self.stream.now
        )
        self.observer.started = START

    @property
    def seconds(self):
        return self.stream.now - BEGAN

    def holds(self, clause):
        return self.log.finding(clause).holds

    def words(self, clause):
        return self.log.finding(clause).seen

    def until_quiet(self, at_rest=None):
        self.observer.at_rest = at_rest
        self.observer.until_quiet(STARTUP, QUIET)
        return self

    def until_the_end(self):
        self.observer.stop_asked()
        self.whole = self.observer.drain(TAIL_SECONDS, READING_SECONDS)
        return self

    @cached_property
    def watch(self):
        config = settings_file(self.folder, {})
        run = resolve(Options(config=config, environment="dev", image_tag="1.0.0", rehearse=True), {})
        watch = Watch(run, None, FactRecorder(self.gate, self.journal), "id", lambda: self.stream.now, str)
        watch.log, watch._observer = self.log, self.observer
        return watch

    def exit(self):
        return nothing_undocumented(self.watch, Shutdown(exit_code=0))
