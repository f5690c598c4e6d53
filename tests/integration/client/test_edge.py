"""Each row of what Access, the tunnel and the edge answer in the agent's place."""

import pytest

from pytest_smokedeploy.contract import DeployRequest
from pytest_smokedeploy.support.errors import ContractError, EdgeError
from tests.support.raw_server import answers, http

LOGIN = (
    "https://team.cloudflareaccess.com/cdn-cgi/access/login/agent.example.com?kid=abc&meta=eyJhbGciOiJub25l"
)
HTML = "text/html; charset=UTF-8"
LOGIN_PAGE = b"<!DOCTYPE html><title>Sign in - Cloudflare Access</title>"
FORBIDDEN_PAGE = b"<!DOCTYPE html><title>Forbidden</title><p>Cloudflare Access"
ACCESS_JSON = {
    "message": "Forbidden. You don't have permission to view this.",
    "status_code": 403,
    "aud": "a",
    "ray_id": "8f",
}
REQUEST = DeployRequest(image="example/runtime:1", environment="dev")


def problem(code, status):
    return {
        "type": "about:blank",
        "title": "x",
        "status": status,
        "error_code": code,
        "ray_id": "8f",
        "retryable": False,
        "cloudflare_error": True,
    }


WORLDS = [
    pytest.param(302, b"", {"location": LOGIN}, "asks for a person's login", True, id="redirect to login"),
    pytest.param(
        302, b"", {"location": "/cdn-cgi/access/login/x"}, "person's login", True, id="relative redirect"
    ),
    pytest.param(200, LOGIN_PAGE, {"content_type": HTML}, "login page", False, id="login page with 200"),
    pytest.param(
        403,
        FORBIDDEN_PAGE,
        {"content_type": HTML, "cf_access_aud": "a"},
        "refused the service token",
        True,
        id="403 HTML",
    ),
    pytest.param(
        403, ACCESS_JSON, {"cf_access_domain": "d"}, "refused the service token", True, id="403 JSON"
    ),
    pytest.param(401, problem(10000, 401), {}, "wrong, expired or disabled", True, id="strict 401"),
    pytest.param(
        401, b"", {"www_authenticate": "Cloudflare-Access"}, "wrong, expired", True, id="401 by header"
    ),
    pytest.param(
        403, b"error code: 1010", {"content_type": "text/plain"}, "User-Agent", True, id="1010 text"
    ),
    pytest.param(403, problem(1010, 403), {}, "User-Agent", True, id="1010 JSON"),
    pytest.param(429, problem(1015, 429), {}, "rate limit", True, id="1015"),
    pytest.param(
        530, b"error code: 1033", {"content_type": HTML}, "no tunnel is connected", False, id="1033 text"
    ),
    pytest.param(530, problem(1033, 530), {}, "no tunnel is connected", False, id="1033 JSON"),
    pytest.param(530, b"", {}, "cannot reach the tunnel", False, id="530 bare"),
    pytest.param(
        502,
        b"<html>502 Bad gateway",
        {"content_type": HTML},
        "nothing answers behind it",
        False,
        id="502 HTML",
    ),
    pytest.param(502, problem(502, 502), {}, "nothing answers behind it", False, id="502 JSON"),
    pytest.param(504, b"", {}, "waited in vain", False, id="504"),
    pytest.param(524, b"error code: 524", {}, "may still be working", False, id="524"),
    pytest.param(500, problem(1101, 500), {}, "error 1101", False, id="an unlisted code"),
    pytest.param(413, b"<html>too large", {"content_type": HTML}, "too big", True, id="413"),
    pytest.param(
        403, b"<html>nginx", {"content_type": HTML}, "not Access by its looks", True, id="403 of a stranger"
    ),
]


@pytest.mark.parametrize("world", [pytest.param(p.values, id=p.id) for p in WORLDS])
def test_the_edge_is_named_in_words(client_of, world):
    status, body, headers, words, definite = world
    with pytest.raises(EdgeError, match=words) as caught:
        client_of(answers(status, body, cf_ray="8f-FRA", **headers)).deploy(REQUEST, seconds=5)
    error = caught.value
    assert (error.status, error.ray, error.clause, error.definite) == (status, "8f-FRA", "PRE-6", definite)
    assert ("unknown" in error.message) is not definite
    assert "eyJ" not in str(error)


def test_a_redirect_is_not_followed_and_only_its_place_is_shown(client_of):
    client = client_of(answers(307, b"", location="https://other.example.com/v1/status?token=abc"))
    with pytest.raises(ContractError, match=r"other\.example\.com/v1/status") as caught:
        client.status()
    assert "abc" not in str(caught.value)
    assert len(client.server.asked) == 1


@pytest.mark.parametrize(("status", "body", "headers"), [p.values[:3] for p in WORLDS[:7]])
def test_an_anonymous_call_refused_by_access_is_guarded(client_of, status, body, headers):
    client = client_of(answers(status, body, cf_ray="8f-FRA", **headers))
    probe = client.anonymous()
    assert (probe.status, probe.ray, probe.guarded) == (status, "8f-FRA", True)
    assert client.server.asked[0].header("CF-Access-Client-Id") is None
    assert client.server.asked[0].header("CF-Access-Client-Secret") is None


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, {"status": "ok", "environment": "dev"}, "let in"),
        (401, {"status": "error", "reason": "no assertion"}, "only the agent itself"),
        (403, {"detail": "Not authenticated"}, "not by Access"),
        (403, b"<html>nginx", "not by Access"),
        (404, {"detail": "Not Found"}, "reached something"),
        (500, b"", "reached something"),
    ],
)
def test_an_anonymous_call_that_access_did_not_refuse_is_not_guarded(client_of, status, body, words):
    probe = client_of(answers(status, body, cf_ray="8f-FRA")).anonymous()
    assert not probe.guarded
    assert words in probe.words


@pytest.mark.parametrize("status", [502, 530])
def test_nothing_behind_the_edge_tells_nothing_of_the_guard(client_of, status):
    with pytest.raises(EdgeError):
        client_of(answers(status)).anonymous()


def test_the_cookie_of_a_success_does_not_let_the_anonymous_call_in(client_of):
    body = {"status": "ok", "environment": "dev"}
    cookie = {"set_cookie": "CF_Authorization=eyJabc.def.ghi; Path=/; HttpOnly"}
    client = client_of(lambda peer: peer.send(http(200, body, **cookie)))
    client.health()
    client.anonymous()
    assert [peer.header("Cookie") for peer in client.server.asked] == [None, None]


@pytest.mark.parametrize("location", ["http://[", "", "https://cloudflareaccess.com.example.com/x"])
def test_a_redirect_that_leads_nowhere_known_is_not_taken_for_access(client_of, location):
    client = client_of(answers(302, b"", location=location))
    with pytest.raises(ContractError, match="302"):
        client.status()
    assert not client.anonymous().guarded
