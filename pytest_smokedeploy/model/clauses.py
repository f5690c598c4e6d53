"""The clauses of the Smoke Deploy Model v1, as data.

Their ids are public: they stand in code, reports, evidence and messages, do not change and are
not reused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from pytest_smokedeploy.model.stages import STAGES, Stage


class How(StrEnum):
    """How a clause is proven: by a check of this run, or by the gate's own construction."""

    CHECKED = "checked"
    ENFORCED = "enforced"


class Basis(IntEnum):
    """What a proof rests on, weakest first."""

    ATTESTED = 1
    TOLD = 2
    SEEN = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Clause:
    """One MUST of the model.

    Attributes:
        id: public id (``"VER-2"``).
        text: the clause in one line.
        how: checked by a run, or enforced by the gate.
        stage: the stage that proves it; None where no single stage does.
        least_basis: the weakest basis that proves it; None for enforced clauses.
        follows: clauses that are named before it when one fact violates both.

    """

    id: str
    text: str
    how: How
    stage: Stage | None = None
    least_basis: Basis | None = None
    follows: tuple[str, ...] = field(default=())


def _checked(id_: str, text: str, stage: Stage, least: Basis = Basis.SEEN, *follows: str) -> Clause:
    return Clause(id_, text, How.CHECKED, stage, least, follows)


def _enforced(id_: str, text: str) -> Clause:
    return Clause(id_, text, How.ENFORCED)


_P, _D, _V, _O, _S, _E = STAGES

# The order is the order in which violated clauses are named.
CLAUSES: Final[tuple[Clause, ...]] = (
    _enforced("TGT-3", "prod is refused before any request leaves"),
    _checked("TGT-1", "the target environment is dev, and the agent says so itself", _P, Basis.TOLD),
    _checked("TGT-2", "the execution plane is paper", _P, Basis.TOLD),
    _checked("TRG-1", "started by hand: workflow_dispatch of the deploy workflow, first attempt", _P),
    _checked("TRG-2", "the inputs are environment dev and an image tag that cannot move", _P),
    _checked("TRG-3", "the workflow has no automatic trigger", _P),
    _checked("PRE-1", "STEP 1-4 of the phase are recorded complete", _P),
    _checked("PRE-2", "the deploy workflow file exists", _P),
    _checked("PRE-3", "the GitHub Environment exists", _P),
    _checked("PRE-4", "every required secret is set in the target environment", _P),
    _checked("PRE-5", "the database exists and is migrated", _P, Basis.ATTESTED),
    _checked("PRE-6", "the agent is reachable through the tunnel, and Access guards it", _P),
    _checked("FLR-3", "after a failure a person has looked before the next run", _P),
    _enforced("PRE-7", "one unmet precondition and nothing is deployed"),
    _checked("AGT-1", "step 1: the requested image is pulled", _D, Basis.TOLD),
    _checked("AGT-2", "step 2: the existing container is stopped, if present", _D, Basis.TOLD),
    _checked("AGT-3", "step 3: the existing container is removed, if present", _D, Basis.TOLD),
    _checked("AGT-4", "step 4: the new container starts with name, environment and mounts", _D, Basis.TOLD),
    _checked("AGT-5", "step 5: success only once the container is running", _D, Basis.TOLD),
    _enforced("AGT-6", "the agent retries nothing"),
    _enforced("AGT-7", "there is no partial success"),
    _checked("VER-1", "the status call answers after the deploy succeeded", _V),
    _checked("VER-2", "running is true", _V),
    _checked("VER-3", "container_name is present and is the agent's own container", _V),
    _checked("VER-4", "image is the requested image", _V),
    _checked("VER-5", "started_at is present, well formed and of this deploy", _V),
    _enforced("VER-6", "the first failed check ends the run at once"),
    _checked("OBS-1", "the log shows the start-up banner", _O),
    _checked("OBS-2", "the log shows that environment validation succeeded", _O),
    _checked("OBS-3", "the log shows the persistence mounts validated", _O),
    _checked("OBS-4", "the log shows the replay phase start", _O),
    _checked("OBS-5", "the log shows Meta Orchestrator initialisation", _O),
    _checked("OBS-6", "the log shows idle reached, and it stays idle", _O),
    _checked("DET-1", "start-up is deterministic: each milestone once, in order, no restart", _O),
    _checked("OBS-7", "the log shows no order execution", _O),
    _checked("OBS-8", "the log shows no strategy tick", _O),
    _checked("OBS-9", "the log shows no external call", _O),
    _checked("RUN-1", "the runtime runs with EXECUTION_PLANE=paper", _O),
    _checked("RUN-2", "no scheduler runs", _O),
    _checked("RUN-3", "no background loop runs", _O),
    _checked("RUN-4", "no live adapter is used", _O),
    _checked("RUN-5", "no order is executed", _O, Basis.SEEN, "OBS-7"),
    _enforced("RUN-6", "an execution loop fails the deploy"),
    _checked("STP-1", "after verification the container is stopped", _S),
    _enforced("STP-2", "if the container cannot be stopped the run fails"),
    _checked("STP-3", "nothing keeps running afterwards", _S),
    _checked("EXT-2", "all checks passed", _E),
    _checked("EXT-3", "the container was stopped afterwards", _E),
    _checked("EXT-4", "no undocumented behaviour was observed", _E),
    _enforced("FLR-1", "any failure fails the GitHub Action"),
    _enforced("FLR-2", "any failure leaves the system stopped"),
    _enforced("FLR-4", "nothing retries on its own"),
    _enforced("EXT-1", "it ran in dev, for real: a rehearsal never counts"),
    _enforced("EXT-5", "the phase proceeds only on such evidence"),
)

CLAUSE: Final[dict[str, Clause]] = {clause.id: clause for clause in CLAUSES}
RANK: Final[dict[str, int]] = {clause.id: rank for rank, clause in enumerate(CLAUSES)}
CHECKED: Final[tuple[Clause, ...]] = tuple(c for c in CLAUSES if c.how is How.CHECKED)
MILESTONES: Final = ("OBS-1", "OBS-2", "OBS-3", "OBS-4", "OBS-5", "OBS-6")

# The stage to which an enforced clause belongs when it is named, by the family of its id.
_FAMILY: Final = {
    "TGT": Stage.PRECONDITIONS,
    "PRE": Stage.PRECONDITIONS,
    "AGT": Stage.DEPLOY,
    "VER": Stage.VERIFY,
    "RUN": Stage.OBSERVE,
    "STP": Stage.SHUTDOWN,
    "FLR": Stage.EXIT,
    "EXT": Stage.EXIT,
}


def stage_of(clause: str) -> Stage:
    """The stage under which a clause is named."""
    return CLAUSE[clause].stage or _FAMILY[clause[:3]]
