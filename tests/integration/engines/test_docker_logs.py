"""The log as Docker keeps it: whole, in order, exact, whoever reads it, however late or slowly."""

import itertools
import threading
from contextlib import closing
from pathlib import Path

import pytest

from pytest_smokedeploy.agent.engines.base import ContainerSpec, nanoseconds
from pytest_smokedeploy.agent.engines.docker.own import LABEL
from pytest_smokedeploy.agent.engines.lines import PART
from tests.integration.engines.conftest import until
from tests.support.needs import needs_docker

pytestmark = needs_docker


def text(records, stream=None):
    return [record.line for record in records if stream in {None, record.stream}]


def ran(bench, script, applets=("printf", "head", "tr", "yes"), tag="v1"):
    """Start a script that may end at once: by the engine alone, which asks nothing of it."""
    image = bench.push(tag, script, applets)
    bench.engine.pull(image)
    bench.engine.start(ContainerSpec(image, {}, (), {LABEL: bench.name}))


def test_both_streams_come_in_the_order_written(bench, logs):
    # The engine copies each stream by itself: on a busy machine lines 20 ms apart may change places.
    ran(bench, "for n in 0 1 2 3 4; do echo out $n; sleep 0.2; echo err $n >&2; sleep 0.2; done")
    records = logs()
    assert text(records) == [f"{stream} {n}" for n in range(5) for stream in ("out", "err")]
    assert text(records, "stderr") == [f"err {n}" for n in range(5)]
    assert bench.engine.inspect().exit_code == 0


def test_who_comes_late_or_twice_misses_nothing(bench, logs):
    ran(bench, "for n in 0 1 2 3 4 5 6 7 8 9; do echo $n; done")
    early, late = logs(), logs(follow=False)
    assert text(early) == text(late) == [str(n) for n in range(10)]
    assert early == late


def test_since_is_exact_to_the_nanosecond(bench, logs):
    ran(bench, "for n in 0 1 2 3 4 5 6 7 8 9; do echo $n; done")
    records = logs()
    assert all(len(record.time) == len("2026-01-01T00:00:00.000000000Z") for record in records)
    for place, record in enumerate(records):
        assert logs(record.time) == records[place:]
    # As text the time without its last zeros would come after the ones with them.
    short = records[5].time[:-4] + "Z"
    assert text(logs(short)) == [r.line for r in records if nanoseconds(r.time) >= nanoseconds(short)]


def test_what_is_not_text_arrives_legibly(bench, logs):
    ran(bench, r"printf 'bad \377 byte\nnul \000 here\ncr\r\nvertical\013tab\nse\342\200\250p\nno newline'")
    told = text(logs())
    # The engine itself keeps a byte that is no UTF-8 as the replacement character.
    assert told == ["bad \ufffd byte", "nul \0 here", "cr\r", "vertical\vtab", "se\u2028p", "no newline"]


def test_a_line_of_five_megabytes_loses_nothing_in_it(bench, logs):
    big = 2_500_000
    ran(
        bench,
        f"half() {{ head -c {big} /dev/zero | tr '\\0' $1; }}\nhalf x; printf FORBIDDEN; half y; echo",
    )
    told = text(logs())
    assert max(map(len, told)) < PART + 100
    assert any("FORBIDDEN" in line for line in told)
    assert sum(line.count("x") for line in told) >= big


def test_silence_is_told_while_it_lasts(bench):
    bench.push("v1")
    bench.deploy()
    with closing(bench.engine.logs(None, follow=True)) as batches:
        seen = list(itertools.takewhile(len, batches))
    assert text(itertools.chain(*seen)) in ([], ["up"])


def test_a_reader_that_does_not_read_holds_nothing_up(bench):
    lines = 400_000
    ran(bench, f"yes 'a line of some length, again and again and again' | head -n {lines}")
    with closing(bench.engine.logs(None, follow=True)) as batches:
        first = next(batch for batch in batches if batch)
        # Nothing is taken from here on, and the runtime comes to its end nevertheless.
        until(lambda: not bench.engine.inspect().running, "the runtime's end")
        rest = sum(len(batch) for batch in batches)
    assert len(first) + rest == lines


def test_a_follower_ends_when_the_container_is_removed_under_it(bench):
    bench.push("v1")
    bench.deploy()
    told = []
    with closing(bench.engine.logs(None, follow=True)) as batches:
        told.extend(next(batch for batch in batches if batch))
        bench.docker("rm", "-f", bench.name)
        told.extend(itertools.chain(*batches))
    assert text(told)[0] == "up"


def test_a_follower_leaves_no_thread_and_no_socket_behind(bench):
    bench.push("v1")
    bench.deploy()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with closing(bench.engine.logs(None, follow=True)) as batches:
            next(batches)
    until(lambda: not [t for t in threading.enumerate() if t.name == "docker-reader"], "the threads' end")
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_of_no_container_there_is_no_log(bench, logs):
    assert logs() == []


@pytest.mark.parametrize("follow", [True, False])
def test_a_half_line_at_the_end_is_told(bench, logs, follow):
    ran(bench, "echo whole; printf half >&2")
    until(lambda: not bench.engine.inspect().running, "the runtime's end")
    assert sorted(text(logs(follow=follow))) == ["half", "whole"]


def test_the_last_line_is_told_though_the_followed_answer_ends_before_it(bench, logs):
    """Docker ends a followed log at the container's death, at times before it wrote the last line."""
    for n in range(10):
        ran(bench, f"echo first; sleep 0.2; printf 'last {n}'", tag=f"v{n}")
        assert text(logs()) == ["first", f"last {n}"]
        bench.engine.remove()
