"""What each placeholder takes, and what it does not."""

import pytest

from tests.unit.judging.start_up import language

TAKES = {
    "number": ["0", "-3", "+12", "1,000,000", "1'000", "1_000", "3.25", "12345678901234567890"],
    "size": ["12 B", "1.5 MiB", "3kB", "7 bytes", "1 GB"],
    "duration": ["12 ms", "1.5s", "1m30s", "1 h 2 min 3 s", "3 seconds", "5us"],
    "date": ["2026-01-31", "2026/01/31", "31/01/2026", "31 Jan 2026", "1-Feb-2026"],
    "time": [
        "12:00:00",
        "12:00:00.123Z",
        "12:00:00,123 +02:00",
        "2026-01-31T12:00:00.123456789Z",
        "2026/01/31 12:00:00",
        "1700000000",
        "1700000000.123",
        "1700000000123",
    ],
    "version": ["1.0", "v1.2.3", "1.2.3rc1", "1.2.3.dev4", "1.2.3-beta.2", "1.2.3-14-gabcdef0", "1.2.post1"],
    "hex": ["abcdef0", "0xDEADBEEF01", "sha256:" + "a" * 64],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000"],
    "id": ["a1", "run-17_b", "7", "x" * 63 + "1"],
    "path": ["/data", "/data/audit-events/", "/a/b.c_d-e/1"],
    "listen": ["0.0.0.0:80", "127.0.0.1:8080", "localhost:1", "http://[::]:8000", "*:80", "[::1]:80"],
    "mounts": ["audit-events, snapshots", "snapshots and audit-events", "Snapshots,audit-events"],
    "tag": ["1.4.2-rc1"],
}
LEAVES = {
    "number": [
        "3ms",
        "10.0.0.7",
        "0x10",
        "1,2345",
        "1.2.3",
        "ten",
        "\u0663",
        "\uff13",
        "123456789012345678901",
        "3%",
        "",
    ],
    "size": ["12", "12 items", "MB", "1 MBit"],
    "duration": ["12", "5 members", "1h 2m 3s 4ms 5us", "3 seconds ago"],
    "date": ["2026-13-01", "26-01-01", "2026-01-015", "1 Foo 2026"],
    "time": ["25:00:00", "12:00", "12:00:00x", "170000000", "12:61:00", "17000000000"],
    "version": ["1", "10.0.0.1", "1.2.3.4", "1.2-live", "1.2.3-gold", "v1.2.3+buy"],
    "hex": ["abcdef", "g123456", "a" * 65, "sha256:buy"],
    "uuid": ["123e4567-e89b-12d3-a456-42661417400", "123e4567e89b12d3a456426614174000"],
    "id": [
        "abc",
        "buy-3",
        "buy3btc",
        "order17",
        "BUYOrder7",
        "api3.example.com",
        "a:1",
        "x" * 64 + "1",
        "\u0430\u0661",
        "-1",
    ],
    "path": [
        "data",
        "/buy/3/btc",
        "/a/../b",
        "/a/..",
        "/.",
        "/orders",
        "/a b",
        "/" + "a" * 65,
        "/x" * 13,
        "//a",
        "/live",
    ],
    "listen": ["10.0.0.1:80", "0.0.0.0", "127.0.0.1:8080/x", "localhost.example.com:80", "127.0.0.10:80"],  # noqa: S104 - a line of a log
    "mounts": [
        "audit-events",
        "audit-events, audit-events",
        "audit-events, snapshots, snapshots",
        "audit-events snapshots",
        "audit-events, snapshots-old",
        "audit-events, other",
    ],
    "tag": ["1.4.2", "1.4.2-rc10", "1.4.2-rc1.1", "x1.4.2-rc1"],
}


def meets(name, value):
    made = language(documented=[f"address {{{name}}}", f"address {{{name}}} behind"], tag="1.4.2-rc1")
    return [bool(made.read(f"address {value}{rest}").entries) for rest in ("", " behind")]


@pytest.mark.parametrize("name", TAKES)
def test_a_placeholder_takes(name):
    for value in TAKES[name]:
        assert meets(name, value) == [True, True], value
        assert meets(name, value.upper()) == [name != "tag", name != "tag"], value


@pytest.mark.parametrize("name", LEAVES)
def test_a_placeholder_leaves(name):
    assert [value for value in LEAVES[name] if meets(name, value) != [False, False]] == []


def test_every_placeholder_stands_in_both_tables():
    from pytest_smokedeploy.log_language.placeholders import PLACEHOLDERS  # noqa: PLC0415

    assert {row.name for row in PLACEHOLDERS} == TAKES.keys() == LEAVES.keys()


def test_without_a_tag_none_is_met():
    assert not language(documented=["image {tag}"]).read("image 1").entries
    assert not language(documented=["image {tag}"]).read("image ").entries


def test_a_placeholder_gives_nothing_back():
    assert not language(documented=["took {number}5 steps"]).read("took 15 steps").entries
