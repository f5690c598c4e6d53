"""The pytest plug-in: hooks only, each delegating at once.

Asleep (no collected test carries a stage) it costs options and markers; every import of
weight is lazy.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_smokedeploy.plugin.fixtures import (
    SESSION,
    smoke_agent,
    smoke_deployment,
    smoke_evidence,
    smoke_log,
    smoke_run,
    smoke_shutdown,
    smoke_status,
)

if TYPE_CHECKING:
    from pytest_smokedeploy.plugin.check_tracker import CheckTracker
    from pytest_smokedeploy.plugin.collection import Collection
    from pytest_smokedeploy.plugin.terminal import Actions
    from pytest_smokedeploy.rehearsal import Stack
    from pytest_smokedeploy.settings import Options

__all__ = [
    "smoke_agent",
    "smoke_deployment",
    "smoke_evidence",
    "smoke_log",
    "smoke_run",
    "smoke_shutdown",
    "smoke_status",
]

_COMPANIONS = ("pytest_order", "timeout", "metadata", "html", "html_fixtures")
_MARKERS = (
    "smoke_stage(name): the stage of the smoke deploy that this test belongs to",
    "smoke_clause(*ids): the clauses of the Smoke Deploy Model that this test proves",
)
_OPTIONS = (
    ("environment", "the target environment; a live run must be told: dev"),
    ("image-tag", "the image tag to deploy: a commit's SHA or a version"),
    ("config", "the settings file (default: smokedeploy.yml in the smoke tests' folder)"),
    ("evidence", "the folder for report and evidence (default: smoke-evidence)"),
)
COLLECTED: pytest.StashKey[Collection] = pytest.StashKey()
PROGRESS: pytest.StashKey[CheckTracker] = pytest.StashKey()
ARMED: pytest.StashKey[bool] = pytest.StashKey()
ACTIONS: pytest.StashKey[Actions] = pytest.StashKey()
ASIDE: pytest.StashKey[list[Any]] = pytest.StashKey()
TOLD: pytest.StashKey[bool] = pytest.StashKey()
RUNNING: pytest.StashKey[pytest.Session] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options; load the companions where plug-in autoload is off (they bring options too)."""
    group = parser.getgroup("smokedeploy", "smoke deploy")
    for name, words in _OPTIONS:
        dest = f"smokedeploy_{name.replace('-', '_')}"
        group.addoption(f"--smokedeploy-{name}", dest=dest, default=None, help=f"{words} [{dest.upper()}]")
    group.addoption(
        "--smokedeploy-rehearse",
        dest="smokedeploy_rehearse",
        action="store_true",
        default=False,
        help="rehearse the whole world on this machine; never evidence",
    )
    group.addoption(
        "--smokedeploy-engine",
        dest="smokedeploy_engine",
        default="process",
        help="what a rehearsal runs the runtime on: process (default) or docker",
    )
    config = pluginmanager.getplugin("pytestconfig")
    known = getattr(config, "known_args_namespace", None)
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") or getattr(known, "disable_plugin_autoload", False):
        for name in _COMPANIONS:
            pluginmanager.load_setuptools_entrypoints("pytest11", name=name)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the rehearsal's hook."""
    from pytest_smokedeploy.plugin import hookspecs  # noqa: PLC0415 - one name for the module

    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register markers; where a run was asked for, have report and JUnit file written into the evidence."""
    for line in _MARKERS:
        config.addinivalue_line("markers", line)
    config.add_cleanup(lambda: _last_word(config))
    options = config.option
    asked = options.smokedeploy_rehearse or options.smokedeploy_environment
    if asked or os.environ.get("SMOKEDEPLOY_ENVIRONMENT"):
        from pytest_smokedeploy.plugin import collection, compatibility  # noqa: PLC0415 - lazily
        from pytest_smokedeploy.support.errors import EvidenceError  # noqa: PLC0415 - lazily

        try:
            config.stash[ARMED] = collection.arm(config)
        except EvidenceError as error:
            raise pytest.UsageError(f"smoke deploy REFUSED: {error}") from error
        if compatibility.parallel(config):
            # The process that would collect is a worker's; the refusal belongs to the one that is watched.
            _begin(config, None)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """A dispatched run that would show something and end with 0 is refused (FLR-1)."""
    if os.environ.get("GITHUB_ACTIONS"):
        from pytest_smokedeploy.plugin import compatibility  # noqa: PLC0415 - lazily

        if compatibility.shows(config, os.environ):
            _begin(config, None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Wake if a test carries a stage: read the checks and order them as the model does."""
    if any(item.get_closest_marker("smoke_stage") for item in items):
        from pytest_smokedeploy.plugin import collection  # noqa: PLC0415 - lazily

        there = config.pluginmanager.hasplugin("pytest_order")
        config.stash[COLLECTED] = collection.read(items, pytest.mark.order if there else None)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Open the run: misuse is told here, before any request leaves."""
    config = session.config
    if COLLECTED in config.stash:
        from pytest_smokedeploy.plugin import compatibility  # noqa: PLC0415 - lazily

        if not compatibility.only_lists(config, os.environ):
            _begin(config, session)
            return
    if config.stash.get(ARMED, False):
        from pytest_smokedeploy.plugin import collection, compatibility  # noqa: PLC0415 - lazily

        if compatibility.dispatched(config, os.environ):
            config.stash[COLLECTED] = collection.Collection(misuses=[compatibility.no_stage()])
            _begin(config, session)
        config.stash[ASIDE] = collection.disarm(config)


def _begin(config: pytest.Config, session: pytest.Session | None) -> None:
    """Begin the run, or end with one clear line and exit status 4."""
    from pytest_smokedeploy.plugin import collection, terminal  # noqa: PLC0415 - lazily
    from pytest_smokedeploy.support.errors import EvidenceError, MisuseError  # noqa: PLC0415 - lazily
    from pytest_smokedeploy.support.redaction import one_line  # noqa: PLC0415 - lazily

    checks = config.stash.get(COLLECTED, collection.Collection())
    if session is not None:
        config.stash[RUNNING] = session
    try:
        gate = config.stash[SESSION] = collection.open_session(config, checks)
    except EvidenceError as error:
        raise pytest.UsageError(f"smoke deploy REFUSED: {error}") from error
    config.stash[ACTIONS] = terminal.Actions(config, os.environ)
    config.stash[ACTIONS].begin()
    try:
        config.stash[PROGRESS] = collection.begin(gate, config, session.items if session else [], checks)
    except MisuseError as error:
        gate.finish()
        name = f"{error.clause}: " if error.clause else ""
        # pytest tells it after everything else, when GitHub's runner takes commands again.
        words = one_line(gate.sanitiser.text(f"smoke deploy REFUSED: {name}{error}"))
        raise pytest.UsageError(words) from error


def pytest_smokedeploy_rehearsal(folder: Path, options: Options) -> Stack:
    """The default world: a healthy one."""
    from pytest_smokedeploy.rehearsal import healthy  # noqa: PLC0415 - lazily

    return healthy(folder, options)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Block what must not run after a failure (VER-6)."""
    progress = item.config.stash.get(PROGRESS, None)
    if progress and (why := progress.setup(item)):
        pytest.skip(why)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write down what became of a check, in the model's words."""
    excinfo = call.excinfo  # before anybody's hook can take it away
    report = yield
    if progress := item.config.stash.get(PROGRESS, None):
        progress.report(item, call.when, excinfo.value if excinfo else None, report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """Show a blocked check as blocked, not as skipped."""
    return ("blocked", "b", "BLOCKED") if getattr(report, "smokedeploy_blocked", False) else None


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    """Show a blocked check as blocked in the report too."""
    if getattr(report, "smokedeploy_blocked", False):
        # The comment keeps the row visible under the report's own filter for skipped tests.
        cells[0] = '<!--<td class="col-result">Skipped</td>--><td class="col-result">Blocked</td>'


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_summary(prefix: list[str], session: pytest.Session) -> None:
    """Verdict, reason and evidence on top of the report."""
    gate = session.config.stash.get(SESSION, None)
    if gate is not None and gate.document is not None:
        from pytest_smokedeploy.reports.html import css, summary  # noqa: PLC0415 - lazily

        prefix.append(f"<style>{css()}</style>{summary(gate.document)}")


@pytest.hookimpl(optionalhook=True)
def pytest_html_report_title(report: Any) -> None:  # noqa: ANN401 - pytest-html's own
    """Name the report."""
    report.title = "Smoke deploy" if report.title == "report.html" else report.title


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
    """Stop what is owed a stop, decide, and set the exit status after everyone else."""
    gate = session.config.stash.get(SESSION, None)
    if gate is None:
        return (yield)
    gate.settle(int(exitstatus))
    try:
        return (yield)
    except (SystemExit, pytest.exit.Exception) as left:
        # Somebody else's end of the session must not speak for the gate.
        name = "code" if isinstance(left, SystemExit) else "returncode"
        setattr(left, name, gate.finish() or getattr(left, name))
        raise
    finally:
        # Somebody else's failure counts too, if it came after the verdict (FLR-1): pytest's --max-warnings.
        session.exitstatus = gate.finish() or session.exitstatus


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:  # noqa: ANN401 - no public type
    """The verdict in a few lines."""
    gate = config.stash.get(SESSION, None)
    if gate is not None and gate.document is not None and not config.stash.get(TOLD, False):
        from pytest_smokedeploy.reports.terminal import lines  # noqa: PLC0415 - lazily

        config.stash[TOLD] = True
        terminalreporter.section("smoke deploy")
        for line in lines(gate.document):
            terminalreporter.write_line(line)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go of everything, also where the session never finished."""
    _end(config)


def _last_word(config: pytest.Config) -> None:
    """After every hook: who set another exit status, left, or unloaded this plug-in must not speak for us."""
    _end(config)
    gate = config.stash.get(SESSION, None)
    if gate is None:
        _no_gate(config)
        return
    left = sys.exception()
    if isinstance(left, SystemExit):
        left.code = gate.finish() or left.code
    if running := config.stash.get(RUNNING, None):
        running.exitstatus = gate.finish() or running.exitstatus


def _no_gate(config: pytest.Config) -> None:
    """A dispatched run in which no gate ever began does not end with 0, whoever ended it (FLR-1)."""
    session = config.pluginmanager.getplugin("session")
    if config.stash.get(ARMED, False) and session is not None and not session.exitstatus:
        from pytest_smokedeploy.plugin import compatibility  # noqa: PLC0415 - lazily

        if compatibility.dispatched(config, os.environ):
            session.exitstatus = 1
            sys.stderr.write(f"smoke deploy: {compatibility.no_stage()}\n")


def _end(config: pytest.Config) -> None:
    """Decide if nobody has, let go, and tell the verdict; safe to call twice."""
    for plugin in config.stash.get(ASIDE, []):
        # Each reporter unregisters itself at the end, and must be there to be unregistered.
        config.pluginmanager.register(plugin)
    config.stash[ASIDE] = []
    gate = config.stash.get(SESSION, None)
    if gate is not None:
        # A signal can cut the session's end short before it was decided; the stop is owed all the same.
        gate.finish() if gate.decision is None else gate.close()
        if reporter := config.pluginmanager.getplugin("terminalreporter"):
            # Somebody's hook can cut the summary off; the verdict is told all the same.
            pytest_terminal_summary(reporter, config)
        config.stash[ACTIONS].end(gate.document)
