"""One run of the gate from collection to evidence; what the plug-in's hooks delegate to.

It knows no pytest: the plug-in tells it what was collected and what became of each check.
"""

from __future__ import annotations

import logging
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_smokedeploy import __version__
from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.evidence import Journal, build, fault, prepare, utc_now, write_folder
from pytest_smokedeploy.judging import (
    OWN_WORDS,
    Check,
    CheckOutcome,
    Decision,
    Record,
    blocked,
    decide,
    earned,
)
from pytest_smokedeploy.lifecycle import FactRecorder, Lifecycle
from pytest_smokedeploy.lifecycle.signals import Signals
from pytest_smokedeploy.model import EXIT_FAILED
from pytest_smokedeploy.preconditions import Preconditions, workflow_file
from pytest_smokedeploy.run.artifacts import Artifacts
from pytest_smokedeploy.settings import Options, RunConfig, differences, load, resolve
from pytest_smokedeploy.settings.resolve import check_plane, refuse_in_workflow
from pytest_smokedeploy.support.errors import MisuseError, SmokedeployError
from pytest_smokedeploy.support.redaction import Sanitiser, Secret

if TYPE_CHECKING:
    from pytest_smokedeploy.rehearsal import Stack

_SECRET_NAMES = (
    "DEPLOY_ENDPOINT",
    "CF_ACCESS_CLIENT_ID",
    "CF_ACCESS_CLIENT_SECRET",
    "GITHUB_TOKEN",
    "DATABASE_URL",
)
#: Loggers of the HTTP library, whatever level somebody wants the others at.
_LOQUACIOUS = ("httpx", "httpcore")
#: Makes the rehearsal's world: (folder for its files, options) -> a stack not yet started.
StackMaker = Callable[[Path, Options], "Stack"]


