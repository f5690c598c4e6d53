"""The pytest plug-in's hooks; each delegates to `GateRun`, which is imported where a run is a gate's.

Asleep (no collected test carries a stage) the plug-in costs its options and markers.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import nullcontext
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_smokedeploy.plugin import fixtures, hookspecs
from pytest_smokedeploy.plugin.fixtures import RUN

if TYPE_CHECKING:
    from pytest_smokedeploy.plugin.gate_run import GateRun
    from pytest_smokedeploy.rehearsal import Stack
    from pytest_smokedeploy.settings import Options

_COMPANIONS = ("pytest_order", "timeout", "metadata", "html", "html_fixtures")
_MARKERS = (
    "smoke_stage(name): the stage of the smoke deploy that this test belongs to",
    "smoke_clause(*ids): the clauses of the Smoke Deploy Model that this test proves",
)
_OPTIONS = {
    "environment": "the target environment; a live run must be told: dev",
    "image-tag": "the image tag to deploy: a commit's SHA or a version",
    "config": "the settings file (default: smokedeploy.yml in the smoke tests' folder)",
    "evidence": "the folder for report and evidence (default: smoke-evidence)",
}
_REHEARSE = "rehearse the whole world on this machine; never evidence"
_ENGINE = "what a rehearsal runs the runtime on: process (default) or docker"


def _asked(config: pytest.Config) -> bool:
    """Whether options or environment ask for a run of the gate."""
    option = config.option
    named = option.smokedeploy_environment or os.environ.get("SMOKEDEPLOY_ENVIRONMENT")
    return bool(option.smokedeploy_rehearse or named)


def awake(config: pytest.Config) -> GateRun:
    """The run of the gate within this run of pytest; made, and its modules imported, at the first call."""
    if RUN not in config.stash:
        from pytest_smokedeploy.plugin.gate_run import GateRun  # noqa: PLC0415 - see the module

        config.stash[RUN] = GateRun(config)
    return config.stash[RUN]


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options; load the companions where plug-in autoload is off (they bring options too)."""
    group = parser.getgroup("smokedeploy", "smoke deploy")
    for name, words in _OPTIONS.items():
        variable = f"SMOKEDEPLOY_{name.replace('-', '_').upper()}"
        group.addoption(f"--smokedeploy-{name}", default=None, help=f"{words} [{variable}]")
    group.addoption("--smokedeploy-rehearse", action="store_true", default=False, help=_REHEARSE)
    group.addoption("--smokedeploy-engine", default="process", help=_ENGINE)
    known = getattr(pluginmanager.getplugin("pytestconfig"), "known_args_namespace", None)
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") or getattr(known, "disable_plugin_autoload", False):
        for name in _COMPANIONS:
            pluginmanager.load_setuptools_entrypoints("pytest11", name=name)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the rehearsal's hook and the fixtures."""
    pluginmanager.add_hookspecs(hookspecs)
    pluginmanager.register(fixtures, "smokedeploy_fixtures")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register markers; where a run was asked for, have report and JUnit file written into the evidence."""
    for line in _MARKERS:
        config.addinivalue_line("markers", line)
    if _asked(config):
        awake(config).arm()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """A dispatched run that would show something and end with 0 is refused (FLR-1)."""
    if _asked(config) and os.environ.get("GITHUB_ACTIONS"):
        awake(config).refuse_listing()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Keep why a file's checks could not be collected."""
    report = yield
    if run := collector.config.stash.get(RUN, None):
        run.read(report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Wake if a test carries a stage: read the checks and order them as the model does."""
    if any(item.get_closest_marker("smoke_stage") for item in items):
        awake(config).collect(items)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Open the run: misuse is refused here, before any request leaves."""
    if run := session.config.stash.get(RUN, None):
        run.open(session)


def pytest_smokedeploy_rehearsal(folder: Path, options: Options) -> Stack:
    """The default world: a healthy one."""
    from pytest_smokedeploy.rehearsal import healthy  # noqa: PLC0415 - of weight

    return healthy(folder, options)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a check that must not run after a failure, as blocked (VER-6)."""
    run = item.config.stash.get(RUN, None)
    if run and run.tracker and (why := run.tracker.setup(item)):
        pytest.skip(why)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write down what became of a check, in the model's words."""
    excinfo = call.excinfo  # before anybody's hook can take it away
    report = yield
    run = item.config.stash.get(RUN, None)
    if run and run.tracker:
        run.tracker.report(item, call.when, excinfo.value if excinfo else None, report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Count a blocked check as blocked, and a failure that follows from another as that, unless asked for."""
    if getattr(report, "smokedeploy_blocked", False):
        return "blocked", "b", "BLOCKED"
    follows = getattr(report, "smokedeploy_follows", False) and config.option.verbose < 1
    return ("failed by another's failure", "f", "FOLLOWS") if follows else None


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    """Show a blocked check as blocked in the report too."""
    if getattr(report, "smokedeploy_blocked", False):
        # The comment keeps the row visible under the report's own filter for skipped tests.
        cells[0] = '<!--<td class="col-result">Skipped</td>--><td class="col-result">Blocked</td>'


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_html(report: pytest.TestReport, data: list[str]) -> None:
    """Show why a check was blocked as a sentence; pytest keeps a skip's words in a tuple."""
    if isinstance(report.longrepr, tuple):
        data[:] = [escape(str(report.longrepr[-1]))]


@pytest.hookimpl(optionalhook=True)
def pytest_html_report_title(report: Any) -> None:  # noqa: ANN401 - pytest-html's own
    """Name the report."""
    report.title = "Smoke deploy" if report.title == "report.html" else report.title


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
    """Stop what is owed a stop, before every other plug-in ends; the outcome is told after them."""
    run = session.config.stash.get(RUN, None)
    with run.finishing(session, int(exitstatus)) if run else nullcontext():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what is owed a stop, also where the session never finished."""
    if run := config.stash.get(RUN, None):
        run.end()
