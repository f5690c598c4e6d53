"""The Deploy Agent as an object with one method a call of the contract (DESIGN 4)."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from pydantic import BaseModel

from pytest_smokedeploy import contract
from pytest_smokedeploy.client.answer import HttpAnswer
from pytest_smokedeploy.client.log_stream import IDLE_SECONDS, LogStream
from pytest_smokedeploy.client.reading import Probe, Reading, probe, read
from pytest_smokedeploy.client.transport import Transport
from pytest_smokedeploy.support.errors import AgentError, MisuseError
from pytest_smokedeploy.support.redaction import Secret


class AgentClient:
    """Calls one Deploy Agent through Cloudflare Access. Synchronous; nothing is retried.

    Every method raises `AgentError`'s leaves; `definite` tells whether certainly nothing happened.

    Args:
        endpoint: ``https://host``; plain http to loopback only.
        client_id: the service token's id; where it is blank no token is sent.
        client_secret: its secret.
        request_seconds: whole time of a call that has no `seconds` of its own.
        record: called as ``record("agent.call", call=, status=, ray=, seconds=, error=)`` after every
            call, in the calling thread; None for nothing.

    Raises:
        MisuseError: the endpoint is not allowed, or a token cannot stand in a header.

    """

    def __init__(
        self,
        endpoint: str,
        client_id: Secret,
        client_secret: Secret,
        *,
        request_seconds: float = 10.0,
        record: Callable[..., None] | None = None,
    ) -> None:
        for name, secret in (("CF_ACCESS_CLIENT_ID", client_id), ("CF_ACCESS_CLIENT_SECRET", client_secret)):
            value = secret.reveal()
            # Said here without the value; the HTTP library would quote it in its error.
            if not (value.isascii() and (value.isprintable() or not value.strip())):
                words = f"{name} holds a character that cannot travel in a header (a line break at its end?)."
                raise MisuseError(words, clause="PRE-4", remedy="Set the secret anew.")
        self._token = {
            name: secret.reveal()
            for name, secret in (
                ("CF-Access-Client-Id", client_id),
                ("CF-Access-Client-Secret", client_secret),
            )
            if secret
        }
        self._seconds = request_seconds
        self._record = record
        self._transport = Transport(endpoint)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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

        With `respond_async` (extension `async`) a 202 is taken too: the reading's value is then
        `Accepted`, and `progress` tells the rest.
        """
        body = request.model_dump(mode="json", exclude_none=True)
        if not respond_async:
            return self._read("POST", contract.DEPLOY, contract.Deployed, body, seconds)
        headers = self._token | {contract.PREFER: contract.RESPOND_ASYNC}
        answer = self._send("POST", contract.DEPLOY, body, seconds, headers)
        return read(answer, contract.Deployed, contract.Accepted)

    def progress(self, deploy_id: str) -> Reading:
        """``GET /v1/deploys/{deploy_id}``: where an asynchronous deploy stands (extension `async`)."""
        return self._read("GET", f"{contract.DEPLOYS}/{deploy_id}", contract.DeployProgress)

    def renew(self, request: contract.LeaseRequest) -> Reading:
        """``POST /v1/lease`` (extension `lease`)."""
        return self._read("POST", contract.LEASE, contract.Leased, request.model_dump(mode="json"))

    def outcome(self, request: contract.OutcomeRequest) -> Reading:
        """``POST /v1/outcome``: the run passed, the agent's hold goes (extension `hold`)."""
        return self._read("POST", contract.OUTCOME, contract.OutcomeTaken, request.model_dump(mode="json"))

    def stop(self, deploy_id: str | None, *, seconds: float) -> Reading:
        """``POST /v1/stop`` within `seconds`; None stops the agent's container, whosever it is."""
        body = None if deploy_id is None else {"deploy_id": deploy_id}
        return self._read("POST", contract.STOP, contract.Stopped, body, seconds)

    def anonymous(self, path: str = contract.HEALTH) -> Probe:
        """A GET of `path` without a token: whether Access guards it (PRE-6).

        Access guards paths, not methods: a GET tells of a POST, and asks nothing of the agent.
        """
        return probe(self._send("GET", path, None, self._seconds, {}))

    def logs(
        self,
        since: str | None,
        *,
        follow: bool,
        deploy_id: str | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> LogStream:
        """``GET /v1/logs`` as a stream (extension `logs`).

        Args:
            since: RFC 3339 time to begin at, None for all.
            follow: until the container is gone.
            deploy_id: the deploy whose container it must be, None for whichever is there.
            idle_seconds: longest silence of a followed stream.

        """
        try:
            return LogStream(
                self._transport,
                headers={**self._token, "Accept": f"{contract.NDJSON}, application/json"},
                params={
                    "follow": "true" if follow else "false",
                    **({"since": since} if since else {}),
                    **({"deploy_id": deploy_id} if deploy_id else {}),
                },
                follow=follow,
                open_seconds=self._seconds,
                idle_seconds=idle_seconds,
            )
        except AgentError as error:
            self._note(f"GET {contract.LOGS}", error=error)
            raise

    def settle_deploy(self, seconds: float) -> bool:
        """Wait for a deploy's own call that an interrupt left in flight; True if it is over by then."""
        return self._transport.settle(f"POST {contract.DEPLOY}", seconds)

    def close(self) -> None:
        """Close every connection, streams included. Twice is no error."""
        self._transport.close()

    def _read(
        self,
        method: str,
        path: str,
        model: type[BaseModel],
        body: object = None,
        seconds: float | None = None,
    ) -> Reading:
        return read(self._send(method, path, body, seconds or self._seconds, self._token), model)

    def _send(
        self, method: str, path: str, body: object, seconds: float, headers: dict[str, str]
    ) -> HttpAnswer:
        try:
            answer = self._transport.send(method, path, headers=headers, body=body, seconds=seconds)
        except AgentError as error:
            self._note(f"{method} {path}", error=error)
            raise
        self._note(answer.call, answer=answer)
        return answer

    def _note(self, call: str, *, answer: HttpAnswer | None = None, error: AgentError | None = None) -> None:
        if self._record is None:
            return
        self._record(
            "agent.call",
            call=call,
            status=answer.status if answer else None,
            ray=answer.ray if answer else "",
            seconds=round(answer.seconds, 3) if answer else None,
            error=error.message if error else None,
        )
