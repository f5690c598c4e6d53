"""What pytest collected, as checks of the gate; it reads pytest's objects without importing pytest."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy.judging import Check
from pytest_smokedeploy.model import CLAUSE, RANK, STAGES, Stage
from pytest_smokedeploy.plugin.check_tracker import Call, Item, watch
from pytest_smokedeploy.support.errors import MisuseError

#: A user's own check comes after the clauses of its stage.
_OWN: Final = 1000


@dataclass(slots=True)
class Collection:
    """The checks in the order they run, and why they are no gate ([] if they are)."""

    checks: dict[str, Check] = field(default_factory=dict)
    misuses: list[MisuseError] = field(default_factory=list)
    folder: Path | None = None
    calls: dict[str, Call] = field(default_factory=dict)


def read(items: list[Item], order: Callable[[int], Any] | None) -> Collection:
    """Read stages and clauses off the collected tests, and put them into the model's order.

    Args:
        items: pytest's items, sorted in place.
        order: makes pytest-order's mark for a place; None where it is not loaded (a misuse, refused later).

    """
    collected = Collection()
    checks: dict[str, Check] = {}
    for item in items:
        try:
            checks[item.nodeid] = _check(item)
        except MisuseError as error:
            collected.misuses.append(error)
            continue
        watch(item, collected.calls)
    ordered = [item for item in items if item.nodeid in checks]
    ordered.sort(key=lambda item: _place(checks[item.nodeid]))
    if order is not None:
        for place, item in enumerate(ordered):
            # The first order mark wins, so that nobody's own mark moves a check.
            item.add_marker(order(place), append=False)
    # The settings lie beside the model's own checks; somebody's may be collected before, from a folder below.
    claiming = [item for item in ordered if checks[item.nodeid].clauses]
    collected.folder = next(iter([*claiming, *items])).path.parent
    items[:] = [*ordered, *(item for item in items if item.nodeid not in checks)]
    collected.checks = {item.nodeid: checks[item.nodeid] for item in ordered}
    return collected


def _place(check: Check) -> tuple[int, int]:
    return STAGES.index(check.stage), min((RANK[c] for c in check.clauses), default=_OWN)


def place_of(item: Item) -> str:
    """File, line and name of a collected test, for messages."""
    path, line, _ = item.location
    return f"{path}:{(line or 0) + 1}: {item.name}"


def _check(item: Item) -> Check:
    marker, place = item.get_closest_marker("smoke_stage"), place_of(item)
    if marker is None:
        words = f"{place} has no stage, but this run is a gate."
        raise MisuseError(words, remedy="Run it by itself, or give it the marker smoke_stage.")
    stage = marker.args[0] if len(marker.args) == 1 else None
    if stage not in list(Stage):
        raise MisuseError(f"{place}: unknown stage {stage!r}; stages are {', '.join(STAGES)}.")
    clauses = tuple(str(c) for mark in item.iter_markers("smoke_clause") for c in mark.args)
    if (unknown := next((clause for clause in clauses if clause not in CLAUSE), None)) is not None:
        raise MisuseError(f"{place}: unknown clause {unknown!r}; a check of your own claims none.")
    if not clauses and stage not in {Stage.VERIFY, Stage.OBSERVE}:
        words = f"{place}: a check of your own belongs to the stage verify or observe, not {stage}."
        raise MisuseError(words)
    doc = (getattr(getattr(item, "obj", None), "__doc__", None) or "").strip()
    name = getattr(item, "originalname", None) or item.name
    title = doc.splitlines()[0] if doc else name.removeprefix("test_").replace("_", " ")
    if (spec := getattr(item, "callspec", None)) is not None:
        title += f" [{spec.id}]"
    return Check(item.nodeid, title, Stage(stage), clauses)
