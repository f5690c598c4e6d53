"""What the agent says of itself before anything is deployed: TGT-1, TGT-2, PRE-5, PRE-6 and FLR-3."""

import pytest

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.model import REMEDIES, Basis, Finding
from pytest_smokedeploy.preconditions import Preconditions
from pytest_smokedeploy.support.errors import AgentError
from pytest_smokedeploy.support.redaction import Secret
from tests.support.raw_server import RawServer, http

LISTS = ["status", "hold", "preflight"]
STATUS = {
    "container_name": "runtime",
    "running": False,
    "extensions": LISTS,
    "hold": None,
    "last_deploy": None,
}
MOUNT = {"exists": True, "writable": True, "source": "/srv"}
PREFLIGHT = {
    "environment": "dev",
    "execution_plane": "paper",
    "mounts": [{"name": "audit-events", **MOUNT}, {"name": "snapshots", **MOUNT}],
    "env": ["EXECUTION_PLANE"],
    "engine": {"kind": "docker", "reachable": True},
    "database": {"reachable": True, "applied": ["0001"]},
}
ANSWERS = {
    "/health": {"status": "ok", "environment": "dev"},
    "/v1/status": STATUS | {"environment": "dev", "execution_plane": "paper"},
    "/v1/preflight": PREFLIGHT,
}
NO_TOKEN = http(403, b"<html>", content_type="text/html", cf_access_domain="x", cf_ray="8f-FRA")
GONE = http(502, b"error code: 502", content_type="text/plain", cf_ray="8f-FRA")


@pytest.fixture
def asked(run_of):
    """asked(changes, settings=, anonymous=, ray=) -> Preconditions over an agent that answers so.

    `changes` is path -> fields in place of the healthy ones (None takes one away), or whole bytes.
    """
    open_things = []

    def make(changes=None, *, settings=None, anonymous=None, ray="8f-FRA"):
        anonymous = {} if anonymous is None else anonymous

        def play(peer):
            path = peer.line.split()[1]
            if peer.header("CF-Access-Client-Id") is None:
                peer.send(anonymous.get(path, NO_TOKEN))
                return
            change = (changes or {}).get(path, {})
            if isinstance(change, bytes):
                peer.send(change)
                return
            body = {k: v for k, v in (ANSWERS[path] | change).items() if v is not ...}
            peer.send(http(200, body, **({"cf_ray": ray} if ray else {})))

        server = RawServer(play)
        server.__enter__()
        client = AgentClient(server.url, Secret("id"), Secret("secret"), request_seconds=20)
        open_things.append((server, client))
        servers.append(server)
        return Preconditions(run_of(**(settings or {})), client, told=told.append)

    make.servers, make.told = servers, told = [], []
    yield make
    for server, client in open_things:
        client.close()
        server.__exit__()


def test_a_healthy_agent_is_devs_on_paper_guarded_and_not_on_hold(asked):
    checks = asked()
    assert checks.agent_environment() == Finding(
        "TGT-1", True, "environment 'dev' by the agent's own word", "the agent says 'dev'", Basis.TOLD
    )
    assert checks.execution_plane() == Finding(
        "TGT-2",
        True,
        "execution plane 'paper' in the settings and by the agent's word",
        "the settings say paper; and so does the agent",
        Basis.TOLD,
    )
    assert checks.agent_reachable() == Finding(
        "PRE-6",
        True,
        "an anonymous call refused by Access, and one with the token answered through the tunnel",
        "anonymous: an anonymous call is refused by Access with 403; with the token: HTTP 200, cf-ray 8f-FRA",
    )
    assert checks.inspected() == Finding(
        "FLR-3",
        True,
        "no hold on the agent, and the last smoke deploy's job ended in success, or a person released or "
        "signed it off",
        "the agent was not on hold when it was asked; the agent knows of no smoke deploy before this one",
    )
    assert checks.database().holds is True


