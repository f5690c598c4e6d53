"""What may lie in an evidence folder in a file's place: refused with a reason (EXT-5)."""

import json
import os

import pytest

from pytest_smokedeploy.evidence import Journal, torn, verify, write_folder
from pytest_smokedeploy.evidence.files import MOST_BYTES, log_lines, sha256
from pytest_smokedeploy.support.redaction import Sanitiser

READ = ("evidence.json", "test-result.intoto.json", "test-result.predicate.json", *MOST_BYTES)
HUGE = 2 * 1024**3


def seal(folder, change):
    """Edit evidence.json, and put right the hash in the statement over it."""
    file, signed = folder / "evidence.json", folder / "test-result.intoto.json"
    before = sha256(file)
    file.write_bytes(change(file.read_bytes()))
    signed.write_text(signed.read_text().replace(before, sha256(file)))
    return folder


def padded(raw):
    raw = raw.rstrip(b"\n")
    return raw + b" " * (64 * 1024 * 1024 + 1 - len(raw)) + b'{"verdict": "FAIL"} garbage'


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda raw: raw.replace(b"{\n", b'{\n  "verdict": "FAIL",\n', 1), 2),
        (lambda raw: b"\xef\xbb\xbf" + raw, 1),
        (lambda raw: raw.replace(b"{\n", b'{\n  "score": NaN,\n', 1), 2),
        (padded, None),
        (lambda raw: raw + b"\n", None),
        (lambda raw: raw[:-1], None),
        (lambda raw: raw.replace(b"  ", b"\t", 1), 2),
        (lambda raw: json.dumps(json.loads(raw)).encode(), 1),
    ],
    ids=["doubled key", "BOM", "NaN", "past 64 MiB", "a line more", "no end", "tabs", "other spelling"],
)
def test_what_reads_the_same_and_is_written_otherwise_is_refused(passed, change, line):
    (reason,) = verify(seal(passed, change))
    assert reason.startswith(f"evidence.json:{line} is not what" if line else "evidence.json")
    expected, _, there = reason.partition(" was expected, and ")
    assert expected.rpartition(": '")[2] != there.removesuffix(" is there.")[1:]
    assert torn(passed) == reason


@pytest.mark.parametrize("name", ["test-result.intoto.json", "test-result.predicate.json"])
@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"{\n", b'{\n  "result": "FAILED",\n', 1),
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw + b" ",
    ],
    ids=["more keys", "BOM", "a space more"],
)
def test_so_is_what_gets_signed(passed, name, change):
    (passed / name).write_bytes(change((passed / name).read_bytes()))
    (reason,) = verify(passed)
    assert reason.startswith(name)


def link(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def lost_link(path):
    path.unlink()
    path.symlink_to("nowhere")


def folder(path):
    path.unlink()
    path.mkdir()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize(
    ("put", "words"),
    [
        (link, "can't be read: it is a symbolic link."),
        (lost_link, "can't be read: it is a symbolic link."),
        (folder, "can't be read: Is a directory."),
        (pipe, "is no regular file."),
    ],
)
def test_what_is_no_regular_file_is_refused_and_waited_for_by_nobody(passed, name, put, words):
    put(passed / name)
    (reason,) = verify(passed)
    assert reason == f"{passed / name} {words}"
    assert torn(passed) == reason


def test_a_file_that_cannot_be_evidence_is_not_named_by_it(passed):
    with (passed / "startup.log").open("r+b") as file:
        file.truncate(HUGE)
    document = write_folder(passed, Journal.read(passed / "journal.jsonl"))
    assert sorted(document["files"]) == ["journal.jsonl", "junit.xml"]
    assert f"startup.log has {HUGE} bytes" in torn(passed)


def test_a_full_journal_still_takes_a_stop_and_no_answer(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl", Sanitiser())
    while not journal.broken:
        journal.write("status.read", answer="x" * 1_000_000)
    journal.write("stop.sent", deploy_id="d")
    journal.write("status.read", answer="x" * 1_000_000)
    journal.write("stop.confirmed")
    journal.close()
    told = [event["event"] for event in Journal.read(journal.path)]
    assert told == ["status.read"] * 7 + ["stop.sent", "stop.confirmed"]
    assert journal.broken == f"it may have {MOST_BYTES['journal.jsonl']} bytes"
    assert journal.kept() is False


def test_the_lines_of_a_log_come_one_by_one_and_a_very_long_one_in_parts(tmp_path):
    (tmp_path / "startup.log").write_bytes(b"one\n" + b"x" * (3 << 20) + b"\n\xff\n")
    with log_lines(tmp_path) as lines:
        found = list(lines)
    assert (found[0], found[-1]) == ("one\n", "\ufffd\n")
    assert max(map(len, found)) == 1 << 20


@pytest.mark.parametrize("size", [None, 2 << 30])
def test_a_log_that_is_no_evidence_has_no_lines(tmp_path, size):
    if size:
        with (tmp_path / "startup.log").open("wb") as file:
            file.truncate(size)
    with log_lines(tmp_path) as lines:
        assert list(lines) == []


def test_an_error_beside_the_log_is_not_taken_for_the_logs(tmp_path):
    (tmp_path / "startup.log").write_text("one\n")
    with pytest.raises(FileNotFoundError), log_lines(tmp_path):
        (tmp_path / "another").read_text()
