"""One run of the gate from collection to evidence, without pytest."""

import json
import logging
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_smokedeploy import __version__
from pytest_smokedeploy.client import AgentClient, Reading, hold
from pytest_smokedeploy.evidence import (
    Journal,
    build,
    draft_folder,
    fault,
    prepare,
    take,
    tidy,
    torn,
    usable,
    write_folder,
    write_folder_somehow,
)
from pytest_smokedeploy.judging import OWN_WORDS, Check, Decision, Record, decide, earned
from pytest_smokedeploy.lifecycle import FactRecorder, Lifecycle
from pytest_smokedeploy.lifecycle.signals import Signals
from pytest_smokedeploy.model import EXIT_FAILED, EXIT_OK, Verdict
from pytest_smokedeploy.preconditions import Preconditions, workflow_file
from pytest_smokedeploy.run import artifacts
from pytest_smokedeploy.settings import Options, RunConfig, differences, load, resolve
from pytest_smokedeploy.settings.resolve import refuse_in_workflow
from pytest_smokedeploy.support.disk import ROOM
from pytest_smokedeploy.support.errors import AgentError, MisuseError, SmokedeployError
from pytest_smokedeploy.support.redaction import Sanitiser, Secret, printable

if TYPE_CHECKING:
    from pytest_smokedeploy.rehearsal import Stack

#: Variables that hold a secret whatever the settings say. An endpoint's host may be shown.
_SECRET_NAMES = ("CF_ACCESS_CLIENT_ID", "CF_ACCESS_CLIENT_SECRET", "GITHUB_TOKEN", "DATABASE_URL")
#: Why an agent stays on hold though everything holds, and what the operator does.
_NOT_TOLD = f"the outcome was not told. {ROOM}"
#: Loggers of the HTTP library, whatever level somebody wants the others at.
_HTTP_LOGGERS = ("httpx", "httpcore")
#: Makes the rehearsal's world: (folder for its files, options) -> a stack not yet started.
StackMaker = Callable[[Path, Options], "Stack"]


