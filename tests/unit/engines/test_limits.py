"""A container's limits as engines tell them, and a log that is longer than its own."""

import pytest

from pytest_smokedeploy.agent.engines.base import LogEnd, LogRecord
from pytest_smokedeploy.agent.engines.docker.limits import asked, differences, told
from pytest_smokedeploy.agent.engines.log_limit import FRAME, Tail, limited
from pytest_smokedeploy.contract import LAST_LINES, Limits
from pytest_smokedeploy.support.errors import EngineError

ASKED = Limits(
    memory_bytes=64_000_000,
    processes=20,
    log_characters=1000,
    capabilities=("KILL",),
    no_new_privileges=True,
)
DOCKERS = {
    "Memory": 64_000_000,
    "PidsLimit": 20,
    "CapAdd": ["CAP_KILL"],
    "CapDrop": ["ALL"],
    "SecurityOpt": ["no-new-privileges:true"],
    "LogConfig": {"Type": "json-file", "Config": {"max-size": "6000", "max-file": "2"}},
}
_DROPPED = (
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP"
)
#: As Podman 4.3.1 told them, which names each default that was dropped, and no option of the log.
PODMANS = DOCKERS | {
    "CapAdd": [],
    "CapDrop": [*_DROPPED.split(), "SETUID", "SYS_CHROOT"],
    "SecurityOpt": ["no-new-privileges"],
    "LogConfig": {"Type": "json-file", "Config": None},
}


@pytest.mark.parametrize("host", [DOCKERS, PODMANS], ids=["docker", "podman"])
def test_what_was_asked_for_is_read_back(host):
    assert told(host, ASKED) == ASKED
    assert differences(ASKED, told(host, ASKED)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Memory": 0}, "its memory limit in bytes is none, and 64000000 was asked for"),
        ({"PidsLimit": None}, "its limit on processes is none, and 20 was asked for"),
        ({"CapAdd": ["KILL", "SYS_ADMIN"]}, "its capabilities are KILL, SYS_ADMIN, and KILL was asked for"),
        ({"SecurityOpt": None}, "its no-new-privileges is False, and True was asked for"),
        (
            {"LogConfig": {"Config": {"max-size": "10"}}},
            "its limit on the log's characters is none, and 1000 was asked for",
        ),
    ],
)
def test_what_is_another_is_named(change, words):
    assert differences(ASKED, told(DOCKERS | change, ASKED)) == [words]


def test_an_engines_own_limit_where_none_was_asked_for_is_no_difference():
    none = Limits(capabilities=("KILL",), no_new_privileges=True)
    assert differences(none, told(DOCKERS, none)) == []


def test_no_file_of_podmans_is_limited_since_it_would_be_emptied():
    assert asked(ASKED, podman=True)["log_config"]["Config"]["max-size"] == "1000t"
    assert asked(ASKED, podman=False)["log_config"]["Config"]["max-size"] == "6000"


def log(*batches):
    yield from ([LogRecord("", "stdout", line) for line in batch] for batch in batches)
    return LogEnd(0)


def drained(source):
    lines = []
    while True:
        try:
            lines += [record.line for record in next(source)]
        except StopIteration as end:
            return lines, end.value


@pytest.mark.parametrize("follow", [True, False])
def test_a_log_of_its_limits_size_is_whole(follow):
    whole = ["a" * (1000 - FRAME)]
    assert drained(limited(log(whole), 1000, follow=follow)) == (whole, LogEnd(0))
    assert drained(limited(log(["a"] * 100), None, follow=follow))[1] == LogEnd(0)


def test_one_character_more_breaks_it_off_after_what_was_read():
    source = limited(log(["a" * (1001 - FRAME)], ["b"]), 1000, follow=True)
    assert len(next(source)) == 1
    with pytest.raises(EngineError, match=r"longer than its limit, 0\.001 million characters"):
        next(source)


def test_what_is_not_followed_breaks_off_after_its_last_lines():
    head, more = ["a" * (1001 - FRAME)], [f"line {n}" for n in range(200)]
    source, told = limited(log(head, more, ["the cause"]), 1000, follow=False), []
    with pytest.raises(EngineError, match="lines are missing before its last 50"):
        told.extend(line.line for batch in iter(lambda: next(source), None) for line in batch)
    assert told == [*head, *more[-49:], "the cause"]


def test_of_many_lines_the_last_are_kept_and_of_large_ones_fewer():
    tail = Tail()
    for n in range(LAST_LINES + 3):
        tail.add(n, 10)
    assert (tail.lines[0], len(tail.lines), tail.dropped) == (3, LAST_LINES, 30)
    tail.add("large", 1_000_000)
    assert (tail.lines, tail.dropped) == (["large"], (LAST_LINES + 3) * 10)
