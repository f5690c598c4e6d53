"""Who started the run, and whether its secrets are set: TRG-1, PRE-3, PRE-4, each to the letter."""

from dataclasses import replace

import pytest

from pytest_smokedeploy.model import REMEDIES, Finding
from pytest_smokedeploy.preconditions import Preconditions
from pytest_smokedeploy.support.redaction import Secret
from tests.unit.preconditions.conftest import FLOW

NAMES = ("DEPLOY_ENDPOINT", "CF_ACCESS_CLIENT_ID", "CF_ACCESS_CLIENT_SECRET")
SET = {name: Secret(f"value-of-{name.lower()}-1") for name in NAMES}
BY_HAND = {
    "in_actions": True,
    "event_name": "workflow_dispatch",
    "workflow_ref": f"someone/something/{FLOW}@refs/heads/main",
    "run_attempt": 1,
    "actor": "a-person",
}


@pytest.fixture
def started(run_of):
    """started(**changes) -> TRG-1 of a run by hand with these of GitHub's variables changed."""

    def check(**changes):
        run = run_of()
        return Preconditions(
            replace(run, github=replace(run.github, **(BY_HAND | changes))), None
        ).started_by_hand()

    return check


def test_a_person_started_it(started):
    assert started() == Finding(
        "TRG-1",
        True,
        f"workflow_dispatch of {FLOW} by a person, attempt 1",
        f"workflow_dispatch of {FLOW} by a-person, attempt 1",
    )


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"event_name": "push"}, f"push of {FLOW} by a-person, attempt 1"),
        ({"event_name": ""}, f"no event of {FLOW} by a-person, attempt 1"),
        ({"run_attempt": 2}, f"workflow_dispatch of {FLOW} by a-person, attempt 2"),
        ({"run_attempt": 0}, f"workflow_dispatch of {FLOW} by a-person, attempt 0"),
        ({"actor": ""}, f"workflow_dispatch of {FLOW} by nobody, attempt 1"),
        (
            {"actor": "github-actions[bot]"},
            f"workflow_dispatch of {FLOW} by github-actions[bot], attempt 1",
        ),
        ({"workflow_ref": ""}, "workflow_dispatch of no workflow by a-person, attempt 1"),
        ({"in_actions": False}, "no GitHub Actions run at all"),
    ],
)
def test_anything_else_is_no_start_by_hand(started, changes, seen):
    found = started(**changes)
    assert (found.holds, found.seen) == (False, seen)
    assert found.remedy == REMEDIES["TRG-1"]


@pytest.fixture
def secrets(hub):
    """secrets(change, **values) -> PRE-4 of a run with these of its secrets changed."""

    def check(change=None, **values):
        run = hub(change)
        set_ = SET | {name: Secret(value) for name, value in values.items()}
        return Preconditions(replace(run, secrets=set_), None).secrets_set()

    return check


def listed(*names, status=200):
    body = {"secrets": [{"name": name} for name in names]}
    return lambda path, s, b: (status, body) if path.endswith("/secrets") else (s, b)


def test_secrets_that_are_there_and_listed(secrets):
    found = secrets(listed(*(name.lower() for name in NAMES), "MORE"))
    assert (found.holds, found.seen) == (
        True,
        f"{', '.join(NAMES)} set; and listed in the environment dev",
    )


def test_a_token_that_may_not_list_them_leaves_their_presence_as_the_proof(secrets):
    found = secrets()
    assert (found.holds, found.seen) == (
        True,
        f"{', '.join(NAMES)} set; seen in the job alone, the environment's list was not to be had (403)",
    )


def test_one_that_the_environment_does_not_list_is_missing(secrets):
    found = secrets(listed(*NAMES[:2]))
    assert (found.holds, found.seen) == (
        False,
        "CF_ACCESS_CLIENT_SECRET is not among the secrets of the environment 'dev'",
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "is missing or empty"),
        (" \t\n", "is blank"),
        *[
            (text, "is a placeholder")
            for text in (
                "changeme", "CHANGE-ME", "<your secret>", "${{ secrets.X }}", "xxx", "xxxxxxxx", "***", "...",
                "todo", "TBD", "none", "null", "undefined", "placeholder", "your_token_here", "example",
                "secret", "password", "dummy", " dummy ", "replace_me",
            )
        ],
    ],
)  # fmt: skip
def test_what_is_no_secret_is_named_and_not_shown(secrets, value, words):
    found = secrets(CF_ACCESS_CLIENT_ID=value)
    assert (found.holds, found.seen) == (False, f"CF_ACCESS_CLIENT_ID {words}")
    assert found.remedy == REMEDIES["PRE-4"]


def test_every_missing_one_is_named(secrets):
    found = secrets(DEPLOY_ENDPOINT="", CF_ACCESS_CLIENT_SECRET=" ")
    assert found.seen == "DEPLOY_ENDPOINT is missing or empty; CF_ACCESS_CLIENT_SECRET is blank"


@pytest.fixture
def environment(hub):
    """environment(body, status=) -> PRE-3 where GitHub answers so."""

    def check(body, status=200):
        run = hub(lambda path, s, b: (status, body) if path.endswith("/environments/dev") else (s, b))
        return Preconditions(run, None).github_environment()

    return check


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([{"type": "required_reviewers"}, {"type": "wait_timer"}, 7], "required_reviewers, wait_timer"),
        ([], "none"),
        ("odd", "none"),
    ],
)
def test_protection_rules_are_told_and_not_judged(environment, rules, words):
    found = environment({"name": "dev", "protection_rules": rules})
    seen = f"it exists, protection rules: {words}"
    assert found == Finding("PRE-3", True, "the GitHub Environment 'dev'", seen)


def test_another_environment_than_the_one_asked_for_is_none(environment):
    found = environment({"name": "prod"})
    assert (found.holds, found.seen) == (False, "GitHub tells of 'prod'")


@pytest.mark.parametrize(
    ("status", "holds"), [(404, False), (410, False), (403, None), (500, None), (429, None)]
)
def test_one_that_is_not_there_and_one_that_cannot_be_seen_are_told_apart(environment, status, holds):
    found = environment({"message": "no"}, status)
    assert found.holds is holds
    assert found.remedy == REMEDIES["PRE-3"]
