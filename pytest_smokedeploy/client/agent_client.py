"""The client of a Deploy Agent, with one method for each call of the contract (DESIGN 4)."""

from contextlib import AbstractContextManager

from pydantic import BaseModel

from pytest_smokedeploy import contract
from pytest_smokedeploy.client.log_stream import LogStream
from pytest_smokedeploy.client.reading import Probe, Reading, probe, read
from pytest_smokedeploy.client.transport import Request, Transport
from pytest_smokedeploy.support.errors import MisuseError
from pytest_smokedeploy.support.redaction import Secret


class AgentClient(AbstractContextManager["AgentClient"]):
    """Calls one Deploy Agent through Cloudflare Access. Synchronous; nothing is retried.

    Every call raises subclasses of `AgentError`; `definite` is True where certainly nothing happened.

    Args:
        endpoint: ``https://host``; plain http to loopback only.
        client_id: the service token's id; where it is blank no token is sent.
        client_secret: its secret.
        request_seconds: deadline of a call that has no `seconds` of its own.

    Raises:
        MisuseError: the endpoint is not allowed, or a token is not allowed in a header.

    """

    def __init__(
        self, endpoint: str, client_id: Secret, client_secret: Secret, *, request_seconds: float = 10.0
    ) -> None:
        self._token: dict[str, str] = {}
        for name, secret in (("CF-Access-Client-Id", client_id), ("CF-Access-Client-Secret", client_secret)):
            value = secret.reveal()
            # Checked here, without the value in the message; the HTTP library would quote it in its error.
            if not (value.isascii() and (value.isprintable() or not value.strip())):
                words = "holds a character that cannot travel in a header (a line break at its end?)."
                words = f"{name.upper().replace('-', '_')} {words}"
                raise MisuseError(words, clause="PRE-4", remedy="Set the secret anew.")
            if secret:
                self._token[name] = value
        self._seconds = request_seconds
        self._transport = Transport(endpoint)

    def __exit__(self, *_: object) -> None:
        self.close()

    def health(self) -> Reading:
        """``GET /health``."""
        return self._read("GET", contract.HEALTH, contract.Health)

    def status(self) -> Reading:
        """``GET /v1/status``."""
        return self._read("GET", contract.STATUS, contract.Status)

    def preflight(self) -> Reading:
        """``GET /v1/preflight`` (extension `preflight`)."""
        return self._read("GET", contract.PREFLIGHT, contract.Preflight)

    def deploy(
        self, request: contract.DeployRequest, *, seconds: float, respond_async: bool = False
    ) -> Reading:
        """``POST /v1/deploy`` within `seconds`. Anything but 200 raises; a 202 is no success.

        With `respond_async` (extension `async`) a 202 is accepted too: the reading's value is then
        `Accepted`, and `progress` reads how the deploy goes on.
        """
        body = request.model_dump(mode="json", exclude_none=True)
        headers = self._token | ({contract.PREFER: contract.RESPOND_ASYNC} if respond_async else {})
        answer = self._transport.send(Request("POST", contract.DEPLOY, headers, body), seconds)
        return read(answer, contract.Deployed, contract.Accepted if respond_async else None)

    def progress(self, deploy_id: str, wait: int = 0) -> Reading:
        """``GET /v1/deploys/{deploy_id}``: the state of an asynchronous deploy (extension `async`).

        With `wait` the answer comes once the state has changed, or after so many seconds. An agent that does
        not know it answers at once.
        """
        params = {contract.WAIT: str(wait)} if wait else {}
        request = Request("GET", f"{contract.DEPLOYS}/{deploy_id}", self._token, params=params)
        return read(self._transport.send(request, self._seconds + wait), contract.DeployProgress)

    def renew(self, request: contract.LeaseRequest) -> Reading:
        """``POST /v1/lease`` (extension `lease`)."""
        return self._read("POST", contract.LEASE, contract.Leased, request.model_dump(mode="json"))

    def outcome(self, request: contract.OutcomeRequest) -> Reading:
        """``POST /v1/outcome``: the run passed, so the agent releases its hold (extension `hold`)."""
        return self._read("POST", contract.OUTCOME, contract.OutcomeTaken, request.model_dump(mode="json"))

    def stop(self, deploy_id: str | None, *, seconds: float) -> Reading:
        """``POST /v1/stop`` within `seconds`; None stops the agent's container of any deploy."""
        body = None if deploy_id is None else {"deploy_id": deploy_id}
        return self._read("POST", contract.STOP, contract.Stopped, body, seconds)

    def anonymous(self, path: str = contract.HEALTH) -> Probe:
        """A GET of `path` without a token, to see whether Access guards it (PRE-6).

        Access guards paths, not methods: a GET shows it for a POST too, and changes nothing on the agent.
        """
        return probe(self._transport.send(Request("GET", path, {}), self._seconds))

    def logs(self, *, follow: bool, deploy_id: str | None = None) -> LogStream:
        """``GET /v1/logs`` as a stream (extension `logs`).

        Args:
            follow: whether the stream stays open until the container is gone.
            deploy_id: the deploy whose container it must be, None for any.

        """
        headers = self._token | {"Accept": f"{contract.NDJSON}, application/json"}
        params = {"follow": str(follow).lower()} | ({"deploy_id": deploy_id} if deploy_id else {})
        request = Request("GET", contract.LOGS, headers, params=params)
        return LogStream(self._transport, request, follow, self._seconds)

    def events(self, deploy_id: str) -> Reading:
        """``GET /v1/events``: what the engine told of the deploy's container (extension `events`)."""
        request = Request("GET", contract.EVENTS, self._token, params={"deploy_id": deploy_id})
        return read(self._transport.send(request, self._seconds), contract.EventRecord)

    def settle_deploy(self, seconds: float) -> bool:
        """Wait `seconds` for a deploy's call that an interrupt left in flight; True if it is over."""
        return self._transport.settle(f"POST {contract.DEPLOY}", seconds)

    def close(self) -> None:
        """Close every connection, streams included. Twice is no error."""
        self._transport.close()

    def _read(
        self, method: str, path: str, model: type[BaseModel], body: object = None, seconds: float = 0.0
    ) -> Reading:
        request = Request(method, path, self._token, body)
        return read(self._transport.send(request, seconds or self._seconds), model)