@pytest.mark.parametrize("place", ["/health", "/v1/status", "/v1/preflight"])
@pytest.mark.parametrize("word", ["prod", "Dev", "dev "])
def test_another_environment_is_named_wherever_the_agent_says_it(asked, place, word):
    found = asked({place: {"environment": word}}).agent_environment()
    assert (found.holds, found.seen, found.basis) == (False, f"at {place} it says {word!r}", Basis.SEEN)
    assert found.remedy == "Point DEPLOY_ENDPOINT at the agent of the environment dev."


def test_an_agent_that_says_no_environment_is_not_devs(asked):
    found = asked({"/health": {"environment": ...}}).agent_environment()
    assert (found.holds, found.seen) == (False, "at /health it says nothing")


@pytest.mark.parametrize("place", ["/v1/status", "/v1/preflight"])
@pytest.mark.parametrize("word", ["live", "Paper", "", False])
def test_another_plane_is_named_wherever_the_agent_says_it(asked, place, word):
    found = asked({place: {"execution_plane": word}}).execution_plane()
    assert (found.holds, found.seen, found.basis) == (
        False,
        f"at {place} the agent says {word!r}",
        Basis.TOLD,
    )
    assert found.remedy == REMEDIES["TGT-2"]


def test_a_base_agent_tells_no_plane_and_is_asked_for_no_preflight(asked):
    bare = {"extensions": ..., "execution_plane": ..., "environment": ..., "hold": ...}
    checks = asked({"/v1/status": bare, "/v1/preflight": GONE})
    assert checks.execution_plane().seen == "the settings say paper; the agent's contract tells no plane"
    assert checks.agent_environment().holds is True


@pytest.mark.parametrize(
    ("check", "place"),
    [("agent_environment", "/health"), ("execution_plane", "/v1/status"), ("inspected", "/v1/status")],
)
def test_an_agent_that_cannot_be_asked_is_never_fine(asked, check, place):
    found = getattr(asked({place: GONE}), check)()
    assert (found.holds, found.basis) == (None, None)
    assert found.seen.startswith("the agent could not be asked: ")
    assert "502" in found.seen


def test_without_an_endpoint_there_is_nobody_to_ask(run_of):
    checks = Preconditions(run_of(), None)
    for found in (
        checks.agent_environment(),
        checks.execution_plane(),
        checks.agent_reachable(),
        checks.inspected(),
        checks.database(),
    ):
        assert (found.holds, found.seen, found.basis) == (None, "DEPLOY_ENDPOINT is not set", None)


@pytest.mark.parametrize("path", ["/health", "/v1/status", "/v1/deploy", "/v1/stop"])
def test_each_path_is_guarded_by_itself(asked, path):
    let_in = http(200, {"status": "ok", "environment": "dev"}, cf_ray="8f-FRA")
    found = asked(anonymous={path: let_in}).agent_reachable()
    assert (found.holds, f"GET {path}: " in found.seen) == (False, True)
    assert "before the whole of the agent" in found.remedy


def test_an_anonymous_call_that_met_no_agent_at_all_tells_nothing_of_the_guard(asked):
    found = asked(anonymous={"/health": GONE}).agent_reachable()
    assert (found.holds, found.seen.startswith("anonymous call: ")) == (False, True)


def test_a_token_that_is_not_let_in_is_unmet(asked):
    found = asked({"/health": NO_TOKEN}).agent_reachable()
    assert (found.holds, "the agent could not be asked" in found.seen) == (False, True)


def test_an_answer_that_did_not_come_through_the_edge_is_unmet(asked):
    found = asked(ray="").agent_reachable()
    assert (found.holds, found.seen) == (False, "an answer without cf-ray: not through the edge")
    assert found.remedy == REMEDIES["PRE-6"]


def test_a_hold_is_shown_and_waits_for_a_person(asked):
    hold = {"since": "2026-01-01T00:00:00Z", "by": "ci", "reason": "a deploy began"}
    found = asked({"/v1/status": {"hold": hold}}).inspected()
    seen = "the agent is on hold since 2026-01-01T00:00:00Z, set by ci: a deploy began"
    assert (found.holds, found.seen) == (False, seen)
    assert "`smokedeploy agent release --state STATE_PATH --reason '...'`" in found.remedy
    assert "&& smokedeploy release --agent" in found.remedy


