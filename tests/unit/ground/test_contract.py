"""What travels to and from an agent."""

import pytest
from pydantic import ValidationError

from pytest_smokedeploy.contract import Deployed, DeployRequest, Status, last_instant, parse_time


@pytest.mark.parametrize(
    "text", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05+02:00"]
)
def test_times_of_the_field_are_read(text):
    assert parse_time(text).tzinfo is not None


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.999999Z"),
        ("2026-01-02T03:04:05.12+02:00", "2026-01-02T03:04:05.129999+02:00"),
        ("2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456Z"),
        ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456Z"),
    ],
)
def test_a_time_stands_for_all_that_its_digits_leave_open(text, last):
    assert last_instant(text) == parse_time(last)


@pytest.mark.parametrize(
    "text", [None, 1, "", "yesterday", "2026-01-02", "2026-01-02T03:04:05", "0001-01-01T00:00:00Z"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - each kind has its own words
        parse_time(text)


@pytest.mark.parametrize("running", ["true", 1, None])
def test_running_is_a_boolean_and_nothing_like_one(running):
    with pytest.raises(ValidationError):
        Status.model_validate({"container_name": "x", "running": running})


def test_a_request_takes_no_field_of_the_servers():
    with pytest.raises(ValidationError):
        DeployRequest.model_validate({"image": "x", "environment": "dev", "container_name": "y"})


def test_an_answer_may_carry_more_than_this_version_knows():
    assert Deployed.model_validate({"status": "deployed", "image": "x", "more": 1}).image == "x"
