"""A finding about one clause, and what each violation means."""

from dataclasses import dataclass
from typing import Final

from pytest_smokedeploy.model.clauses import FORBIDDEN, STATED, Basis
from pytest_smokedeploy.model.remedies import REMEDIES

#: What it means that a clause is violated, for people; a finding may say it more closely.
MEANS: Final[dict[str, str]] = {
    "TGT-1": "The deploy would go elsewhere than to dev.",
    "TGT-2": "The runtime would not run on paper.",
    "TRG-1": "This is no run that a person began, for the first time.",
    "TRG-2": "It is not certain that what is deployed is what was chosen.",
    "TRG-3": "The workflow can start without a person.",
    "PRE-1": "The phase is not ready for its smoke deploy.",
    "PRE-2": "There is no workflow for a person to start.",
    "PRE-3": "The job has no environment to take its secrets and rules from.",
    "PRE-4": "The run lacks a secret of the environment that it deploys to.",
    "PRE-5": "The runtime would start on a database that does not fit it.",
    "PRE-6": "The agent is not reached as it must be, or not guarded as it must be.",
    "FLR-3": "Nobody has looked since something went wrong.",
    "AGT-1": "The image that was asked for was not pulled, or another one was.",
    "AGT-2": "A container of an earlier deploy may still run.",
    "AGT-3": "A container of an earlier deploy may still be there.",
    "AGT-4": "The runtime did not start, or not with its name, environment and mounts.",
    "AGT-5": "The deploy is not known to have ended with a container that runs.",
    "AGT-6": "The agent did something twice, or its receipt is not what happened.",
    "AGT-7": "A part of the deploy failed, and a part of it counts or runs all the same.",
    "VER-1": "What runs is not known.",
    **dict.fromkeys((f"VER-{n}" for n in range(2, 6)), "What runs is not what was asked for."),
    **dict.fromkeys(STATED, "The start-up is not the one the model documents."),
    "DET-1": "The start-up is not deterministic.",
    **dict.fromkeys(
        (*FORBIDDEN, "RUN-5"), "The runtime did, or wrote that it did, what a smoke deploy forbids."
    ),
    **dict.fromkeys(("STP-1", "STP-2", "STP-3", "EXT-3"), "The container may still run on the server."),
    "EXT-2": "Not all that this run has to show was shown.",
    "EXT-4": "Something happened that nobody wrote down.",
}
#: What it means that a clause could not be established.
UNTOLD: Final = "What can't be told is not proven."


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one clause; true in a condition only if the clause holds.

    Attributes:
        clause: the clause's id.
        holds: True proven, False violated, None where it could not be established.
        expected: what the clause wants to see, one line.
        seen: what was seen, one line (redacted by whoever writes it out).
        basis: what `holds` rests on; None where nothing was established.
        meaning: what it means here, one sentence; "" for what it always means (`MEANS`).
        remedy: what the operator does next, one sentence; what is given, or the clause's own (`REMEDIES`), or
            "" where the clause holds.

    """

    clause: str
    holds: bool | None
    expected: str
    seen: str
    basis: Basis | None = Basis.SEEN
    meaning: str = ""
    remedy: str = ""

    def __post_init__(self) -> None:
        remedy = "" if self.holds else self.remedy or REMEDIES.get(self.clause, "")
        object.__setattr__(self, "remedy", remedy)  # its one assignment: the class is frozen

    def __bool__(self) -> bool:
        return self.holds is True

    def __str__(self) -> str:
        return f"{self.clause}: {self.words()}"

    @property
    def means(self) -> str:
        """What it means, one sentence; "" where the clause holds."""
        if self.holds:
            return ""
        return self.meaning or (UNTOLD if self.holds is None else MEANS.get(self.clause, ""))

    def words(self) -> str:
        """The finding in a line without its id: expected, seen, what it means, what to do."""
        if self.holds:
            return self.seen
        saw = f"expected {self.expected}; saw {self.seen}{'' if self.seen.endswith('.') else '.'}"
        return " ".join(part for part in (saw, self.means, self.remedy) if part)