def test_a_last_deploy_that_is_not_told_leaves_it_to_the_last_run_of_the_workflow(asked):
    checks = asked({"/v1/status": {"last_deploy": ...}})
    found = checks.inspected()
    assert (found.holds, found.basis) == (None, None)
    assert found.seen.startswith("the agent was not on hold when it was asked; previous runs: ")


def test_the_status_that_was_asked_is_what_the_deploy_is_held_against(asked):
    checks = asked()
    assert checks.status_asked is None
    checks.inspected()
    assert checks.status_asked["last_deploy"] is None
    gone = asked({"/v1/status": GONE})
    gone.inspected()
    assert gone.status_asked is None


def test_the_status_is_told_once_when_it_was_asked_and_so_is_that_there_was_none(asked):
    checks = asked()
    checks.agent_reachable()
    checks.inspected()
    gone = asked({"/v1/status": GONE})
    gone.inspected()
    gone.execution_plane()
    there, error = asked.told
    assert there.raw == STATUS | {"environment": "dev", "execution_plane": "paper"}
    assert isinstance(error, AgentError)


def test_an_agent_that_lists_hold_and_tells_none_cannot_be_believed(asked):
    found = asked({"/v1/status": {"hold": ...}}).inspected()
    assert (found.holds, found.basis) == (None, None)
    assert "its status tells none" in found.seen


def test_a_container_that_the_agent_did_not_make_is_told_before_any_deploy(asked):
    theirs = {"name": "runtime-dev", "ours": False}
    found = asked({"/v1/preflight": {"container": theirs}}).agent_reachable()
    assert (found.clause, found.holds, found.basis) == ("PRE-6", False, Basis.TOLD)
    assert found.seen == (
        "the agent can't deploy this: the name runtime-dev is taken by a container that it did not make"
    )
    assert "Rename or remove that container" in found.remedy
    assert "guarded" not in found.words()


@pytest.mark.parametrize("container", [None, {"name": "runtime-dev", "ours": True}])
def test_no_container_and_the_agents_own_are_no_hindrance(asked, container):
    assert asked({"/v1/preflight": {"container": container}}).agent_reachable().holds is True


FOUR = ("audit-events", "snapshots", "spool", "cache")


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (PREFLIGHT["mounts"], "no mount spool, no mount cache (it has audit-events, snapshots)"),
        (
            [{"name": name, **MOUNT, "exists": name != "cache"} for name in FOUR],
            f"the folder of the mount cache is missing on the server (it has {', '.join(FOUR)})",
        ),
        ([], f"{', '.join(f'no mount {name}' for name in FOUR)} (it has none)"),
        (
            [{"name": n, **MOUNT, "target": "/x" if n == "spool" else f"/data/{n}"} for n in FOUR],
            f"the mount spool at /x, not at /data/spool (it has {', '.join(FOUR)})",
        ),
    ],
)
def test_every_mount_that_lacks_is_named_before_any_deploy(asked, told, seen):
    settings = {"mounts": [{"name": name, "target": f"/data/{name}"} for name in FOUR]}
    found = asked({"/v1/preflight": {"mounts": told}}, settings=settings).agent_reachable()
    assert (found.holds, found.seen) == (False, f"the agent can't deploy this: {seen}")
    assert "both name them alike" in found.remedy


RUNTIME = {"environment": {"DEPTH": "2", "EXECUTION_PLANE": "paper", "REGION": "west"}}
ALL = list(RUNTIME["environment"])


