"""The gate's part of one pytest run, which the hooks delegate to; imported once a run is a gate's."""

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_smokedeploy.evidence import usable
from pytest_smokedeploy.plugin import collection, compatibility, terminal
from pytest_smokedeploy.plugin.check_tracker import CheckTracker
from pytest_smokedeploy.plugin.collection import Collection
from pytest_smokedeploy.reports import github, html
from pytest_smokedeploy.reports.terminal import lines
from pytest_smokedeploy.run.session import GateSession
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.redaction import one_line


class GateRun:
    """State of the gate within one pytest run.

    Args:
        config: pytest's; `last_word` is added to its clean-up, which runs after every hook.

    Attributes:
        gate: the run of the gate, None until it began.
        tracker: takes what becomes of each check, None until the run began.

    """

    def __init__(self, config: pytest.Config) -> None:
        self.gate: GateSession | None = None
        self.tracker: CheckTracker | None = None
        self._config = config
        self._collection: Collection | None = None
        self._session: pytest.Session | None = None
        self._armed = False
        self._shown = False
        self._aside: list[Any] = []
        self._token = ""
        config.add_cleanup(self.last_word)

    # -- begin -----------------------------------------------------------------------------

    def arm(self) -> None:
        """Point pytest-html and JUnit at the evidence folder, unless the user pointed them elsewhere.

        Raises:
            pytest.UsageError: the folder can't be made, or pytest-xdist hands the checks to workers.

        """
        option = self._config.option
        folder = compatibility.options_of(self._config).evidence.absolute()
        with _refusing(), usable(folder):
            option.htmlpath = getattr(option, "htmlpath", None) or str(folder / "report.html")
        option.xmlpath = getattr(option, "xmlpath", None) or str(folder / "junit.xml")
        option.self_contained_html = True
        option.css = getattr(option, "css", None) or []
        self._armed = True
        if compatibility.parallel(self._config):
            # The process that would collect is a worker's; the refusal belongs to the one that is watched.
            self._begin()

    def refuse_listing(self) -> None:
        """Refuse a dispatched run that would show something and end with 0 (FLR-1).

        Raises:
            pytest.UsageError: it is one.

        """
        if compatibility.listing(self._config) and compatibility.dispatched(self._config):
            self._begin()

    def collect(self, items: list[pytest.Item]) -> None:
        """Read the checks off `items`, and order them as the model does."""
        there = self._config.pluginmanager.hasplugin("pytest_order")
        self._collection = collection.read(items, pytest.mark.order if there else None)

    def open(self, session: pytest.Session) -> None:
        """Begin the run once everything is collected; without a gate, write no report into its folder.

        Raises:
            pytest.UsageError: the run cannot be a gate; no request has left.

        """
        self._session = session
        if self._collection and not compatibility.only_lists(self._config):
            self._begin()
        elif self._armed:
            if compatibility.dispatched(self._config):
                self._collection = Collection(misuses=[compatibility.no_stage()])
                self._begin()
            self._aside = self._disarm()

    def _begin(self) -> None:
        """Begin the run, or end with one line and exit status 4."""
        config, collected, environ = self._config, self._collection or Collection(), dict(os.environ)
        items = self._session.items if self._session else []
        hook = config.hook.pytest_smokedeploy_rehearsal
        _clear_metadata(config)
        with _refusing():
            gate = self.gate = GateSession(
                compatibility.options_of(config, collected.folder),
                environ,
                lambda line: terminal.show(config, f"  {line}"),
                lambda folder, options: hook(folder=folder, options=options),
                _reported(config),
            )
        terminal.redact_output(config, gate.sanitiser.text)
        if environ.get("GITHUB_ACTIONS") == "true":
            self._token = secrets.token_hex(16)
            terminal.show(config, github.silence(self._token))
        misuses = [*collected.misuses, *compatibility.misuses(config, items, collected.checks)]
        versions = {d.project_name: d.version for _, d in config.pluginmanager.list_plugin_distinfo()}
        # pytest tells it after everything else, when GitHub's runner takes commands again.
        with _refusing(gate.sanitiser.text):
            try:
                gate.begin(list(collected.checks.values()), misuses, versions)
            except SmokedeployError:
                gate.end()
                raise
        self.tracker = CheckTracker(gate, collected.checks, collected.calls)

    def _disarm(self) -> list[Any]:
        """Write no report into an evidence folder; returns the reporters that were set aside."""
        plugins = self._config.pluginmanager
        modules = ("pytest_html.", "_pytest.junitxml")
        aside = [p for p in plugins.get_plugins() if type(p).__module__.startswith(modules)]
        for plugin in aside:
            plugins.unregister(plugin)
        with suppress(OSError):
            Path(self._config.option.htmlpath).parent.rmdir()
        return aside

    # -- end -------------------------------------------------------------------------------

    @contextmanager
    def finishing(self, session: pytest.Session, status: int) -> Iterator[None]:
        """Around every other plug-in's end of the session: decide before, set the exit status after."""
        if self.gate is None:
            yield
            return
        self.gate.settle(status)
        try:
            yield
        except (SystemExit, pytest.exit.Exception) as left:
            # Somebody else's end of the session must not replace the gate's exit status.
            name = "code" if isinstance(left, SystemExit) else "returncode"
            setattr(left, name, self.gate.end() or getattr(left, name))
            raise
        finally:
            # Somebody else's failure after the verdict counts too (FLR-1): pytest's --max-warnings.
            session.exitstatus = self.gate.end() or session.exitstatus

    def summary(self) -> str:
        """The report's part above pytest-html's table, as HTML; "" without a verdict."""
        document = self.gate and self.gate.document
        return f"<style>{html.CSS}</style>{html.summary(document)}" if document else ""

    def show_verdict(self, reporter: Any) -> None:  # noqa: ANN401 - pytest's terminal reporter, no public type
        """The verdict in a few lines of the terminal, once."""
        if self.gate and self.gate.document and not self._shown:
            self._shown = True
            reporter.section("smoke deploy")
            for line in lines(self.gate.document):
                reporter.write_line(line)

    def end(self) -> None:
        """Decide unless decided, release everything, and show the verdict; safe to call twice."""
        while self._aside:
            # Each reporter unregisters itself at the end, and must be there to be unregistered.
            self._config.pluginmanager.register(self._aside.pop(0))
        if self.gate is not None:
            # A signal can cut the session's end short before it was decided; the stop is owed all the same.
            self.gate.end()
            if reporter := self._config.pluginmanager.getplugin("terminalreporter"):
                # Somebody's hook can cut the summary off; the verdict is shown all the same.
                self.show_verdict(reporter)

    def last_word(self) -> None:
        """Write the evidence and set the exit status, after every hook, also if this plug-in was unloaded."""
        self.end()
        if self.gate is None:
            # A dispatched run in which no gate began fails (FLR-1).
            session = self._config.pluginmanager.getplugin("session")
            unended = self._armed and session is not None and not session.exitstatus
            if unended and compatibility.dispatched(self._config):
                session.exitstatus = 1
                sys.stderr.write(f"smoke deploy: {compatibility.no_stage()}\n")
            return
        status, left = self.gate.finish(), sys.exception()
        if isinstance(left, SystemExit):
            left.code = status or left.code
        if self._session is not None:
            self._session.exitstatus = status or self._session.exitstatus
        if self._token:
            terminal.show(self._config, github.resume(self._token))
            if self.gate.document:
                terminal.show(self._config, github.annotation(self.gate.document))


