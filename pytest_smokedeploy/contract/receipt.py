"""Answers to a deploy: the receipt, the progress, and the failure (AGT-1 to AGT-7)."""

from typing import Literal

from pydantic import StrictBool, StrictInt, StrictStr

from pytest_smokedeploy.contract.words import Answer, DeployState, Outcome, StepName, Time


class Step(Answer):
    """One step of a receipt, in the order done."""

    step: StepName
    outcome: Outcome
    started_at: Time
    finished_at: Time
    detail: StrictStr | None = None


class Mount(Answer):
    """A mount of the container: `source` on the server, `target` inside."""

    name: StrictStr
    source: StrictStr
    target: StrictStr
    writable: StrictBool


class Limits(Answer):
    """What the container may use. None: no limit, or one that the engine does not hold or tell of.

    Attributes:
        memory_bytes: memory of all its processes together.
        processes: how many it may have at a time.
        log_characters: size of its log, beyond which the log breaks off with an error record.
        capabilities: the kernel's capabilities that it has, sorted, without ``CAP_``.
        no_new_privileges: whether no program in it can gain privileges by set-user-ID or file capabilities.

    """

    memory_bytes: StrictInt | None = None
    processes: StrictInt | None = None
    log_characters: StrictInt | None = None
    capabilities: tuple[StrictStr, ...] | None = None
    no_new_privileges: StrictBool | None = None


class _Receipt(Answer):
    """Fields of a deploy's receipt; those after `environment` belong to the extension `receipt`.

    `env` (names alone), `mounts`, `network`, `health_check` (whether the engine runs one) and `limits` are
    those of the created container, without what its image defines.
    """

    container_name: StrictStr | None = None
    environment: StrictStr | None = None
    container_id: StrictStr | None = None
    image_digest: StrictStr | None = None
    started_at: Time | None = None
    env: list[StrictStr] | None = None
    mounts: list[Mount] | None = None
    network: StrictStr | None = None
    health_check: StrictBool | None = None
    limits: Limits | None = None
    steps: list[Step] | None = None


class _Ended(_Receipt):
    """The receipt of a failed deploy, with the reason and the end of the container it started.

    `last_lines` are its last 50 lines, each cut at 200 characters; the log itself is served by `deploy_id`.
    """

    reason: StrictStr | None = None
    step: StepName | None = None
    exit_code: StrictInt | None = None
    last_lines: list[StrictStr] | None = None


class Deployed(_Receipt):
    """200 to a deploy: all five steps were done."""

    status: Literal["deployed"]
    image: StrictStr
    deploy_id: StrictStr | None = None


class Accepted(Answer):
    """202 to a deploy with ``Prefer: respond-async``: accepted, not finished (extension `async`)."""

    deploy_id: StrictStr


class DeployProgress(_Ended):
    """200 to ``GET /v1/deploys/{deploy_id}``: the receipt as far as the deploy has got.

    `step` is the step under way or the one that failed, `reason` the cause of the failure. `progress` has
    one line for each layer of the pull. `status` is ``"deployed"`` once the state is, so
    that a deployed progress reads as `Deployed` does.
    """

    deploy_id: StrictStr
    state: DeployState
    status: Literal["deployed", "error"] | None = None
    image: StrictStr | None = None
    progress: list[StrictStr] | None = None


class Failure(_Ended):
    """Any answer but 200. A base agent may send `error` in place of `status` and `reason`."""

    status: Literal["error"] | None = None
    error: StrictStr | None = None
    deploy_id: StrictStr | None = None
    image: StrictStr | None = None

    def words(self) -> str:
        """The agent's reason, or "" where it gave none."""
        return self.reason or self.error or ""
