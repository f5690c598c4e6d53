"""Answers to a deploy: the receipt, the progress, and the failure (AGT-1 to AGT-7)."""

from typing import Literal

from pydantic import StrictBool, StrictInt, StrictStr

from pytest_smokedeploy.contract.words import Answer, DeployState, Outcome, StepName, Time


class Step(Answer):
    """One step of a receipt, in the order done."""

    step: StepName
    """Which of the five."""
    outcome: Outcome
    """How it ended; `absent` where there was nothing to stop or remove."""
    started_at: Time
    """When it began, by the server's clock."""
    finished_at: Time
    """When it ended, by the server's clock."""
    detail: StrictStr | None = None
    """Why it failed. Absent where it did not."""


class Mount(Answer):
    """A mount of the container: `source` on the server, `target` inside."""

    name: StrictStr
    """The mount's name: `audit-events`, `snapshots`, or one of the agent's `MOUNTS`."""
    source: StrictStr
    """Its folder on the server."""
    target: StrictStr
    """Its folder in the container."""
    writable: StrictBool
    """Whether the container may write there."""


class Limits(Answer):
    """What the container may use."""

    memory_bytes: StrictInt | None = None
    """Bytes of memory of all its processes together. Null for no limit, or one that the engine does not
    hold."""
    processes: StrictInt | None = None
    """How many processes it may have at a time. Null for no limit, or one that the engine does not hold."""
    log_characters: StrictInt | None = None
    """Characters of its log, beyond which the log breaks off with an error. Null where the log has no
    limit."""
    capabilities: tuple[StrictStr, ...] | None = None
    """The kernel's capabilities that it has, sorted, without `CAP_`. Null where the engine does not tell
    them."""
    no_new_privileges: StrictBool | None = None
    """Whether no program in it can gain privileges by set-user-ID or file capabilities. Null where the
    engine does not tell."""


class _Receipt(Answer):
    """Fields of a deploy's receipt; those of the container are read back from the engine."""

    container_name: StrictStr | None = None
    """The name of the new container. Absent where the agent does not tell it."""
    environment: StrictStr | None = None
    """The environment that the agent serves. Absent where the agent does not tell it."""
    container_id: StrictStr | None = None
    """The engine's id of the new container. Absent at an agent without the extension `receipt`."""
    image_digest: StrictStr | None = None
    """Digest of the image that was pulled, `sha256:...`. Absent at an agent without the extension `receipt`;
    null where the engine knows none."""
    started_at: Time | None = None
    """When it was started, by the server's clock. Absent at an agent without the extension `receipt`."""
    env: list[StrictStr] | None = None
    """Names of its variables, less those of the image. Absent at an agent without the extension `receipt`."""
    mounts: list[Mount] | None = None
    """Its mounts, less those of the image. Absent at an agent without the extension `receipt`."""
    network: StrictStr | None = None
    """Its network mode. Absent at an agent without the extension `receipt`."""
    health_check: StrictBool | None = None
    """Whether the engine runs a health check in it. Absent at an agent without the extension `receipt`."""
    limits: Limits | None = None
    """What it may use. Absent at an agent without the extension `receipt`."""
    steps: list[Step] | None = None
    """The steps so far, in the order done. Absent at an agent without the extension `receipt`."""


class _Ended(_Receipt):
    """The receipt of a failed deploy, with the reason and the end of the container it started."""

    reason: StrictStr | None = None
    """Why the deploy failed. Absent where it did not."""
    step: StepName | None = None
    """The step that failed, or is under way. Absent where the agent does not tell it."""
    exit_code: StrictInt | None = None
    """Exit code of the container that it started. Absent where it did not fail, or started none."""
    last_lines: list[StrictStr] | None = None
    """The last lines of that container's log: 50 at most, each cut at 200 characters. Absent where it did
    not fail, or started none."""


class Deployed(_Receipt):
    """200 to a deploy: all five steps were done."""

    status: Literal["deployed"]
    """All five steps were done."""
    image: StrictStr
    """The image as it was asked for, with its tag."""
    deploy_id: StrictStr | None = None
    """The gate's own id of the deploy. Absent at an agent without the extension `receipt`."""


class Accepted(Answer):
    """202 to a deploy with ``Prefer: respond-async``: accepted, not finished (extension `async`)."""

    deploy_id: StrictStr


class DeployProgress(_Ended):
    """200 to ``GET /v1/deploys/{deploy_id}``: the receipt as far as the deploy has got.

    A deployed progress reads as `Deployed` does.
    """

    deploy_id: StrictStr
    """The gate's own id of the deploy."""
    state: DeployState
    """How far it is; `deployed` alone is a success."""
    status: Literal["deployed", "error"] | None = None
    """As in the answer to the deploy. Absent while it is under way."""
    image: StrictStr | None = None
    """The image as it was asked for, with its tag. Absent where the agent does not tell it."""
    progress: list[StrictStr] | None = None
    """One line for each layer of the pull, its last. Absent once the deploy has ended."""


class Failure(_Ended):
    """Any answer but 200. A base agent may send `error` in place of `status` and `reason`."""

    status: Literal["error"] | None = None
    """The deploy failed. Absent at an agent that sends `error`."""
    error: StrictStr | None = None
    """Why, at an agent that sends no `reason`. Absent at any other."""
    deploy_id: StrictStr | None = None
    """The gate's own id of the deploy. Absent at an agent without the extension `receipt`."""
    image: StrictStr | None = None
    """The image as it was asked for, with its tag. Absent where the agent does not tell it."""

    def words(self) -> str:
        """The agent's reason, or "" where it gave none."""
        return self.reason or self.error or ""