@dataclass(eq=False, repr=False)
class GateSession:
    """One run of the gate: opened by `begin`, stopped by `settle`, told and written by `finish`.

    Args:
        options: what the command line and the environment ask for.
        environ: the environment.
        announce: shows one line to whoever watches.
        progress: shows how far something is, in the place of what it showed before; "" ends that.
        make_stack: makes the world of a rehearsal.
        report: the HTML report.
        reported: files that other plug-ins write of this run, in the evidence or elsewhere.

    """

    options: Options
    environ: Mapping[str, str]
    announce: Callable[[str], None]
    progress: Callable[[str], None]
    make_stack: StackMaker
    report: Path
    reported: Sequence[Path] = ()
    run: RunConfig = field(init=False)
    preconditions: Preconditions = field(init=False)
    lifecycle: Lifecycle = field(init=False)
    client: AgentClient | None = field(init=False, default=None)
    decision: Decision | None = field(init=False, default=None)
    document: dict[str, Any] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.evidence = self.options.evidence.absolute()
        self.sanitiser = Sanitiser()
        self._common = ""
        self._hide({name: Secret(self.environ[name]) for name in _SECRET_NAMES if self.environ.get(name)})
        prepare(self.evidence)
        with usable(self.evidence):
            self.journal = Journal(self.evidence / "journal.jsonl", self.sanitiser)
        record = Record(rehearsal=self.options.rehearse)
        self.facts = FactRecorder(
            record, self.journal, self._shows(self.announce), self._shows(self.progress)
        )
        self.signals = Signals(self.facts.interrupt)
        self._exit = ExitStack()
        self._ended: int | None = None
        self._told = False

    def _shows(self, show: Callable[[str], None]) -> Callable[[str], None]:
        """`show` for a line of the runtime's words: masked, and without control of a terminal."""
        return lambda line: show(printable(self.sanitiser.text(line)))

    def _hide(self, secrets: Mapping[str, Secret]) -> None:
        """Mask `secrets` from now on; one that the evidence's own words hold is noted, to be refused."""
        for name, secret in secrets.items():
            alone = Sanitiser([secret])
            if any(alone.text(word) != word for word in OWN_WORDS):
                self._common = self._common or name
            else:
                self.sanitiser.add(secret)

    # -- begin -----------------------------------------------------------------------------

    def begin(
        self,
        checks: list[Check],
        misuses: list[MisuseError],
        unfit: list[MisuseError],
        versions: Mapping[str, str],
    ) -> None:
        """Open the run.

        Args:
            checks: the collected checks.
            misuses: what of pytest's options and plug-ins makes this run no gate.
            unfit: what of the checks does; a live run is told of a wrong setting before it.
            versions: of the plug-ins.

        Raises:
            SmokedeployError: the run cannot be a gate; the evidence says so already.

        """
        self.signals.install()
        self._exit.callback(self.signals.restore)
        # At level DEBUG they write every header of an answer, the Access cookie too, past any sanitiser.
        for logger in map(logging.getLogger, _HTTP_LOGGERS):
            self._exit.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.WARNING)
        try:
            for misuse in [*misuses, *(unfit if self.options.rehearse else [])]:
                raise misuse
            self._resolve()
            self._started(versions)
            for misuse in unfit:
                raise misuse
            workflow = workflow_file.read(self.run.workflow_file)
            if faults := workflow_file.misuses(workflow, self.run):
                raise faults[0]
            self.facts.note("checks.collected", checks=[asdict(check) for check in checks])
            if (run := self.run).endpoint:
                seconds = run.settings.deadlines.request_seconds
                client = AgentClient(run.endpoint, run.client_id, run.client_secret, request_seconds=seconds)
                self.client = self._exit.enter_context(client)
            self._lay()
        except SmokedeployError as error:
            how = {"clause": error.clause, "remedy": error.remedy, "rehearsal": self.options.rehearse}
            self.facts.note("misuse", message=str(error), **how)
            raise
        self.preconditions = Preconditions(self.run, self.client, workflow, self._status_asked)
        mask, shield, asks = self.sanitiser.text, self.signals.shield, self.preconditions
        self.lifecycle = Lifecycle(self.run, self.client, self.facts, mask, shield, lambda: asks.status_asked)
        self._exit.callback(self.lifecycle.close)

    def _status_asked(self, answer: Reading | AgentError) -> None:
        """Record the status that the preconditions rest on, or that there was none, when it was asked."""
        why = "GET /v1/status for the preconditions"
        if isinstance(answer, Reading):
            self.facts.status(why, answer.raw, answer.problems)
        else:
            self.facts.note("status.unread", why=why, words=str(answer))

    def _lay(self) -> None:
        """Write the evidence of a run that is killed: INCOMPLETE, and never an older run's PASS.

        Raises:
            EvidenceError: the folder can't be written.

        """
        with usable(self.evidence):
            if why := self.journal.broken:
                raise OSError(why)
            write_folder(self.evidence, self.journal.events)

    def _resolve(self) -> None:
        options, environ = self.options, self.environ
        if options.rehearse:
            refuse_in_workflow(options, environ)
            load(options.settings_file())
            folder = self._exit.enter_context(tempfile.TemporaryDirectory(prefix="smokedeploy-"))
            stack = self.make_stack(Path(folder), options)
            environ = self._exit.enter_context(stack).environ
            options = replace(
                options,
                environment=options.environment or environ["SMOKEDEPLOY_ENVIRONMENT"],
                image_tag=options.image_tag or stack.image_tag,
                image_repository=stack.image_repository,
                phase_folder=stack.phase_folder,
            )
        self.run = resolve(options, environ)
        self._hide(self.run.named_secrets())
        own, run_url = self.run.client_id.reveal(), self.run.github.url_of
        self.facts.hold = partial(hold.words, own=own, run_url=run_url, endpoint=self.run.endpoint)
        if self._common:
            words = f"{self._common} is a word that the evidence itself is written in, or a part of one."
            remedy = "Set a long one made at random: this can't be masked."
            raise MisuseError(words, clause="PRE-4", remedy=remedy)

    def _started(self, versions: Mapping[str, str]) -> None:
        run, github = self.run, self.run.github
        self.facts.note(
            "run.started",
            rehearsal=run.rehearsal,
            environment=run.environment,
            execution_plane=run.settings.runtime.environment.get("EXECUTION_PLANE", ""),
            image={"requested": run.image, "repository": run.image_repository, "tag": run.image_tag},
            endpoint_host=run.endpoint_host,
            agent={"container_name": run.settings.agent.container_name},
            settings=differences(run.settings),
            run={
                "repository": github.repository,
                "workflow_ref": github.workflow_ref,
                "run_id": github.run_id,
                "attempt": github.run_attempt,
                "actor": github.actor,
                "commit": github.sha,
                "event": github.event_name,
                "url": github.run_url,
            },
            versions={"smokedeploy": __version__, "python": platform.python_version(), **versions},
            engine=self.options.engine if run.rehearsal else "",
        )

    # -- end -------------------------------------------------------------------------------

    def settle(self, status: int = 0) -> None:
        """Stop what is still owed a stop, and decide as far as it can be before the outcome is told.

        Safe to call again.

        Args:
            status: how the runner itself ends, 0 where nothing failed: a file that can't be collected or
                an error inside a hook is no check's failure, and fails the run all the same (FLR-1).

        """
        self.signals.finish()
        if (lifecycle := getattr(self, "lifecycle", None)) is not None:
            lifecycle.stop("the run ended without its shutdown")
        if why := self._fault(status):
            self.facts.note("run.spoiled", words=why)
        self._decide()

    def finish(self, status: int = 0) -> int:
        """Settle, tell the outcome, and write the evidence: once, after every other plug-in (DESIGN 5).

        Args:
            status: as in `settle`.

        Returns:
            The exit status that the verdict asks for.

        """
        if self._ended is None:
            self.settle(status)
            # From here on a signal changes nothing: what is drafted is what is told.
            self.facts.sealed = True
            self._ended = EXIT_FAILED
            try:
                self._ended = self._conclude()
            finally:
                self.journal.close()
                self._exit.close()
            if self.document:
                artifacts.summarise(self.environ, self.evidence, self.document)
        return self._ended

    def _conclude(self) -> int:
        verdict, why = earned(self.facts.record), ""
        try:
            artifacts.redact_files(self.reported, self.sanitiser)
            if verdict and not (why := self._passed(verdict)):
                return EXIT_OK
        except OSError as error:
            why = f"the evidence could not be written ({error.strerror or error}): {_NOT_TOLD}"
        self.journal.resume()
        if earned(self.facts.record):
            remedy = ROOM if why.endswith(ROOM) else ""
            self.facts.note("outcome.failed", words=why, told=self._told, remedy=remedy)
        self.facts.note("run.finished", verdict=decide(self.facts.record).verdict)
        self._decide()
        try:
            self.document = write_folder_somehow(self.evidence, self.journal.events, self._pages)
        except OSError as error:
            # No evidence, no gate. A run that is refused has said so in its one line.
            if not self.facts.record.refusal:
                self.facts.announce(f"the evidence could not be written: {error.strerror or error}")
        return self.decision.exit_status if self.decision else EXIT_FAILED

    def _passed(self, verdict: Verdict) -> str:
        """Draft what a pass leaves, tell the outcome, put the drafts in place (DESIGN 6); or why not.

        Raises:
            OSError: something can't be written, and nothing was told.

        """
        if why := self.journal.broken:
            return f"the journal could not be written ({why}): {_NOT_TOLD}"
        holds = self.lifecycle.holds
        last = self.journal.reserve("run.finished", verdict=verdict, outcome_known=holds or None)
        events = self.journal.events
        write_folder(self.evidence, events, self._pages)
        if why := torn(self.evidence):
            self.journal.resume()
            self.facts.note("run.spoiled", words=f"the evidence folder is not whole: {why}")
            return why
        # The drafts may need the room that was kept: what stands says INCOMPLETE, and why.
        tidy(self.evidence)
        finished = json.loads(last)
        drafts = draft_folder(self.evidence, [*events, finished], self._pages, last)
        self._told = holds
        if holds and (why := self.lifecycle.tell_outcome()):
            return why
        try:
            self.journal.fill()
            drafts.place()
        except OSError as error:
            told = "the agent knows that the run passed, and " if holds else ""
            return f"{told}the evidence of a pass could not be put in place ({error.strerror or error})"
        if holds:
            self.facts.announce("hold: released, the agent knows that the run passed")
        take(self.facts.record, finished)
        self.decision, self.document = decide(self.facts.record), drafts.document
        return ""

    def _pages(self, document: Mapping[str, Any]) -> Mapping[Path, str]:
        return artifacts.report(self.report, self.evidence, document)

    def _fault(self, status: int) -> str:
        """What beside the facts keeps this run from a pass, or ""."""
        if self.journal.broken or not earned(self.facts.record):
            return ""
        if not self.journal.kept():
            return "the journal on the disk is not what was written: somebody took or changed it."
        if why := fault(self.evidence / "startup.log"):
            return why
        return f"something beside the checks failed: the runner ends with status {status}." if status else ""

    def _decide(self) -> None:
        self.decision = decide(self.facts.record)
        self.document = build(self.journal.events, {})
