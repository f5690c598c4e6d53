"""The team's keys: kept, asked for anew, and never a reason to keep a known caller waiting."""

import json
import logging
import threading

import pytest

from pytest_smokedeploy.agent.http import keys
from pytest_smokedeploy.agent.http.keys import REFETCH_SECONDS, REFRESH_SECONDS
from pytest_smokedeploy.rehearsal.access import Team

KEY = Team("").key


def stranger(door):
    """An assertion under a kid nobody lists, each time another."""
    return door.sign(Team(door.keys.url, key=KEY))


def status(door, assertion):
    return door.get(assertion).status_code


def test_keys_are_fetched_once_and_kept(door):
    assert [status(door, door.sign()) for _ in range(5)] == [200] * 5
    assert door.keys.asked == 1


def test_a_rotation(door):
    """The new key works as soon as it signs, and the old one as long as it is listed."""
    old = door.sign()
    assert status(door, old) == 200
    new = Team(door.keys.url, audience=door.team.audience)
    door.keys.teams.insert(0, new)
    assert status(door, door.sign(new)) == 403  # asked a moment ago
    door.clock.now += REFETCH_SECONDS
    assert status(door, door.sign(new)) == 200
    assert status(door, old) == 200
    assert door.keys.asked == 2


def test_a_withdrawn_key_works_no_longer_than_until_the_next_look(door):
    assert status(door, door.sign()) == 200
    door.keys.teams[:] = [Team(door.keys.url)]
    door.clock.now += REFRESH_SECONDS
    assert status(door, door.sign()) == 200  # this call makes it look, and does not wait for it
    door.until(lambda: status(door, door.sign()) == 403)


def test_an_unknown_key_is_asked_for_at_most_once_a_minute(door):
    for _ in range(20):
        assert status(door, stranger(door)) == 403
    assert door.keys.asked == 1
    door.clock.now += REFETCH_SECONDS - 1
    assert status(door, stranger(door)) == 403
    assert door.keys.asked == 1
    door.clock.now += 1
    assert status(door, stranger(door)) == 403
    assert door.keys.asked == 2


@pytest.mark.parametrize("failing", ["status", "garbage", "empty", "html", "no keys", "odd keys", "huge"])
def test_the_key_server_fails(door, failing, caplog):
    """Known keys go on working, unknown ones are refused, and the log says why."""
    assert status(door, door.sign()) == 200
    bodies = {
        "status": None,
        "garbage": b"{",
        "empty": b"",
        "html": b"<!DOCTYPE html>",
        "no keys": b'{"keys": []}',
        "odd keys": b'{"keys": [1, {}, {"kty": "RSA", "kid": "x", "n": 5}, {"kty": "EC", "kid": "y"}]}',
        "huge": b'{"keys": []}' + b" " * 300_000,
    }
    door.keys.body = bodies[failing]
    door.keys.status = 500 if failing == "status" else 200
    door.clock.now += REFETCH_SECONDS
    with caplog.at_level(logging.WARNING, "smokedeploy.agent"):
        assert status(door, stranger(door)) == 403
        assert status(door, door.sign()) == 200
    assert door.keys.asked == 2
    assert "/cdn-cgi/access/certs" in caplog.text
    assert "The 1 known keys go on working." in caplog.text


def test_the_key_server_is_down(door, caplog):
    assert status(door, door.sign()) == 200
    door.keys.close()
    door.clock.now += REFETCH_SECONDS
    with caplog.at_level(logging.WARNING, "smokedeploy.agent"):
        assert status(door, stranger(door)) == 403
        assert status(door, door.sign()) == 200
    assert "gives no keys (ConnectError" in caplog.text


def test_down_from_the_start_and_then_back(door):
    door.keys.status = 502
    assert status(door, door.sign()) == 403
    door.keys.status = 200
    assert status(door, door.sign()) == 403
    door.clock.now += REFETCH_SECONDS
    assert status(door, door.sign()) == 200


def test_one_odd_key_costs_no_other(door):
    good = door.team.jwks()["keys"][0]
    door.keys.body = json.dumps({"keys": [{"kty": "RSA", "kid": "odd", "n": "", "e": ""}, good]}).encode()
    assert status(door, door.sign()) == 200


def test_a_key_for_another_use_signs_nothing(door):
    good = door.team.jwks()["keys"][0]
    door.keys.body = json.dumps({"keys": [good | {"use": "enc"}]}).encode()
    assert status(door, door.sign()) == 403


def test_a_slow_fetch_holds_up_nobody_whose_key_is_known(door, monkeypatch):
    # The fetch ends when the test lets it, on a slow machine too.
    monkeypatch.setattr(keys, "FETCH_SECONDS", 60.0)
    assert status(door, door.sign()) == 200
    known, unknown = door.sign(), [stranger(door) for _ in range(60)]
    door.keys.held.clear()
    door.keys.reached.clear()
    door.clock.now += REFETCH_SECONDS
    answers = []
    # More strangers than the agent has threads for calls.
    waiting = [
        threading.Thread(target=lambda one=one: answers.append(status(door, one)), daemon=True)
        for one in unknown
    ]
    for thread in waiting:
        thread.start()
    assert door.keys.reached.wait(60)
    for _ in range(5):
        assert status(door, known) == 200
    assert not door.keys.held.is_set()
    assert len(answers) < len(waiting), "the fetch was over before the known callers were answered"
    door.keys.held.set()
    for thread in waiting:
        thread.join(60)
    assert answers == [403] * len(waiting)
    assert door.keys.asked == 2


def test_a_fetch_that_hangs_ends_in_a_refusal(door):
    door.keys.held.clear()
    assert status(door, door.sign()) == 403


def test_the_unknown_wait_for_a_fetch_under_way(door):
    """The first callers after a start come while the keys are on their way."""
    door.keys.held.clear()
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(status(door, door.sign())), daemon=True)
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    assert door.keys.reached.wait(60)
    door.keys.held.set()
    for thread in threads:
        thread.join(60)
    assert answers == [200] * 8
    assert door.keys.asked == 1
