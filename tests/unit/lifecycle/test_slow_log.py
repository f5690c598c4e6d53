"""A log that arrives late: the server's times decide what was in time, and no reader's pace does."""

import pytest

from pytest_smokedeploy.lifecycle.observation import READING_SECONDS
from tests.unit.judging.start_up import HEALTHY, TAIL
from tests.unit.lifecycle.scripted_log import END, QUIET, STARTUP, TAIL_SECONDS, Seen, beat, line, whole


@pytest.fixture
def seen(tmp_path):
    """seen(rows) -> an observer of them."""
    made = []

    def see(rows):
        made.append(Seen(sorted(rows, key=lambda row: row[0]), tmp_path))
        return made[-1]

    yield see
    for one in made:
        one.observer.close()
        one.journal.close()


def start_up(written=1.0, arrives=1.0, idle=None):
    """A healthy start-up; idle may be written, and arrive, at another time."""
    rows = [(arrives, line(text, written)) for text in HEALTHY[:-1]]
    return [*rows, (arrives if idle is None else idle, line(HEALTHY[-1], written if idle is None else idle))]


def events(count, *, every, written=1.0):
    return [(1.0 + n * every, line(f"event {n}", written)) for n in range(count)]


def beats(until):
    return [(float(at), beat(at)) for at in range(5, until, 5)]


# -- the start-up's deadline ------------------------------------------------------------------


def test_idle_that_was_written_too_late_is_late_however_soon_it_is_read(seen):
    run = seen([*start_up(written=61.5, arrives=1.0)]).until_quiet()
    assert run.holds("OBS-6") is False
    assert "a line before idle came 61.5 s after the container's start" in run.words("OBS-6")
    assert "startup_seconds" in run.log.finding("OBS-6").remedy
    assert run.seconds < STARTUP


def test_idle_alone_may_be_late(seen):
    run = seen([*start_up(idle=60.5), *beats(60), (59.0, line("event 1", 59.0))]).until_quiet()
    assert "idle came 60.5 s after the container's start" in run.words("OBS-6")


def test_a_flood_past_the_deadline_is_late(seen):
    flood = [(2.0 + n, line(f"event {n}", 2.0 + n)) for n in range(100)]
    run = seen([*start_up()[:-1], *flood]).until_quiet()
    assert "a line before idle came 61.0 s after" in run.words("OBS-6")
    assert run.seconds < STARTUP + 2


@pytest.mark.parametrize("every", [0.5, 2.0, 9.0])
def test_what_was_written_in_time_is_read_however_slowly_it_arrives(seen, every):
    flood = events(int(150 / every), every=every)
    run = seen([*start_up()[:-1], *flood, (152.0, line(HEALTHY[-1], 2.0))]).until_quiet()
    assert (run.log.violated, run.holds("OBS-6")) == ({}, True)
    assert run.seconds >= 152.0 + QUIET


@pytest.mark.parametrize("rows", [[], start_up()[:-1], start_up(written=56.0, arrives=56.0)[:-1]])
def test_a_silent_runtime_fails_at_the_deadline_by_the_gates_clock(seen, rows):
    run = seen([*rows, *beats(200)]).until_quiet()
    assert run.holds("OBS-6") is False
    assert "within 60 s of the container's start" in run.words("OBS-6")
    assert run.seconds == STARTUP


def test_a_runtime_that_spoke_just_before_the_deadline_has_no_more_than_a_moment(seen):
    run = seen([*start_up(written=59.0, arrives=59.0)[:-1], *beats(59)]).until_quiet()
    assert run.holds("OBS-6") is False
    assert STARTUP < run.seconds <= STARTUP + 3


def test_a_way_that_stalls_is_no_silence_of_the_runtime(seen):
    run = seen([*start_up()[:-1], (45.0, beat(45.0))]).until_quiet()
    assert run.holds("OBS-6") is None
    assert "no heartbeat" in run.words("OBS-6")


def test_past_the_reading_bound_nothing_is_proven_and_nothing_is_violated(seen):
    run = seen([*start_up()[:-1], *events(4000, every=0.1)]).until_quiet()
    assert run.seconds == pytest.approx(STARTUP + READING_SECONDS, abs=1)
    run.until_the_end()
    for clause in ("OBS-6", "OBS-7", "RUN-3"):
        assert run.holds(clause) is None
        assert "could not be read in time" in run.words(clause)
    assert (run.exit().holds, run.log.violated) == (None, {})
    assert "could not be read in time" in run.exit().seen


