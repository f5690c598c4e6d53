"""The audit log is bounded, and a rotation that is cut off loses no line and makes no new agent."""

import json

import pytest

from pytest_smokedeploy.agent.domain import audit_log
from pytest_smokedeploy.agent.domain.audit_log import OLDER_FILES
from pytest_smokedeploy.agent.domain.files import StateError
from pytest_smokedeploy.agent.domain.state import Store

#: Two lines of a test fit into a file.
BYTES = 200


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(audit_log, "FILE_BYTES", BYTES)


def files(folder):
    return [*sorted(folder.glob("audit-*.jsonl")), folder / "audit.jsonl"]


def lines(folder):
    """The whole log, the oldest line first; a line that was cut off is none."""
    texts = [line for file in files(folder) if file.exists() for line in file.read_text().splitlines()]
    return [json.loads(line)["what"] for line in texts if line.endswith("}")]


def write(folder, first, last):
    folder.mkdir(exist_ok=True)
    store = Store(folder)
    for number in range(first, last):
        store.audit(str(number), why="a test")


def test_it_goes_on_in_a_new_file_and_keeps_the_last_older_ones(folder):
    write(folder, 0, 100)
    assert len(files(folder)) == OLDER_FILES + 1
    assert all(file.stat().st_size <= BYTES for file in files(folder))
    there = lines(folder)
    assert there == [str(number) for number in range(100 - len(there), 100)]
    assert len(there) > 2 * OLDER_FILES


def test_no_line_is_lost_before_that(folder):
    write(folder, 0, 2 * OLDER_FILES)
    assert lines(folder) == [str(number) for number in range(2 * OLDER_FILES)]


@pytest.mark.parametrize("call", ["rename", "unlink"])
def test_a_step_that_fails_is_told_and_made_good(folder, monkeypatch, call):
    write(folder, 0, 40)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    before = lines(folder)
    monkeypatch.setattr(audit_log.Path, call, full)
    with pytest.raises(StateError, match="No space left"):
        write(folder, 40, 43)
    monkeypatch.undo()
    monkeypatch.setattr(audit_log, "FILE_BYTES", BYTES)
    there = lines(folder)
    assert there[: len(before)] == before
    write(folder, 50, 53)
    assert [*there, "50", "51", "52"][-len(lines(folder)) :] == lines(folder)
    write(folder, 53, 60)
    assert len(files(folder)) == OLDER_FILES + 1


def test_cut_off_at_any_byte_it_loses_no_line_and_is_no_new_agent(agents, folder):
    write(folder, 0, 2)
    whole = (folder / "audit.jsonl").read_bytes()
    for size in range(len(whole) // 2 - 1):
        for file in (*files(folder), folder / "state.json"):
            file.unlink(missing_ok=True)
        # The file has its number, and the next line is not there, or a part of it.
        (folder / "audit-000001.jsonl").write_bytes(whole)
        if size:
            (folder / "audit.jsonl").write_bytes(whole[:size])
        held = agents(folder).read().hold
        assert held is not None, size
        assert held.person
        assert lines(folder) == ["0", "1", "hold.set"]
