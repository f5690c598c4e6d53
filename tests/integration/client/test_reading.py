"""What a 200 says, and what is no answer of the contract."""

import pytest

from pytest_smokedeploy.contract import DeployRequest, Status
from pytest_smokedeploy.support.errors import AgentFailedError, AgentRefusedError, ContractError
from tests.support.raw_server import answers

GOOD = {
    "container_name": "runtime",
    "running": True,
    "image": "example/runtime:1",
    "started_at": "2026-01-02T03:04:05Z",
}
REQUEST = DeployRequest(image="example/runtime:1", environment="dev")


def test_a_good_status_is_read_with_ray_and_date(client_of):
    client = client_of(answers(200, GOOD, cf_ray="8f-FRA", date="Fri, 02 Jan 2026 03:04:06 GMT"))
    reading = client.status()
    assert isinstance(reading.value, Status)
    assert reading.value.running is True
    assert (reading.problems, reading.ray, reading.status) == ((), "8f-FRA", 200)
    assert reading.date.isoformat() == "2026-01-02T03:04:06+00:00"


def test_the_request_carries_token_and_own_user_agent_and_nothing_kept_alive(client_of):
    client = client_of(answers(200, GOOD))
    client.status()
    (asked,) = client.server.asked
    assert asked.line == "GET /v1/status HTTP/1.1"
    assert asked.header("CF-Access-Client-Id") == "example-id.access"
    assert asked.header("CF-Access-Client-Secret") == "example-secret-of-a-test"
    assert asked.header("User-Agent").startswith("pytest-smokedeploy/")
    assert asked.header("Accept") == "application/json"
    assert asked.header("Accept-Encoding") == "identity"
    assert asked.header("Connection") == "close"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"running": "true"}, "running"),
        ({"running": 1}, "running"),
        ({"running": None}, "running"),
        ({"started_at": "0001-01-01T00:00:00Z"}, "started_at"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"container_name": 7}, "container_name"),
    ],
)
def test_a_breach_of_the_contract_is_a_reading_with_its_problem(client_of, change, named):
    reading = client_of(answers(200, GOOD | change)).status()
    assert reading.value is None
    assert reading.raw == GOOD | change
    assert [problem.split(":")[0] for problem in reading.problems] == [named]


def test_a_key_that_stands_twice_is_a_problem(client_of):
    body = b'{"container_name": "runtime", "running": false, "running": true}'
    reading = client_of(answers(200, body)).status()
    assert reading.value is None
    assert reading.problems == ("running: stands twice in one object",)


def test_a_lone_surrogate_is_replaced_so_that_evidence_can_be_written(client_of):
    reading = client_of(
        answers(200, b'{"container_name": "x\\ud800", "running": false, "more": ["\\udfff"]}')
    ).status()
    assert reading.raw == {"container_name": "x?", "running": False, "more": ["?"]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[1]", "not an object"),
        (b"", "empty"),
        (b"ok", "not JSON"),
        (b'{"running": NaN}', "NaN"),
        (b'{"running": 1e999}', "finite"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 100_000, "too deep"),
        (b"<html><body>welcome to nginx</body></html>", "not JSON"),
        (b" " * (1024 * 1024 + 1), "1048576 bytes"),
    ],
)
def test_a_200_that_is_no_json_object_breaks_the_contract(client_of, body, words):
    with pytest.raises(ContractError, match=words) as caught:
        client_of(answers(200, body)).status()
    assert not caught.value.definite


def test_a_compressed_answer_nobody_asked_for_is_not_unpacked(client_of):
    with pytest.raises(ContractError, match="compressed"):
        client_of(answers(200, b"\x1f\x8b", content_encoding="gzip")).status()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 423])
@pytest.mark.parametrize("body", [{"status": "error", "reason": "no such image"}, {"error": "no such image"}])
def test_the_agents_definite_no(client_of, status, body):
    with pytest.raises(AgentRefusedError, match="no such image") as caught:
        client_of(answers(status, body, cf_ray="8f-FRA")).deploy(REQUEST, seconds=5)
    assert caught.value.definite
    assert (caught.value.status, caught.value.reason) == (status, "no such image")
    assert caught.value.clause == ("FLR-3" if status == 423 else None)


def test_a_no_in_other_words_is_definite_by_its_status(client_of):
    with pytest.raises(ContractError, match="Not Found") as caught:
        client_of(answers(404, {"detail": "Not Found"})).deploy(REQUEST, seconds=5)
    assert caught.value.definite


def test_a_failed_step_is_named_and_leaves_the_outcome_open(client_of):
    body = {"status": "error", "reason": "exit code 64", "step": "running"}
    with pytest.raises(AgentFailedError, match="at the step running: exit code 64") as caught:
        client_of(answers(500, body)).deploy(REQUEST, seconds=5)
    assert (caught.value.step, caught.value.definite) == ("running", False)


def test_a_500_without_words_is_a_failure_too(client_of):
    with pytest.raises(AgentFailedError, match="no reason"):
        client_of(answers(500, b"Internal Server Error", content_type="text/plain")).status()


@pytest.mark.parametrize("status", [201, 202, 204, 304, 418, 422])
def test_no_other_status_is_success_nor_a_definite_no(client_of, status):
    with pytest.raises(ContractError, match=str(status)) as caught:
        client_of(answers(status, b"" if status in (204, 304) else {"status": "deployed"})).deploy(
            REQUEST, seconds=5
        )
    assert not caught.value.definite


def test_foreign_words_reach_a_message_on_one_line_and_short(client_of):
    reason = "\x1b[31m\n::error::" + "x" * 5000
    with pytest.raises(AgentRefusedError) as caught:
        client_of(answers(400, {"error": reason})).status()
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@pytest.mark.parametrize("date", ["", "soon", "Fri, 02 Jan 99999999999999999999 03:04:06 GMT"])
def test_a_date_that_is_none_reads_as_none(client_of, date):
    assert client_of(answers(200, GOOD, date=date)).status().date is None


@pytest.mark.parametrize(
    "deep", ["[" * 900 + "]" * 900, '{"a":' * 5000 + "1" + "}" * 5000, '{"a":' * 600 + "1" + "}" * 600]
)
def test_an_answer_that_nests_without_end_is_a_breach_and_nothing_worse(client_of, deep):
    body = b'{"container_name": "runtime", "running": true, "more": ' + deep.encode() + b"}"
    with pytest.raises(ContractError, match="nests too deep"):
        client_of(answers(200, body)).status()