# -- the quiet window -------------------------------------------------------------------------


def test_what_waits_in_the_queue_is_read_before_it_counts_as_quiet(seen):
    run = seen([*start_up(), (1.6, beat(1.6)), (1.7, line("event 1", 1.7))])

    def rests():
        run.stream.now += 2 * QUIET

    run.until_quiet(rests)
    assert "a line after idle" in run.log.violated["RUN-3"]


def test_heartbeats_without_end_are_no_quiet_window(seen):
    run = seen([*start_up(), *[(1.0, beat(1.0))] * 50])
    take = run.stream.next

    def slowly(timeout):
        run.stream.now += 10
        return take(timeout)

    run.stream.next = slowly
    run.until_quiet()
    assert run.holds("OBS-6") is None
    assert "could not be read in time" in run.words("OBS-6")


# -- the stop ---------------------------------------------------------------------------------


def stopped(*, lines, every, written=5.0):
    """A healthy start-up that is quiet, and a stop asked at 4 s that is told in many lines."""
    flood = [(5.0 + n * every, line(text, written)) for n, text in enumerate(lines)]
    return [*start_up(), *flood, (5.0 + len(lines) * every, END)]


def test_many_lines_at_the_stop_are_read_while_they_arrive(seen):
    lines = [f"event {n}" for n in range(100)]
    run = seen(stopped(lines=[*lines, *TAIL], every=1.0)).until_quiet().until_the_end()
    assert (run.log.violated, run.whole, run.exit().holds) == ({}, True, True)
    run.watch.facts.oddities += ["the same of each call"] * 2
    assert run.exit().seen.count("the same of each call") == 1


def test_what_comes_late_in_the_tail_still_violates(seen):
    lines = [*[f"event {n}" for n in range(50)], "order placed"]
    run = seen(stopped(lines=lines, every=1.0)).until_quiet().until_the_end()
    assert list(run.log.violated) == ["OBS-7", "RUN-5"]


def test_a_tail_that_falls_silent_has_no_end(seen):
    run = seen([*start_up(), (5.0, line("stopped", 5.0)), *beats(200)]).until_quiet()
    run.until_the_end()
    assert (run.whole, run.log.broken) == (False, "")
    assert run.seconds == pytest.approx(5.0 + TAIL_SECONDS)


def test_a_tail_that_never_ends_could_not_be_read_in_time(seen):
    lines = [f"event {n}" for n in range(400)]
    run = seen(stopped(lines=lines, every=1.0)).until_quiet().until_the_end()
    assert (run.whole, run.log.violated, run.exit().holds) == (True, {}, None)
    assert "could not be read in time: it still arrived 120 s after the stop" in run.exit().seen


def test_the_tail_of_an_interrupted_run_is_not_waited_for(seen):
    lines = [f"event {n}" for n in range(100)]
    run = seen(stopped(lines=[*lines, *TAIL], every=1.0)).until_quiet()
    run.gate.interrupt("the run was interrupted by SIGINT.")
    run.until_the_end()
    assert run.seconds < 5.0 + TAIL_SECONDS
    assert "it still arrived 10 s after the stop" in run.log.broken


def test_a_line_older_than_the_stop_broke_the_silence_though_it_comes_later(seen):
    rows = [*start_up(), (5.0, line("stopping", 5.0)), (5.1, line("event 1", 3.0)), (5.2, END)]
    run = seen(rows).until_quiet().until_the_end()
    assert "a line from before the stop" in run.log.violated["RUN-3"]


@pytest.mark.parametrize("apart", [-3600.0, 3600.0])
def test_the_agents_clock_dates_no_line(seen, apart):
    rows = [*start_up(), (3.0, beat(3.0 + apart)), (5.0, line("stopped", 5.0)), (5.2, END)]
    run = seen(rows).until_quiet().until_the_end()
    assert (run.log.violated, run.exit().holds) == ({}, True)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.9])
def test_a_line_in_the_second_of_the_stop_is_not_older_than_it(seen, part):
    rows = [(1.9, whole(text, 1.9)) for text in HEALTHY]
    told = [(5.0 + part, whole("stopped", 5.0 + part)), (6.2, END)]
    run = seen([*rows, *told]).until_quiet().until_the_end()
    assert (run.log.violated, run.exit().holds) == ({}, True)
