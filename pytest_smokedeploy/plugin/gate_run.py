"""The gate's part of one pytest run, which the hooks delegate to; imported once a run is a gate's."""

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from pytest_smokedeploy.evidence import usable
from pytest_smokedeploy.model import EXIT_FAILED
from pytest_smokedeploy.plugin import collection, compatibility, own_checks, rehearsal_stack, terminal
from pytest_smokedeploy.plugin.check_tracker import CheckTracker
from pytest_smokedeploy.plugin.collection import Collection
from pytest_smokedeploy.reports import github
from pytest_smokedeploy.reports.terminal import lines
from pytest_smokedeploy.run.session import GateSession
from pytest_smokedeploy.support.errors import MisuseError, SmokedeployError
from pytest_smokedeploy.support.redaction import one_line

#: By which pytest itself ends a collection.
_OWN_ENDS = (pytest.UsageError, pytest.exit.Exception, pytest.Session.Failed)


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
        self._broken: list[MisuseError] = []
        self._session: pytest.Session | None = None
        self._armed = False
        self._failed = False
        self._before = self._between = 0
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

    def read(self, report: pytest.CollectReport) -> None:
        """Keep why a file's checks could not be collected."""
        if error := own_checks.broken(report):
            self._broken.append(error)

    def collect(self, items: list[pytest.Item]) -> None:
        """Read the checks off `items`, and order them as the model does."""
        there = self._config.pluginmanager.hasplugin("pytest_order")
        self._collection = collection.read(items, pytest.mark.order if there else None)

    def unfit(self, session: pytest.Session) -> list[MisuseError]:
        """What in pytest's settings and the collected checks makes them no gate; [] if nothing does."""
        collected = self._collection or Collection()
        found = [
            judge(self._config, session.items, collected.checks)
            for judge in (compatibility.unfit, own_checks.misuses)
        ]
        return [*self._unread(), *collected.misuses, *chain.from_iterable(found)]

    def _unread(self) -> list[MisuseError]:
        """Why checks could not be collected: files, or a hook that failed meanwhile."""
        error = sys.exception()
        if isinstance(error, _OWN_ENDS) or not isinstance(error, Exception):
            return self._broken
        return [*self._broken, own_checks.failed_hook(error)]

    def open(self, session: pytest.Session) -> None:
        """Begin the run once everything is collected; without a gate, write no report into its folder.

        Raises:
            pytest.UsageError: the run cannot be a gate; no request has left.

        """
        self._session = session
        if (self._collection or self._broken) and not compatibility.only_lists(self._config):
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
                terminal.Progress(config).show,
                partial(rehearsal_stack.made, hook),
                _report(config),
                _reported(config),
            )
        terminal.redact_output(config, gate.sanitiser.text)
        if environ.get("GITHUB_ACTIONS") == "true":
            self._token = secrets.token_hex(16)
            terminal.show(config, github.silence(self._token))
        misuses = [
            *self._unread(),
            *collected.misuses,
            *compatibility.misuses(config, items, collected.checks),
        ]
        unfit = list(own_checks.misuses(config, items, collected.checks))
        versions = {d.project_name: d.version for _, d in config.pluginmanager.list_plugin_distinfo()}
        # pytest tells it after everything else, when GitHub's runner takes commands again.
        with _refusing(gate.sanitiser.text):
            try:
                gate.begin(list(collected.checks.values()), misuses, unfit, versions)
            except SmokedeployError:
                gate.settle()
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
        """Around every other plug-in's end of the session: stop before it, fail until the outcome is told."""
        if self.gate is not None:
            self.gate.settle(status)
        try:
            yield
        except OSError as error:
            if not self._armed:
                raise
            # A report that can't be written, a terminal that is gone: its words, and no traceback.
            self._failed = True
            with suppress(OSError, ValueError):
                terminal.show(self._config, f"  pytest or a plug-in failed at the end: {error}")
        finally:
            if self.gate is not None:
                self._before = int(session.exitstatus)
                session.exitstatus = self._between = self._before or EXIT_FAILED

    def end(self) -> None:
        """Stop what is owed a stop; safe to call twice."""
        while self._aside:
            # Each reporter unregisters itself at the end, and must be there to be unregistered.
            self._config.pluginmanager.register(self._aside.pop(0))
        if self.gate is not None:
            # A signal can cut the session's end short; the stop is owed all the same.
            self.gate.settle()

    def _runner_status(self) -> int:
        """How the runner ends, as everything beside the gate leaves it; nonzero for a failure."""
        match sys.exception():
            case SystemExit(code=code) if code:
                return EXIT_FAILED
            case pytest.exit.Exception(returncode=code) if code:
                return int(code)
            case None | SystemExit() | pytest.exit.Exception():
                pass
            case _:
                return int(pytest.ExitCode.INTERNAL_ERROR)
        status = int(self._session.exitstatus) if self._session else 0
        # Somebody's failure after the checks counts too (FLR-1): pytest's --max-warnings.
        return (self._before if status == self._between else status) or (EXIT_FAILED if self._failed else 0)

    def last_word(self) -> None:
        """Tell, write the evidence, set the exit status: after every hook, also of an unloaded plug-in."""
        self.end()
        if self.gate is None:
            # A dispatched run in which no gate began fails (FLR-1).
            session = self._config.pluginmanager.getplugin("session")
            unended = self._armed and session is not None and not session.exitstatus
            if unended and compatibility.dispatched(self._config):
                session.exitstatus = 1
                sys.stderr.write(f"smoke deploy: {compatibility.no_stage()}\n")
            return
        left, runner = sys.exception(), self._runner_status()
        status = self.gate.finish(runner) or runner
        if isinstance(left, SystemExit):
            left.code = status or left.code
        if self._session is not None:
            self._session.exitstatus = status
        self._show(self.gate.document)

    def _show(self, document: dict[str, Any] | None) -> None:
        """Show the verdict; a reader who has left changes nothing of it."""
        shown = lines(document) if document else []
        if self._token:
            shown += [github.resume(self._token), *(github.annotations(document) if document else [])]
        try:
            terminal.section(self._config, "smoke deploy", shown)
        except (OSError, ValueError):
            terminal.discard(self._config)


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
    return [_expanded(name) for name in named if name]


def _report(config: pytest.Config) -> Path:
    """Where pytest-html writes its report; in the evidence folder where there is none."""
    default = compatibility.options_of(config).evidence / "report.html"
    return _expanded(getattr(config.option, "htmlpath", None) or str(default))


def _expanded(name: str) -> Path:
    return Path(os.path.expandvars(name)).expanduser().absolute()


def _clear_metadata(config: pytest.Config) -> None:
    """pytest-html's environment table escapes nothing; what it would show stands in the evidence."""
    with suppress(ImportError, KeyError):
        from pytest_metadata.plugin import metadata_key  # noqa: PLC0415 - a companion, not a dependency

        config.stash[metadata_key].clear()
