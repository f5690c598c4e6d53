"""The process engine's log: on disk, whole for every reader, flat in memory."""

import itertools
import os
import subprocess
import sys
import textwrap
import threading
from contextlib import closing
from pathlib import Path

import pytest

from pytest_smokedeploy.agent.engines.base import ContainerSpec, nanoseconds
from pytest_smokedeploy.agent.engines.process.engine import ProcessEngine
from pytest_smokedeploy.agent.engines.process.spool import Spool
from pytest_smokedeploy.contract import Mount
from pytest_smokedeploy.support.errors import EngineError
from tests.integration.engines.conftest import until

IMAGE = "registry.example/app:v1"


@pytest.fixture
def start(tmp_path):
    engines = []

    def begin(script):
        file = tmp_path / "store" / "registry.example" / "app" / "v1" / "run"
        file.parent.mkdir(parents=True)
        file.write_text(script)
        engine = ProcessEngine(tmp_path / "store")
        engines.append(engine)
        engine.pull(IMAGE)
        engine.start(ContainerSpec(IMAGE, {}, ()))
        return engine

    yield begin
    for engine in engines:
        engine.stop(0)


def read(engine, since=None, *, follow=True):
    return list(itertools.chain(*engine.logs(since, follow=follow)))


def test_everything_arrives_for_who_comes_early_late_or_twice(start):
    engine = start("for n in 1 2 3; do echo $n; echo e$n >&2; done; printf half")
    early = read(engine)
    late = read(engine, follow=False)
    assert early == late
    assert [r.line for r in early if r.stream == "stdout"] == ["1", "2", "3", "half"]
    assert [r.line for r in early if r.stream == "stderr"] == ["e1", "e2", "e3"]


def test_since_compares_times_and_not_their_text(start):
    engine = start("echo one; sleep 0.05; echo two")
    one, two = read(engine)
    assert [r.line for r in read(engine, two.time[:-1] + "000Z")] == ["two"]
    assert [r.line for r in read(engine, two.time[:-1] + "001Z")] == []
    assert [r.line for r in read(engine, one.time.replace("Z", "+00:00"))] == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:01Z", 10**9),
        ("1970-01-01T00:00:00.1Z", 10**8),
        ("1970-01-01T00:00:00.19Z", 19 * 10**7),
        ("1970-01-01T01:00:00.000000001+01:00", 1),
        ("2026-11-24T20:00:00.123456789Z", 1795550400123456789),
    ],
)
def test_no_digit_of_a_time_is_lost(text, at):
    assert nanoseconds(text) == at


def test_what_is_not_text_arrives_legibly(start):
    engine = start(r"printf 'bad \377 byte\nnul \000 here\ncr\r\nvt\013\nse\342\200\250p\n'")
    assert [r.line for r in read(engine)] == ["bad \\xff byte", "nul \0 here", "cr\r", "vt\v", "se\u2028p"]


def test_silence_is_told_and_a_stop_ends_it(start):
    engine = start("echo up; sleep 60")
    with closing(engine.logs(None, follow=True)) as batches:
        lines = list(itertools.takewhile(len, batches))
        assert [r.line for r in itertools.chain(*lines)] in ([], ["up"])
        engine.stop(1)
        assert list(itertools.chain(*batches)) in ([], lines)


def test_many_megabytes_cost_no_memory_and_lose_no_line(tmp_path):
    """In a process of its own: the peak of its memory is what counts."""
    script = tmp_path / "store" / "registry.example" / "app" / "v1" / "run"
    script.parent.mkdir(parents=True)
    script.write_text("yes 'a line of some length, again and again and again' | head -n 1000000")
    program = f"""
        import resource
        from pathlib import Path
        from pytest_smokedeploy.agent.engines.base import ContainerSpec
        from pytest_smokedeploy.agent.engines.process.engine import ProcessEngine
        engine = ProcessEngine(Path({str(tmp_path / "store")!r}))
        engine.pull({IMAGE!r})
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        engine.start(ContainerSpec({IMAGE!r}, {{}}, ()))
        count = sum(len(batch) for batch in engine.logs(None, follow=True))
        print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    count, kilobytes = map(int, done.stdout.split())
    assert count == 1_000_000
    assert kilobytes < 32 * 1024


def test_output_that_cant_be_kept_is_told_with_its_last_lines_and_the_process_goes_on(start, monkeypatch):
    """The disk is made full under the spool by /dev/full itself."""
    full = os.open("/dev/full", os.O_RDWR)
    spool = Spool()
    monkeypatch.setattr(spool, "_fd", full)
    out, into = os.pipe()
    rows = b"".join(b"lost %02d\n" % n for n in range(52))
    writer = threading.Thread(target=lambda: (os.write(into, rows), os.close(into)))
    writer.start()
    spool.fill("stdout", os.fdopen(out, "rb", buffering=0))
    writer.join()
    spool.end()
    gap, *last = (record.line for record in itertools.chain(*spool.read(None, follow=False)))
    assert gap == "[the log has a gap: 16 bytes could not be kept: No space left on device]"
    assert last == [f"lost {n:02}" for n in range(2, 52)]
    os.close(full)


def test_the_file_has_no_name_and_goes_with_its_last_reader(start):
    spool = Spool()
    fd = spool._fd
    assert str(Path(f"/proc/self/fd/{fd}").readlink()).endswith("(deleted)")
    del spool
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)


def test_activity_counts_the_session_and_ends_with_it(start):
    engine = start("sleep 60 & while :; do :; done")
    until(lambda: (engine.activity() or Idle).cpu_seconds, "processor time")
    activity = engine.activity()
    assert activity.processes == 2
    assert (activity.network_tx_bytes, activity.network_rx_bytes) == (None, None)
    engine.stop(1)
    assert engine.activity() is None


class Idle:
    cpu_seconds = 0


def test_a_missing_mount_source_is_named(tmp_path, start):
    engine = start("exit 0")
    read(engine)
    engine.remove()
    mount = Mount(name="audit-events", source=str(tmp_path / "nowhere"), target="/data", writable=True)
    with pytest.raises(EngineError, match="audit-events has no source folder"):
        engine.start(ContainerSpec(IMAGE, {}, (mount,)))
    assert engine.inspect() is None