@pytest.mark.parametrize(
    ("injected_by", "told", "seen", "remedy"),
    [
        ("server", {}, "no variable DEPTH, REGION for the container", "RUNTIME_ENV_FILE on the server"),
        ("server", {"env": [*ALL, "MORE"]}, "", ""),
        ("server", {"env": ...}, "", ""),
        ("ci", {"ci_env": ["DEPTH"]}, "no variable EXECUTION_PLANE, REGION taken", "RUNTIME_ENV_KEYS"),
        ("ci", {"ci_env": []}, f"no variable {', '.join(ALL)} taken from a deploy", "restart the agent"),
        ("ci", {"ci_env": ALL}, "", ""),
        ("ci", {"ci_env": None}, "", ""),
        ("ci", {}, "", ""),
    ],
)
def test_every_variable_that_would_lack_is_named_before_any_deploy(asked, injected_by, told, seen, remedy):
    settings = {"runtime": {"injected_by": injected_by, **RUNTIME}}
    found = asked({"/v1/preflight": told}, settings=settings).agent_reachable()
    assert found.holds is not bool(seen)
    assert not seen or found.seen.startswith(f"the agent can't deploy this: {seen}")
    assert remedy in found.remedy
    assert "west" not in found.words()


def test_all_that_a_deploy_would_lack_is_named_at_once(asked):
    told = {"mounts": PREFLIGHT["mounts"][:1], "env": [], "container": {"name": "x", "ours": False}}
    found = asked({"/v1/preflight": told}).agent_reachable()
    for words in ("the name x is taken", "no mount snapshots", "no variable EXECUTION_PLANE"):
        assert words in found.seen
    for words in ("Rename or remove", "both name them alike", "RUNTIME_ENV_FILE"):
        assert words in found.remedy


@pytest.mark.parametrize(
    ("told", "stop", "seen", "remedy"),
    [
        (
            {"container_name": "other"},
            None,
            "its container's name is other, and the settings say runtime",
            "CONTAINER_NAME",
        ),
        (
            {"images": ["ghcr.io/example/other"]},
            None,
            "it does not deploy ghcr.io/example/runtime (ghcr.io/example/other alone)",
            "Mend `image.repository` in the settings, or the agent's ALLOWED_IMAGES",
        ),
        (
            {"images": ["ghcr.io/example/runtime"]},
            "example/stop:1.0.0",
            "it does not deploy example/stop:1.0.0 (ghcr.io/example/runtime alone)",
            "Mend `shutdown.image` in the settings, or the agent's STOP_ONLY_IMAGES",
        ),
        ({"images": ["ghcr.io/example/runtime", "docker.io/example/stop:1"]}, "example/stop:1", "", ""),
        ({"images": ..., "container_name": None}, "example/stop:1", "", ""),
    ],
)
def test_a_name_or_an_image_that_the_agent_has_not_is_named_before_any_deploy(
    asked, told, stop, seen, remedy
):
    settings = {"shutdown": {"by": "image", "image": stop}} if stop else {}
    found = asked({"/v1/preflight": told}, settings=settings).agent_reachable()
    assert found.holds is not bool(seen)
    assert not seen or found.seen == f"the agent can't deploy this: {seen}"
    assert remedy in found.remedy


def test_one_answer_is_asked_for_once_a_run(asked):
    checks = asked()
    for _ in range(2):
        checks.agent_environment()
        checks.execution_plane()
        checks.inspected()
        checks.database()
    lines = [peer.line for peer in asked.servers[0].asked]
    assert sorted(lines) == [f"GET {path} HTTP/1.1" for path in ("/health", "/v1/preflight", "/v1/status")]


def test_migrations_that_cannot_be_read_are_named_before_anybody_is_asked(asked):
    checks = asked(settings={"database": {"migrations": "nowhere"}})
    found = checks.database()
    assert (found.holds, found.seen[-19:]) == (False, "/nowhere is missing")
    assert found.remedy == "Mend database.migrations in the settings, or the folder."


def test_an_attestation_needs_no_agent(run_of):
    run = run_of(database={"proof": "attested"})
    found = Preconditions(run, None).database()
    assert found.holds is False
    assert "phase.yml" in found.seen


def test_an_agent_that_is_not_reached_is_not_told_another_proof(asked):
    assert asked({"/v1/preflight": GONE}).database().remedy != REMEDIES["PRE-5"]
    assert "database.proof" not in asked({"/v1/preflight": GONE}).database().remedy


def test_an_agent_without_a_preflight_is_told_another_proof(asked):
    found = asked({"/v1/preflight": http(404, {"status": "error", "reason": "no such call."})}).database()
    assert found.holds is None
    assert "database.proof: direct or attested" in found.remedy
