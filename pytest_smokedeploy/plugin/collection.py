"""What pytest collected, as checks of the gate.

It reads pytest's objects without importing pytest: the plug-in hands them over, and they are
typed as what they are here, objects of somebody else's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pytest_smokedeploy.judging import Check
from pytest_smokedeploy.model import CLAUSE, RANK, STAGES, Stage
from pytest_smokedeploy.plugin.check_tracker import Call, CheckTracker, watch
from pytest_smokedeploy.plugin.compatibility import misuses, options_of
from pytest_smokedeploy.plugin.terminal import announcer, redact_output
from pytest_smokedeploy.support.errors import EvidenceError, MisuseError

if TYPE_CHECKING:
    from pytest_smokedeploy.run.session import GateSession

Config: TypeAlias = Any
Item: TypeAlias = Any

#: A user's own check comes after the clauses of its stage.
_OWN: Final = 1000


@dataclass(slots=True)
class Collection:
    """The checks in the order they run, and why they are no gate ([] if they are)."""

    checks: dict[str, Check] = field(default_factory=dict)
    misuses: list[MisuseError] = field(default_factory=list)
    folder: Path | None = None
    calls: dict[str, Call] = field(default_factory=dict)


def arm(config: Config) -> bool:
    """Point pytest-html and JUnit at the evidence folder, unless the user pointed them elsewhere.

    Raises:
        EvidenceError: the folder can't be made; the reporters would end in a traceback of their own.

    """
    folder = options_of(config, os.environ).evidence.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        words = f"The evidence folder {folder} can't be made: {error.strerror or error}."
        raise EvidenceError(words, remedy="Name another with --smokedeploy-evidence.") from error
    if not getattr(config.option, "htmlpath", None):
        config.option.htmlpath = str(folder / "report.html")
    config.option.self_contained_html = True
    config.option.css = getattr(config.option, "css", None) or []
    if not getattr(config.option, "xmlpath", None):
        config.option.xmlpath = str(folder / "junit.xml")
    return True


def disarm(config: Config) -> list[Any]:
    """No test carries a stage: write no report into an evidence folder. Returns what was set aside."""
    aside = []
    for plugin in list(config.pluginmanager.get_plugins()):
        if type(plugin).__module__.startswith(("pytest_html.", "_pytest.junitxml")):
            config.pluginmanager.unregister(plugin)
            aside.append(plugin)
    with suppress(OSError):
        Path(config.option.htmlpath).parent.rmdir()
    return aside


def read(items: list[Item], order: Callable[[int], Any] | None) -> Collection:
    """Read stages and clauses off the collected tests, and put them into the model's order.

    Args:
        items: pytest's items, sorted in place.
        order: makes pytest-order's mark for a place; None where it is not loaded (a misuse, told later).

    """
    collected = Collection()
    keyed: list[tuple[int, int, Item]] = []
    for item in items:
        check = _check(item, collected)
        if check is None:
            continue
        collected.checks[item.nodeid] = check
        watch(item, collected.calls)
        rank = min((RANK[c] for c in check.clauses), default=_OWN)
        keyed.append((STAGES.index(check.stage), rank, item))
    keyed.sort(key=lambda row: row[:2])
    for place, (_, _, item) in enumerate(keyed):
        # The first order mark wins, so that nobody's own mark moves a check.
        if order is not None:
            item.add_marker(order(place), append=False)
    ordered = [item for _, _, item in keyed]
    # The settings lie beside the model's own checks; somebody's may be collected before, from a folder below.
    claiming = [item for item in ordered if collected.checks[item.nodeid].clauses]
    collected.folder = next(iter([*claiming, *items])).path.parent
    rest = [item for item in items if item.nodeid not in collected.checks]
    items[:] = ordered + rest
    collected.checks = {item.nodeid: collected.checks[item.nodeid] for item in ordered}
    return collected


def _check(item: Item, collected: Collection) -> Check | None:
    marker = item.get_closest_marker("smoke_stage")
    if marker is None:
        collected.misuses.append(
            MisuseError(
                f"{item.nodeid} has no stage, but this run is a gate.",
                remedy="Run it by itself, or give it the marker smoke_stage.",
            )
        )
        return None
    stage = marker.args[0] if len(marker.args) == 1 else None
    if stage not in set(Stage):
        wanted = ", ".join(STAGES)
        collected.misuses.append(MisuseError(f"{item.nodeid}: unknown stage {stage!r}; stages are {wanted}."))
        return None
    clauses = tuple(str(c) for mark in item.iter_markers("smoke_clause") for c in mark.args)
    for clause in clauses:
        if clause not in CLAUSE:
            collected.misuses.append(MisuseError(f"{item.nodeid}: unknown clause {clause!r}."))
            return None
    if not clauses and stage not in {Stage.VERIFY, Stage.OBSERVE}:
        message = f"{item.nodeid}: a check of your own belongs to the stage verify or observe, not {stage}."
        collected.misuses.append(MisuseError(message))
        return None
    doc = (getattr(getattr(item, "obj", None), "__doc__", None) or "").strip()
    title = doc.splitlines()[0] if doc else item.name.removeprefix("test_").replace("_", " ")
    return Check(item.nodeid, title, Stage(stage), clauses)


def open_session(config: Config, collected: Collection) -> GateSession:
    """The run of the gate, not yet begun."""
    from pytest_smokedeploy.run.session import GateSession  # noqa: PLC0415 - lazily

    environ = dict(os.environ)
    _clear_metadata(config)
    hook = config.hook.pytest_smokedeploy_rehearsal
    gate = GateSession(
        options_of(config, environ, collected.folder),
        environ,
        announcer(config),
        lambda folder, options: hook(folder=folder, options=options),
        _reported(config),
    )
    redact_output(config, gate.sanitiser.text)
    return gate


def _reported(config: Config) -> list[Path]:
    """The files that pytest-html, JUnit, logging and cache write; none of one that is not loaded."""
    named = [getattr(config.option, name, None) for name in ("htmlpath", "xmlpath", "log_file")]
    with suppress(ValueError, KeyError):
        named.append(config.getini("log_file"))
    with suppress(ValueError, KeyError):
        cache = Path(config.rootpath, os.path.expandvars(config.getini("cache_dir"))) / "v" / "cache"
        named += [str(cache / name) for name in ("nodeids", "lastfailed", "stepwise")]
    return [Path(os.path.expandvars(name)).expanduser().absolute() for name in named if name]


def begin(gate: GateSession, config: Config, items: Sequence[Item], collected: Collection) -> CheckTracker:
    """Begin the run.

    Raises:
        MisuseError: the run is no gate; the evidence says so already.

    """
    checks = list(collected.checks.values())
    found = [*collected.misuses, *misuses(config, items, collected.checks, os.environ)]
    gate.begin(checks, found, _versions(config))
    return CheckTracker(gate, collected.checks, collected.calls)


def _versions(config: Config) -> dict[str, str]:
    return {dist.project_name: dist.version for _, dist in config.pluginmanager.list_plugin_distinfo()}


def _clear_metadata(config: Config) -> None:
    """pytest-html's environment table escapes nothing; what it would tell stands in the evidence."""
    with suppress(ImportError, KeyError):
        from pytest_metadata.plugin import metadata_key  # noqa: PLC0415 - a companion, not a dependency

        config.stash[metadata_key].clear()
