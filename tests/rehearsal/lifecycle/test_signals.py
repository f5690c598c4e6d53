"""Signals while an answer of an extension is awaited: a poll, the outcome; and a time-out inside a stop."""

import os
import signal

import pytest

from pytest_smokedeploy.evidence import Journal, build
from pytest_smokedeploy.lifecycle.signals import Interrupted, Signals
from tests.rehearsal.gallery.gate import SECONDS, ended, start


@pytest.fixture
def held(tmp_path):
    """held(path): a run whose answers of that path are kept back; due() waits for one, go() lets it go."""
    runs = []

    class Run:
        def __init__(self, path):
            self.name = path.strip("/").rpartition("/")[2]
            for kind in ("due", "go"):
                os.mkfifo(tmp_path / f"{kind}-{self.name}")
            self.process = start(tmp_path, world=f"held {path}")
            self.send = self.process.send_signal
            runs.append(self)

        def due(self):
            assert (tmp_path / f"due-{self.name}").read_text() == self.name

        def go(self):
            (tmp_path / f"go-{self.name}").write_text("go")

        def end(self):
            return ended(tmp_path, self.process.wait(SECONDS))

    yield Run
    for run in runs:
        run.process.kill()
        run.process.wait()


def consistent(run):
    """The evidence is what the journal makes of it, late signals included."""
    again = build(Journal.read(run.folder / "evidence" / "journal.jsonl"), {})
    keys = ("verdict", "reason", "exit_status", "clauses", "stop", "hold")
    return {key: again[key] for key in keys} == {key: run.document[key] for key in keys}


@pytest.mark.way_out("SIGINT or SIGTERM once, while it waits for the deploy", "gate")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_polling_ends_in_a_stop_and_no_outcome(held, number):
    run = held("/v1/deploys/")
    run.due()
    run.send(number)
    run.go()
    run = run.end()
    assert (run.document["verdict"], run.status) == ("FAIL", 1), run.output
    assert signal.Signals(number).name in run.document["reason"]
    assert run.posts == ["/v1/deploy", "/v1/stop"]
    assert run.told["running"] is False
    assert run.document["stop"]["confirmed"] is True
    assert consistent(run)


def test_signals_while_the_outcome_is_told_come_too_late_to_change_anything(held):
    """The agent took the pass, and its hold is off: no signal makes a failure of it."""
    run = held("/v1/outcome")
    run.due()
    run.send(signal.SIGTERM)
    run.send(signal.SIGINT)
    run.go()
    run = run.end()
    assert (run.document["verdict"], run.status) == ("REHEARSED", 0), run.output
    assert run.posts == ["/v1/deploy", "/v1/stop", "/v1/outcome"]
    assert "SIGTERM: too late to change anything" in run.output
    # What was drafted before the outcome was told is what stands: the journal takes no other event.
    assert Journal.read(run.folder / "evidence" / "journal.jsonl")[-1]["event"] == "run.finished"
    assert consistent(run)


def test_an_alarm_inside_a_stop_rings_after_it():
    """pytest-timeout ends a check by SIGALRM; a stop is not cut by it."""
    rang = []
    before = signal.signal(signal.SIGALRM, lambda *_: rang.append("rang"))
    try:
        with Signals(rang.append).shield():
            signal.raise_signal(signal.SIGALRM)
            assert rang == []
        assert rang == ["rang"]
        signal.raise_signal(signal.SIGALRM)
        assert rang == ["rang", "rang"]
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_signal_inside_two_stops_is_raised_once_at_the_end_of_the_outer_one():
    noted = []
    signals = Signals(noted.append)
    signals.install()
    try:
        with pytest.raises(Interrupted), signals.shield():  # noqa: PT012 - the order is what is tested
            with signals.shield():
                signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)
        assert noted == ["SIGTERM", "SIGINT"]
    finally:
        signals.restore()
