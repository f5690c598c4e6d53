"""What outlives the agent is whole after a crash at any byte; damaged, it is a hold and no fresh start."""

import fcntl
import json
import os
import shutil

import pytest

from pytest_smokedeploy.agent.domain import files, locks, state
from pytest_smokedeploy.agent.domain.deploys import keep_record, lost, read_record
from pytest_smokedeploy.agent.domain.files import StateError
from pytest_smokedeploy.agent.domain.state import CLAIM_FILE, Asked, Held, Store
from pytest_smokedeploy.agent.engines.base import utc_now

HELD = Held(deploy_id=None, since=utc_now(), by="robot", reason="a run was lost")


def audit(folder):
    file = folder / "audit.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_new_agent_knows_that_nothing_was_deployed_and_a_lost_state_does_not(agents, folder):
    assert agents(folder).read().last_deploy is None
    (folder / "state.json").write_text('{"version": 1}')
    assert agents(folder).read().last_deploy == "unknown"


def test_what_was_written_is_read_by_the_next_agent(agents, folder):
    agents(folder).update(hold=HELD)
    assert agents(folder).read().hold == HELD


def test_a_pipe_in_its_place_is_damaged_state_and_not_waited_for(agents, folder):
    store = agents(folder)
    (folder / "state.json").unlink()
    os.mkfifo(folder / "state.json")
    with pytest.raises(StateError, match="no regular file"):
        Store(folder).read()
    assert "could not be read" in store.read().hold.reason
    assert store.read().last_deploy == "unknown"


def test_a_change_by_another_process_counts_at_once(agents, folder):
    one, other = agents(folder), Store(folder)
    one.update(hold=HELD)
    other.update(hold=None)
    assert one.read().hold is None


def test_what_a_change_raises_changes_nothing(agents, folder):
    store = agents(folder)
    store.update(hold=HELD)

    def change():
        with store.changing() as state:
            state.hold = None
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        change()
    assert store.read().hold == HELD


def test_a_crash_at_any_byte_of_a_write_leaves_the_old_state(agents, folder):
    store = agents(folder)
    store.update(hold=HELD)
    whole = (folder / "state.json").read_bytes()
    for size in range(len(whole) + 1):
        # What is written is written beside the file; cut anywhere, it is not looked at.
        (folder / "state.json.new").write_bytes(whole[:size])
        assert agents(folder).read().hold == HELD
    assert audit(folder) == []


def test_a_state_file_cut_at_any_byte_is_an_audited_hold(agents, folder):
    store = agents(folder)
    store.update(hold=None)
    whole = (folder / "state.json").read_bytes()
    for size in range(len(whole)):
        (folder / "state.json").write_bytes(whole[:size])
        (folder / "audit.jsonl").unlink(missing_ok=True)
        held = agents(folder).read().hold
        assert held is not None, size
        assert held.person, size
        assert [row["what"] for row in audit(folder)] == ["hold.set"], size
        assert agents(folder).read().hold == held, "said once"


@pytest.mark.parametrize(
    "content", ["{}{}", "[]", '{"version": 2}', '{"version": 1, "hold": 5}', "\x00" * 80]
)
def test_a_state_file_that_is_none_is_set_aside_for_a_person(agents, folder, content):
    store = agents(folder)
    (folder / "state.json").write_text(content)
    assert "damaged" in store.read().hold.reason
    (aside,) = folder.glob("state.damaged-*")
    assert aside.read_text() == content


def test_a_state_file_that_cannot_be_read_is_set_aside_for_a_person(agents, folder):
    store = agents(folder)
    store.update(hold=None)
    (folder / "state.json").unlink()
    (folder / "state.json").mkdir()
    held = store.read().hold
    assert held.person
    assert "could not be read" in held.reason
    (aside,) = folder.glob("state.damaged-*")
    assert aside.is_dir()
    assert store.read().hold == held, "said once"


def test_a_record_that_cannot_be_read_counts_as_a_failed_deploy(agents, folder):
    store = agents(folder)
    (store.deploys / "one.json").mkdir()
    record = read_record(store, "one")
    assert (record.deployed, record.image) == (False, "")


def test_a_state_file_that_is_gone_is_no_fresh_start(agents, folder):
    store = agents(folder)
    store.audit("agent.started", who="agent", why="a test")
    (folder / "state.json").unlink()
    assert "gone" in agents(folder).read().hold.reason


def test_a_full_disk_leaves_the_state_as_it_was(agents, folder, monkeypatch):
    store = agents(folder)
    store.update(hold=HELD)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StateError, match="No space left"):
        store.update(hold=None)
    monkeypatch.undo()
    assert store.read().hold == HELD


