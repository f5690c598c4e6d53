"""Signals: the run ends in order, and nothing cuts the stop short (DESIGN 5, layers 1 to 3)."""

import os
import signal

import pytest

from tests.rehearsal.gallery.gate import SECONDS, ended, start

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def held_run(tmp_path):
    """Starts a run whose answers are kept back; due(name) waits for one, go(name) lets it go."""
    for name in ("due-deploy", "go-deploy", "due-stop", "go-stop"):
        os.mkfifo(tmp_path / name)
    process = start(tmp_path, world="held /v1/deploy,/v1/stop")

    class Run:
        send = process.send_signal

        def due(self, name):
            assert (tmp_path / f"due-{name}").read_text() == name

        def go(self, name):
            (tmp_path / f"go-{name}").write_text("go")

        def end(self):
            return ended(tmp_path, process.wait(SECONDS))

    yield Run()
    process.kill()
    process.wait()


@pytest.mark.way_out("SIGINT, SIGTERM or SIGHUP twice: while it deploys, and during the stop", "gate")
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_deploying_ends_in_a_stop(held_run, number):
    held_run.due("deploy")
    held_run.send(number)
    # The stop goes out although the deploy was never answered, and no further signal cuts it.
    held_run.due("stop")
    held_run.send(number)
    held_run.go("deploy")
    held_run.go("stop")
    run = held_run.end()
    assert (run.document["verdict"], run.status) == ("FAIL", 1), run.output
    assert signal.Signals(number).name in run.document["reason"]
    assert run.posts == ["/v1/deploy", "/v1/stop"]
    assert run.told["running"] is False
    assert run.document["stop"]["confirmed"] is True


@pytest.mark.way_out("one signal, during the stop", "gate")
def test_a_signal_during_the_stop_waits_for_it(held_run):
    held_run.due("deploy")
    held_run.go("deploy")
    held_run.due("stop")
    held_run.send(signal.SIGTERM)
    held_run.go("stop")
    run = held_run.end()
    assert (run.document["verdict"], run.status) == ("FAIL", 1), run.output
    assert run.told["running"] is False
    assert run.document["stop"]["confirmed"] is True
