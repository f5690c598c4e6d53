"""``startup.log`` on a disk that fills: the watch goes on, the run can't pass, and its words say why."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from pytest_smokedeploy.evidence import Journal, build
from pytest_smokedeploy.judging import Record
from pytest_smokedeploy.lifecycle import FactRecorder, Lifecycle, Shutdown
from pytest_smokedeploy.lifecycle.log_file import LogFile
from pytest_smokedeploy.settings import Options, resolve
from pytest_smokedeploy.support.disk import ROOM
from pytest_smokedeploy.support.redaction import Sanitiser
from tests.rehearsal.gallery.gate import settings_file
from tests.unit.judging.start_up import HEALTHY
from tests.unit.lifecycle.scripted_log import END, Seen, beat, line

#: Linux's file that can be opened and never written to.
FULL = Path("/dev/full")


def test_an_error_is_told_once_and_never_raised():
    told = []
    file = LogFile(FULL, told.append)
    file.write("a line\n")
    for _ in range(3):
        file.flush()
        file.write("another\n")
    file.close()
    assert [error.strerror for error in told] == ["No space left on device"]


def test_a_file_that_cant_be_opened_is_told_too(tmp_path):
    told = []
    LogFile(tmp_path / "nowhere" / "startup.log", told.append).write("a line\n")
    assert [type(error) for error in told] == [FileNotFoundError]


def test_lines_are_kept_until_it_is_closed(tmp_path):
    file = LogFile(tmp_path / "startup.log", pytest.fail)
    file.write("a line\n")
    file.close()
    file.close()
    file.write("a late line\n")
    assert (tmp_path / "startup.log").read_text() == "a line\n"


def test_a_full_disk_spoils_the_run_and_the_log_is_judged_all_the_same(tmp_path):
    rows = [(1.0, line(text, 1.0)) for text in HEALTHY]
    (tmp_path / "startup.log").symlink_to(FULL)
    seen = Seen([*rows, *[(float(at), beat(at)) for at in (3, 6)], (9.0, END)], tmp_path)
    seen.until_quiet()
    seen.until_the_end()
    seen.observer.close()
    events = [{"event": "deploy.sent"}, {"event": "stop.confirmed"}, *seen.journal.events]
    document = build([{"at": "2026-01-02T03:04:05.000Z", **event} for event in events], {})
    seen.journal.close()
    assert seen.holds("OBS-6")
    assert (document["verdict"], document["deciding"]["remedy"]) == ("FAIL", ROOM)
    told = "startup.log can't be written (No space left on device): not every line is kept."
    assert document["deciding"]["seen"] == told


def test_an_error_after_a_confirmed_stop_leaves_it_confirmed(tmp_path, monkeypatch):
    class Stopper:
        def __init__(self, *_):
            self.looked = Shutdown(asked=True, running=False, words="running False")

        def stop(self, *_):
            facts.note("stop.confirmed", words="running False", seconds=0.1)
            return self.looked

        def look_again(self):
            self.looked.second_look = False

    def tail(*_):
        raise ValueError("the tail")

    run = resolve(Options(config=settings_file(tmp_path, {}), environment="dev", rehearse=True), {})
    journal = Journal(tmp_path / "journal.jsonl", Sanitiser())
    facts = FactRecorder(Record(rehearsal=False), journal)
    facts.record.deploy = "sent"
    monkeypatch.setattr("pytest_smokedeploy.lifecycle.cycle.Stopper", Stopper)
    monkeypatch.setattr("pytest_smokedeploy.lifecycle.cycle.Watch.tail", tail)
    lifecycle = Lifecycle(run, object(), facts, str, nullcontext, lambda: None)
    shutdown = lifecycle.stop("the run ended")
    lifecycle.close()
    journal.close()
    assert (facts.record.stop_confirmed, shutdown.stays_stopped().holds) == (True, True)
    assert lifecycle.container_was_stopped().holds
    assert facts.record.interrupted == "the stop is confirmed, and then: ValueError('the tail')"