def test_a_second_agent_on_the_same_folder_is_refused(agents, folder, monkeypatch):
    monkeypatch.setattr(state, "_CLAIM_SECONDS", 0.0)
    agents(folder)
    with pytest.raises(StateError, match="another agent"):
        Store(folder).claim()


def test_only_its_owner_reads_it(agents, folder):
    store = agents(folder)
    store.update(hold=HELD)
    store.audit("x", who="y", why="z")
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir() if file.is_file()}
    assert set(modes.values()) == {0o600}, modes


def test_a_line_cut_short_by_a_crash_does_not_take_the_next_one_with_it(agents, folder):
    file = folder / "audit.jsonl"
    store = agents(folder)
    store.audit("first", who="a", why="b")
    with file.open("ab") as out:
        out.write(b'{"time": "2026')
    store.audit("second", who="a", why="line\nbreak")
    lines = file.read_text().splitlines()
    assert len(lines) == 3
    assert [json.loads(lines[n])["what"] for n in (0, 2)] == ["first", "second"]


@pytest.mark.parametrize(
    "left", ["audit.jsonl", "audit-000001.jsonl", "deploys/one.json", "state.damaged-1.json"]
)
def test_what_is_left_of_a_lost_state_is_no_fresh_start(agents, folder, left):
    (folder / "deploys").mkdir(parents=True)
    (folder / left).write_text("")
    state = agents(folder).read()
    assert "gone" in state.hold.reason
    assert state.last_deploy == "unknown"


def test_a_state_emptied_under_its_agent_is_a_hold_and_a_deploy_is_kept_again(agents, folder):
    store = agents(folder)
    shutil.rmtree(folder)
    folder.mkdir()
    assert "gone" in store.read().hold.reason
    keep_record(store, lost(Asked(key="one", deploy_id="one"), "a test"))
    assert read_record(store, "one").body["reason"] == "a test"


@pytest.mark.parametrize("content", [None, "{"])
def test_whoever_is_not_the_agent_neither_lays_nor_replaces_a_state(folder, content):
    folder.mkdir()
    if content is not None:
        (folder / "state.json").write_text(content)
    store = Store(folder)
    with pytest.raises(StateError, match="takes a hold"):
        store.read()
    assert [file.name for file in folder.iterdir()] == ([] if content is None else ["state.json"])
    with pytest.raises(StateError, match="takes a hold"):
        store.update(hold=None)
    assert (folder / "state.json").exists() == (content is not None)


def test_a_lock_that_another_process_holds_is_waited_for_no_longer_than_it_says(agents, folder, monkeypatch):
    monkeypatch.setattr(locks, "LOCK_SECONDS", 0.0)
    store = agents(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for act in (lambda: store.update(hold=HELD), lambda: store.audit("x", why="y")):
            with pytest.raises(StateError, match="was not free within"):
                act()
        assert store.read().hold is None, "to read it nobody waits"
    store.update(hold=HELD)


def test_no_deploy_begins_while_images_are_removed_and_nobody_else_waits(agents, folder, monkeypatch):
    monkeypatch.setattr(locks, "LOCK_SECONDS", 0.0)
    store = agents(folder)
    with Store(folder).pruning():
        assert store.being_pruned()
        store.update(hold=HELD)
    assert not store.being_pruned()
    store.update(current=Asked(key="one", deploy_id="one"))
    with pytest.raises(StateError, match="a deploy is under way"), Store(folder).pruning():
        pass


def test_what_a_change_tells_stands_in_the_audit_log_only_where_the_change_can_be_kept(
    agents, folder, monkeypatch
):
    store = agents(folder)

    def change():
        with store.changing() as state:
            store.audit("hold.set", why="a test")
            state.hold = HELD

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fchmod", full)
    with pytest.raises(StateError, match="No space left"):
        change()
    monkeypatch.undo()
    assert audit(folder) == []
    change()
    assert [row["what"] for row in audit(folder)] == ["hold.set"]


def test_whoever_looks_whether_an_agent_runs_is_waited_for(tmp_path, monkeypatch):
    handle = os.open(tmp_path / CLAIM_FILE, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_SH)
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        fcntl.flock(handle, fcntl.LOCK_UN)

    monkeypatch.setattr(locks.time, "sleep", sleep)
    store = Store(tmp_path)
    store.claim()
    assert len(waited) == 1
    os.close(handle)
    os.close(store._claim)
