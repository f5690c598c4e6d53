"""GitHub's REST API: what is absent is a no, whatever else is no answer is *can't tell*, and never fine."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pytest_smokedeploy.model import UNTOLD
from pytest_smokedeploy.preconditions import Preconditions, github
from tests.support.raw_server import RawServer

PATH, NEEDS = "/environments/dev", "actions: read"


def answering(status, body, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _path, _status, _body: (status, body, named)


def finding(run):
    return Preconditions(run, None).github_environment()


def test_a_good_answer_is_read(hub):
    run = hub()
    reply = github.ask(run, PATH, NEEDS)
    assert (reply.status, reply.fault, reply.data["name"]) == (200, "", "dev")
    found = finding(run)
    assert found.holds is True
    assert "branch_policy" in found.seen


@pytest.mark.parametrize(
    ("answer", "holds", "words"),
    [
        ((404, {"message": "Not Found"}, {}), False, "hidden from a token without `actions: read`"),
        ((410, {}, {}), False, "410"),
        ((422, {}, {}), False, "422"),
        ((401, {"message": "Bad credentials"}, {}), None, "GITHUB_TOKEN was not taken"),
        ((403, {"message": "Resource not accessible by integration"}, {}), None, "it needs `actions: read`"),
        ((403, {}, {"x_ratelimit_remaining": "0"}), None, "rate limit is used up"),
        ((403, {"message": "You have exceeded a secondary rate limit"}, {}), None, "rate limit is used up"),
        ((403, {}, {"retry_after": "60"}), None, "retry after 60 s"),
        ((429, {}, {"retry_after": "60"}), None, "retry after 60 s"),
        ((429, {}, {}), None, "wait for its reset"),
        ((301, {}, {"location": "/elsewhere"}), None, "a redirect is not followed"),
        ((500, b"oops", {}), None, "500"),
        ((503, b"<html>unicorn", {}), None, "503"),
        ((200, b"<html>", {}), None, "no JSON object"),
        ((200, ["dev"], {}), None, "no JSON object"),
        ((200, b"", {}), None, "no JSON object"),
        ((200, b"[" * 100_000, {}), None, "no JSON object"),
    ],
)
def test_no_good_answer_is_ever_fine(hub, answer, holds, words):
    status, body, headers = answer
    run = hub(answering(status, body, **headers))
    found = finding(run)
    assert found.holds is holds
    assert words in found.seen
    assert (found.means == UNTOLD) is (holds is None)


@pytest.mark.parametrize("name", ["repository", "api_url"])
def test_away_from_github_the_variables_to_set_are_named(hub, name):
    run = hub()
    found = finding(replace(run, github=replace(run.github, **{name: ""})))
    assert (found.holds, "Elsewhere set GITHUB_REPOSITORY to owner/name" in found.remedy) == (None, True)


def test_an_environment_of_another_name_is_none(hub):
    run = hub(answering(200, {"name": "prod"}))
    found = finding(run)
    assert (found.holds, "'prod'" in found.seen) == (False, True)


def test_no_token_and_a_wrong_one_are_told_apart_from_a_missing_thing(hub):
    for token in ("", "another"):
        run = hub(token=token)
        found = finding(run)
        assert (found.holds, "GITHUB_TOKEN was not taken" in found.seen) == (None, True)


@pytest.mark.parametrize("token", ["canary\nwith a line break", "canary\0", "canary\u00e9"])
def test_a_token_that_cannot_travel_is_not_repeated(hub, token):
    run = hub(token=token)
    reply = github.ask(run, PATH, NEEDS)
    assert (reply.status, "cannot travel" in reply.fault, "canary" in reply.fault) == (0, True, False)


def test_what_github_says_is_cut_short(hub):
    run = hub(answering(403, {"message": "x" * 10_000}))
    assert len(github.ask(run, PATH, NEEDS).fault) < 400


@contextmanager
def raw(run_of, script):
    with RawServer(script) as server:
        yield run_of(server.url)


def test_half_a_body_is_no_answer(run_of):
    body = json.dumps({"name": "dev"}).encode()

    def script(peer):
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body[:5])

    with raw(run_of, script) as run:
        reply = github.ask(run, PATH, NEEDS)
    assert (reply.status, dict(reply.data)) == (0, {})
    assert "did not answer" in reply.fault
    assert reply.unmet("PRE-3", "x").holds is None


def test_a_body_without_end_is_cut(run_of):
    def script(peer):
        peer.send(b'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"name": "dev", "x": "')
        try:
            for _ in range(400):
                peer.send(b"x" * 65536)
        except OSError:
            return

    with raw(run_of, script) as run:
        reply = github.ask(run, PATH, NEEDS)
    assert reply.fault
    assert reply.unmet("PRE-3", "x").holds is None


def test_silence_costs_the_deadline_and_no_more(run_of, monkeypatch):
    monkeypatch.setattr(github, "_SECONDS", 0.3)
    with raw(run_of, lambda peer: peer.hold()) as run:
        reply = github.ask(run, PATH, NEEDS)
    assert (reply.status, "did not answer" in reply.fault) == (0, True)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is not set"),
        ("http://api.github.example", "is not https"),
        ("file:///etc", "is not https"),
        ("https://", "is no address"),
        ("http://127.0.0.1:1", "did not answer"),
    ],
)
def test_an_address_that_is_none(run_of, url, words):
    reply = github.ask(run_of(url), PATH, NEEDS)
    assert (reply.status, words in reply.fault) == (0, True), reply.fault


def test_plain_http_is_a_rehearsals_alone(hub):
    run = hub()
    assert "is not https" in github.ask(replace(run, rehearsal=False), PATH, NEEDS).fault
