"""What can be read of the checks at collection and keeps them from being a gate: before any request.

It reads pytest's objects without importing pytest, as `collection` does.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from inspect import isasyncgenfunction, iscoroutinefunction
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final, TypeAlias

from pytest_smokedeploy.judging import Check
from pytest_smokedeploy.model import CHECKED, STAGES, Stage
from pytest_smokedeploy.plugin.collection import place_of
from pytest_smokedeploy.support.errors import MisuseError

Config: TypeAlias = Any
Item: TypeAlias = Any
Report: TypeAlias = Any

#: The stage of each fixture of ours: a check of an earlier stage can't ask for it.
STAGE_OF: Final[Mapping[str, Stage]] = {
    "smoke_deployment": Stage.DEPLOY,
    "smoke_status": Stage.VERIFY,
    "smoke_log": Stage.OBSERVE,
    "smoke_shutdown": Stage.SHUTDOWN,
    "smoke_evidence": Stage.EXIT,
}
#: Marks by which pytest does not run a check, or takes its failure for well.
_ESCAPES: Final = {
    "skip": "is skipped by a mark",
    "skipif": "may be skipped by a mark",
    "xfail": "is expected to fail by a mark",
}
#: Plug-ins that run `async def`, each under the mark of its name.
_RUNNERS: Final = frozenset({"asyncio", "anyio", "trio", "twisted"})
#: Options that choose a part of the checks: destination, flag.
_CHOOSING: Final = (
    ("keyword", "-k"),
    ("markexpr", "-m"),
    ("lf", "--last-failed"),
    ("stepwise", "--stepwise"),
    ("deselect", "--deselect"),
    ("ignore", "--ignore"),
    ("ignore_glob", "--ignore-glob"),
)
#: Names that a message lists.
_NAMED: Final = 5
#: Where a file can't be read, as pytest tells it.
_LINE: Final = re.compile(r'File ".*", line (\d+)')
_ALL: Final = "Run the whole folder: a gate proves every clause, or none."


def broken(report: Report) -> MisuseError | None:
    """Why a file's checks could not be collected, None where they were.

    Args:
        report: pytest's report of a collected file, package or class.

    """
    if report.passed:
        return None
    if report.skipped:
        words = f"{report.nodeid} is skipped as a whole: {_reason(report)}."
        return MisuseError(words, clause="EXT-2", remedy="A gate runs every check: take the skip out.")
    text = str(report.longrepr)
    causes = [line.removeprefix("E").strip() for line in text.splitlines() if line[:1] == "E"]
    cause = causes[-1] if causes else " ".join(text.split())
    place = next((f":{found[1]}" for found in map(_LINE.search, causes) if found), "")
    words = f"{report.nodeid}{place} can't be read: {cause[:500].rstrip('.')}."
    return MisuseError(words, clause="EXT-2", remedy="Mend the file: none of its checks was collected.")


def failed_hook(error: Exception) -> MisuseError:
    """The refusal for what a hook of a conftest or a plug-in raised while the checks were collected."""
    frame = extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    words = f"{place}: a hook failed while the checks were collected: {type(error).__name__}: {error}."
    return _unfit(words, "Mend it: what the hook leaves out is not checked.")


def misuses(config: Config, items: Sequence[Item], checks: Mapping[str, Check]) -> Iterator[MisuseError]:
    """Everything about the collected checks that makes them no gate, in the order they run."""
    for item in items:
        if item.nodeid in checks:
            yield from _of(config, item, checks[item.nodeid])
    yield from _shadowed(items)
    run = {item.nodeid for item in items}
    claimed = {clause for check in checks.values() if check.id in run for clause in check.clauses}
    missing = [clause.id for clause in CHECKED if clause.id not in claimed]
    chosen = [flag for name, flag in _CHOOSING if getattr(config.option, name, None)]
    chosen += [str(arg) for arg in config.args if "::" in str(arg) or Path(str(arg)).is_file()]
    left_out = [check.id for check in checks.values() if check.id not in run] if chosen else []
    if missing or left_out:
        how = " and ".join(chosen) or "a conftest, a plug-in or a file that is missing"
        lacks = f"none claims {_some(missing)}" if missing else f"{_some(left_out)} is left out"
        words = f"Only a part of the checks was chosen ({how}): {lacks}."
        yield MisuseError(words, clause=missing[0] if missing else "EXT-2", remedy=_ALL)


def _shadowed(items: Sequence[Item]) -> Iterator[MisuseError]:
    """Checks that another of the same name in the same file or class takes the place of."""
    for path, name in {item.path: item.location[0] for item in items}.items():
        tree = ast.parse(path.read_bytes() if path.suffix == ".py" else b"")
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        for body in (tree.body, *(node.body for node in classes)):
            lines: dict[str, int] = {}
            for node in body:
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                if node.name.startswith("test") and (line := lines.get(node.name)):
                    words = f"{name}:{line}: {node.name} is defined again in line {node.lineno}"
                    yield _unfit(f"{words}, and only the last one runs.", "Give each check its own name.")
                lines[node.name] = node.lineno


def _of(config: Config, item: Item, check: Check) -> Iterator[MisuseError]:
    """What is wrong with one check."""
    place = place_of(item)
    for name, words in _ESCAPES.items():
        if (mark := item.get_closest_marker(name)) is None:
            continue
        if name == "skip" and "empty parameter set" in str(mark.kwargs.get("reason", "")):
            words = "has no parameters: its `parametrize` is empty"  # noqa: PLW2901 - of the same mark
        yield _unfit(f"{place} {words}.", "Take it out: every check of a gate runs, and passes or fails.")
    # An item that a plug-in makes of something else than a function has neither.
    function, owner = getattr(item, "obj", None), getattr(item, "cls", None)
    if getattr(function, "__unittest_skip__", False) or getattr(owner, "__unittest_skip__", False):
        yield _unfit(f"{place} is skipped by unittest.", "Take it out: every check of a gate runs.")
    if iscoroutinefunction(function) or isasyncgenfunction(function):
        loaded = filter(config.pluginmanager.hasplugin, _RUNNERS)
        if not any(item.get_closest_marker(name) for name in loaded):
            yield _unfit(f"{place} is `async def`, and nothing here awaits it.", "Write it with `def`.")
    yield from _fixtures(item, check, place)


def _fixtures(item: Item, check: Check, place: str) -> Iterator[MisuseError]:
    """Fixtures that do not exist, and those of a later stage than the check's, asked through others too."""
    # Nothing public tells it at collection.
    there = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    given = {"request", *there, *getattr(getattr(item, "callspec", None), "params", ())}
    for name in getattr(item, "fixturenames", ()):
        if name not in given:
            close = get_close_matches(name, {*there, *STAGE_OF, "smoke_run", "smoke_agent"}, n=1)
            ask = f"Did you mean `{close[0]}`?" if close else "Mend its name, or write it in a conftest.py."
            yield _unfit(f"{place} asks for the fixture `{name}`, which does not exist.", ask)
        stage = STAGE_OF.get(name)
        if stage is not None and STAGES.index(stage) > STAGES.index(check.stage):
            words = f"{place} belongs to the stage {check.stage} and asks for `{name}`, of the stage {stage}."
            yield _unfit(words, "Ask for an earlier one, or move the check to that stage.")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _unfit(words: str, remedy: str) -> MisuseError:
    return MisuseError(words, clause="EXT-2", remedy=remedy)


def _reason(report: Report) -> str:
    said = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
    return str(said).removeprefix("Skipped: ").rstrip(".") or "it says no reason"