@contextmanager
def _refusing(mask: Callable[[str], str] = str) -> Iterator[None]:
    """Make an error of the gate's pytest's own: one line, and exit status 4."""
    try:
        yield
    except SmokedeployError as error:
        name = f"{error.clause}: " if error.clause else ""
        raise pytest.UsageError(one_line(mask(f"smoke deploy REFUSED: {name}{error}"))) from error


def _reported(config: pytest.Config) -> list[Path]:
    """The files that pytest-html, JUnit, logging and cache write; none of one that is not loaded."""
    named = [getattr(config.option, name, None) for name in ("htmlpath", "xmlpath", "log_file")]
    named.append(compatibility.ini(config, "log_file"))
    if cache := compatibility.ini(config, "cache_dir"):
        folder = Path(config.rootpath, os.path.expandvars(cache)) / "v" / "cache"
        named += [str(folder / name) for name in ("nodeids", "lastfailed", "stepwise")]
    return [Path(os.path.expandvars(name)).expanduser().absolute() for name in named if name]


def _clear_metadata(config: pytest.Config) -> None:
    """pytest-html's environment table escapes nothing; what it would show stands in the evidence."""
    with suppress(ImportError, KeyError):
        from pytest_metadata.plugin import metadata_key  # noqa: PLC0415 - a companion, not a dependency

        config.stash[metadata_key].clear()
