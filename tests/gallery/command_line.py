"""Options, plug-ins and conftests that would make a gate say less than it must."""

from __future__ import annotations

from pytest_smokedeploy.rehearsal import World
from tests.gallery.case import INCOMPLETE, REFUSED, Case

CASES: dict[str, Case] = {
    "deselected": Case("TRG-2", INCOMPLETE, 1, World(), deploys=False, options=("-k", "not cannot_move")),
    "a check left out": Case("VER-2", INCOMPLETE, 1, World(), options=("-k", "not running_is_true")),
    "a retry plug-in": Case("FLR-4", REFUSED, 4, World(), deploys=False, options=("-p", "rerunfailures")),
    "in parallel": Case("", REFUSED, 4, World(), deploys=False, options=("-p", "xdist", "-n", "2")),
    "a time-out that exits": Case(
        "FLR-2", REFUSED, 4, World(), deploys=False, options=("--timeout-method", "thread")
    ),
    "set-up alone": Case("", REFUSED, 4, World(), deploys=False, options=("--setup-only",)),
}
