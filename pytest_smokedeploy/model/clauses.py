"""The clauses of the Smoke Deploy Model v1, as data.

Their ids are public: they stand in code, reports, evidence and messages, do not change and are
not reused.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, Literal, get_args

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
        stage: the stage that proves it, and under which its violation is named.
        least_basis: the weakest basis that proves it; None for enforced clauses.

    """

    id: str
    text: str
    how: How
    stage: Stage
    least_basis: Basis | None


def _checked(id_: str, text: str, stage: Stage, least: Basis = Basis.SEEN) -> Clause:
    return Clause(id_, text, How.CHECKED, stage, least)


def _enforced(id_: str, text: str, stage: Stage) -> Clause:
    return Clause(id_, text, How.ENFORCED, stage, None)


#: Clauses that a line of the log states: the milestones, in the order of the start-up, and the plane.
Stated = Literal["OBS-1", "OBS-2", "OBS-3", "OBS-4", "OBS-5", "OBS-6", "RUN-1"]
#: Clauses that lines of the log violate by what they name; RUN-5 goes with OBS-7.
Forbidden = Literal["OBS-7", "OBS-8", "OBS-9", "RUN-2", "RUN-3", "RUN-4"]
STATED: Final[tuple[str, ...]] = get_args(Stated)
MILESTONES: Final = STATED[:-1]
FORBIDDEN: Final[tuple[str, ...]] = get_args(Forbidden)

_P, _D, _V, _O, _S, _E = STAGES

# The order is the order in which violated clauses are named.
CLAUSES: Final[tuple[Clause, ...]] = (
    _enforced("TGT-3", "prod is refused before any request leaves", _P),
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
    _enforced("PRE-7", "one unmet precondition and nothing is deployed", _P),
    _checked("AGT-1", "step 1: the requested image is pulled", _D, Basis.TOLD),
    _checked("AGT-2", "step 2: the existing container is stopped, if present", _D, Basis.TOLD),
    _checked("AGT-3", "step 3: the existing container is removed, if present", _D, Basis.TOLD),
    _checked("AGT-4", "step 4: the new container starts with name, environment and mounts", _D, Basis.TOLD),
    _checked("AGT-5", "step 5: success only once the container is running", _D, Basis.TOLD),
    _enforced("AGT-6", "the agent retries nothing", _D),
    _enforced("AGT-7", "there is no partial success", _D),
    _checked("VER-1", "the status call answers after the deploy succeeded", _V),
    _checked("VER-2", "running is true", _V),
    _checked("VER-3", "container_name is present and is the agent's own container", _V),
    _checked("VER-4", "image is the requested image", _V),
    _checked("VER-5", "started_at is present, well formed and of this deploy", _V),
    _enforced("VER-6", "the first failed check ends the run at once", _V),
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
    _checked("RUN-5", "no order is executed", _O),
    _enforced("RUN-6", "an execution loop fails the deploy", _O),
    _checked("STP-1", "after verification the container is stopped", _S),
    _enforced("STP-2", "if the container cannot be stopped the run fails", _S),
    _checked("STP-3", "nothing keeps running afterwards", _S),
    _checked("EXT-2", "all checks passed", _E),
    _checked("EXT-3", "the container was stopped afterwards", _E),
    _checked("EXT-4", "no undocumented behaviour was observed", _E),
    _enforced("FLR-1", "any failure fails the GitHub Action", _E),
    _enforced("FLR-2", "any failure leaves the system stopped", _E),
    _enforced("FLR-4", "nothing retries on its own", _E),
    _enforced("EXT-1", "it ran in dev, for real: a rehearsal never counts", _E),
    _enforced("EXT-5", "the phase proceeds only on such evidence", _E),
)

CLAUSE: Final[dict[str, Clause]] = {clause.id: clause for clause in CLAUSES}
RANK: Final[dict[str, int]] = {clause.id: rank for rank, clause in enumerate(CLAUSES)}
CHECKED: Final[tuple[Clause, ...]] = tuple(c for c in CLAUSES if c.how is How.CHECKED)