class GateSession:
    """Holds what one run of the gate needs, and ends it whatever happens.

    Args:
        options: what the command line and the environment ask for.
        environ: the environment.
        announce: shows one line to whoever watches.
        make_stack: makes the world of a rehearsal.
        reported: files that other plug-ins write of this run, in the evidence or elsewhere.

    """

    run: RunConfig
    preconditions: Preconditions
    lifecycle: Lifecycle
    client: AgentClient | None

    def __init__(
        self,
        options: Options,
        environ: Mapping[str, str],
        announce: Callable[[str], None],
        make_stack: StackMaker,
        reported: Sequence[Path] = (),
    ) -> None:
        self.options = options
        self.evidence = options.evidence.absolute()
        self.client = None
        self.decision: Decision | None = None
        self.document: dict[str, Any] | None = None
        # An endpoint's host may be shown; whatever else the environment calls a secret may not.
        self.sanitiser = Sanitiser()
        self._common = ""
        self._hide(
            {n: Secret(environ[n]) for n in _SECRET_NAMES if n != "DEPLOY_ENDPOINT" and environ.get(n)}
        )
        prepare(self.evidence)
        self.journal = Journal(self.evidence / "journal.jsonl", self.sanitiser)
        self.facts = FactRecorder(Record(rehearsal=options.rehearse), self.journal, self._shown(announce))
        self.signals = Signals(self.facts.interrupt)
        self._environ = environ
        self._levels: dict[str, int] = {}
        summary = environ.get("GITHUB_STEP_SUMMARY")
        self._artifacts = Artifacts(
            self.evidence, self.sanitiser, reported, Path(summary) if summary else None
        )
        self._make_stack = make_stack
        self._stack: Stack | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def _hide(self, secrets: Mapping[str, Secret]) -> None:
        """Mask `secrets` from now on; one that is a word of the gate's own is refused instead."""
        for name, secret in secrets.items():
            if any(Sanitiser([secret]).text(word) != word for word in OWN_WORDS):
                self._common = self._common or name
            else:
                self.sanitiser.add(secret)

    def _shown(self, announce: Callable[[str], None]) -> Callable[[str], None]:
        return lambda line: announce(self.sanitiser.text(line))

    # -- begin -----------------------------------------------------------------------------

    def begin(
        self, checks: Sequence[Check], misuses: Sequence[MisuseError], versions: Mapping[str, str]
    ) -> None:
        """Open the run.

        Raises:
            MisuseError: the run cannot be a gate; the evidence says so already.

        """
        self.signals.install()
        # At level DEBUG they tell every header of an answer, the Access cookie too, past any sanitiser.
        for name in _LOQUACIOUS:
            self._levels[name] = logging.getLogger(name).level
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            if misuses:
                raise misuses[0]
            self._resolve()
            self._started(versions)
            workflow = workflow_file.read(self.run.workflow_file)
            if faults := workflow_file.misuses(workflow, self.run):
                raise faults[0]
            self.facts.expect(checks)
            if self.run.endpoint:
                self.client = AgentClient(
                    self.run.endpoint,
                    self.run.client_id,
                    self.run.client_secret,
                    request_seconds=self.run.settings.deadlines.request_seconds,
                )
        except SmokedeployError as error:
            self.facts.misuse(str(error), error.clause)
            raise (
                error if isinstance(error, MisuseError) else MisuseError(str(error), clause=error.clause)
            ) from error
        self.preconditions = Preconditions(self.run, self.client, workflow)
        self.lifecycle = Lifecycle(
            self.run,
            self.client,
            self.facts,
            mask=self.sanitiser.text,
            shield=self.signals.shield,
            asked=lambda: self.preconditions.status_asked,
        )
        # Whoever ends this process without a word leaves INCOMPLETE behind, never yesterday's PASS.
        write_folder(self.evidence, self.journal.events)

    def _resolve(self) -> None:
        options, environ = self.options, self._environ
        if options.rehearse:
            refuse_in_workflow(options, environ)
            check_plane(load(options.settings_file()), options.settings_file())
            self._folder = tempfile.TemporaryDirectory(prefix="smokedeploy-")
            self._stack = self._make_stack(Path(self._folder.name), options)
            self._stack.start()
            environ = {**self._stack.environ}
            options = replace(
                options,
                environment=options.environment or environ["SMOKEDEPLOY_ENVIRONMENT"],
                image_tag=options.image_tag or self._stack.image_tag,
                image_repository=self._stack.image_repository,
                phase_folder=self._stack.phase_folder,
            )
        self.run = resolve(options, environ)
        self._hide(self.run.named_secrets())
        if self._common:
            words = f"{self._common} is a word that the evidence itself is written in, or a part of one."
            raise MisuseError(
                words, clause="PRE-4", remedy="Set a long one made at random: this can't be masked."
            )

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
            engine=run.engine,
        )

    # -- checks ----------------------------------------------------------------------------

    def blocked(self, check: Check) -> str | None:
        """Why a check must not run now, or None."""
        return blocked(self.facts.record, check)

    def words(self, check: Check, error: BaseException) -> tuple[str, str | None]:
        """What to say of a failed check, and the clause its error names, if any."""
        if isinstance(error, SmokedeployError):
            return self.sanitiser.text(str(error)), error.clause
        for clause in check.clauses:
            finding = self.facts.record.found(clause)
            if finding is not None and not finding:
                return self.sanitiser.text(str(finding)), None
        # A bare number says nothing of who left.
        said = repr(error) if isinstance(error, SystemExit) else str(error).strip() or repr(error)
        first = said.splitlines()[0]
        return self.sanitiser.text(first[:500]), None

    def finished(
        self, check: Check, outcome: CheckOutcome, words: str, clause: str | None, started_at: str
    ) -> None:
        """Take a check's end."""
        self.facts.result(check.id, outcome, words, clause, started_at=started_at, finished_at=utc_now())

    # -- end -------------------------------------------------------------------------------

    def settle(self, status: int = 0) -> Decision:
        """Stop what is still owed a stop, tell the agent of a pass, and decide; safe to call twice.

        Args:
            status: how the runner itself ends, 0 where nothing failed: a file that can't be collected or
                an error inside a hook is no check's failure, and fails the run all the same (FLR-1).

        """
        self.signals.finish()
        if hasattr(self, "lifecycle"):
            self.lifecycle.stop("the run ended without its shutdown")
        if self.decision is None:
            self.facts.seal()
            if self.journal.broken:
                self.facts.spoil(f"the journal could not be written ({self.journal.broken}).")
            elif earned(self.facts.record) and not self.journal.kept():
                self.facts.spoil(
                    "the journal on the disk is not what was written: somebody took or changed it."
                )
            elif earned(self.facts.record) and (why := fault(self.evidence / "startup.log")):
                self.facts.spoil(why)
            if status and earned(self.facts.record):
                self.facts.spoil(f"something beside the checks failed: the runner ends with status {status}.")
            if hasattr(self, "lifecycle"):
                self.lifecycle.release()
            self.decision = decide(self.facts.record)
            self.facts.note(
                "run.finished",
                verdict=self.decision.verdict,
                clause=self.decision.clause,
                reason=self.decision.reason,
                exit_status=self.decision.exit_status,
            )
            self.document = build(self.journal.events, {})
        return self.decision

    def finish(self) -> int:
        """Write the evidence, take the rehearsal down; returns the exit status. Safe to call twice."""
        decision = self.settle()
        self.journal.close()
        try:
            self._artifacts.redact_files()
            written = self._artifacts.write(self.journal.events, decision)
            if written.decision is not decision:
                decision = self.decision = written.decision
                self.document = written.document
                self.facts.announce(f"{decision.verdict}  {decision.reason} Whatever stands above.")
            self._artifacts.summarise(written.document)
        except OSError as error:
            # No evidence, no gate: whatever was decided, nobody can see it.
            self.facts.announce(f"the evidence could not be written: {error.strerror or error}")
            return EXIT_FAILED
        finally:
            self.close()
        return decision.exit_status or (EXIT_FAILED if self.journal.broken else 0)

    def close(self) -> None:
        """Let go of everything; safe to call twice."""
        if hasattr(self, "lifecycle"):
            self.lifecycle.close()
        if self.client is not None:
            self.client.close()
        if self._stack is not None:
            self._stack.stop()
            self._stack = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        self.journal.close()
        self.signals.restore()
        while self._levels:
            name, level = self._levels.popitem()
            logging.getLogger(name).setLevel(level)
