"""The clauses of the stage preconditions, a method each, which returns a finding and never raises."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, Literal

from pytest_smokedeploy import contract
from pytest_smokedeploy.client import AgentClient, Reading, hold
from pytest_smokedeploy.contract import Extension
from pytest_smokedeploy.model import REMEDIES, Basis, Finding
from pytest_smokedeploy.preconditions import database, inputs, last_deploy, ledger, previous, workflow_file
from pytest_smokedeploy.preconditions.github import ask, quoted
from pytest_smokedeploy.preconditions.hindrances import hindrances
from pytest_smokedeploy.preconditions.workflow_file import WorkflowFile
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.settings.model import DEPLOY_WORKFLOW
from pytest_smokedeploy.support.errors import AgentError, AgentRefusedError

_PLACEHOLDER: Final = re.compile(
    r"<.*>|\$\{.*\}|x{3,}|\*{3,}|\.{3}|(?:change|replace)[-_ ]?me|todo|tbd|none|null|undefined|"
    r"placeholder|your[-_].*|example|secret|password|dummy",
    re.IGNORECASE,
)
#: Each path by itself: an Access application may stand before a part of a host alone.
_GUARDED: Final = (contract.HEALTH, contract.STATUS, contract.DEPLOY, contract.STOP)
#: What the preflight must show, and what it means that it does not.
_CAN_DEPLOY: Final = "an agent that can deploy what the settings ask for"
_WONT: Final = "A deploy would not give what this run asks for."
_LOOK: Final = "Look at the agent's log on the server."


class Preconditions:
    """The hard preconditions of one run; a method returns the finding of one clause.

    Args:
        run: the run's settings.
        client: the agent, or None where the endpoint is not set.
        workflow: the deploy workflow's file as it was read when the run began, None to read it here.
        told: takes the agent's status when it was asked, or why it could not be.

    """

    def __init__(
        self,
        run: RunConfig,
        client: AgentClient | None,
        workflow: WorkflowFile | None = None,
        told: Callable[[Reading | AgentError], None] = lambda _answer: None,
    ) -> None:
        self.run = run
        self._client = client
        self._workflow = workflow or workflow_file.read(run.workflow_file)
        self._asked: dict[str, Reading | AgentError] = {}
        self._told = told

    # -- target ----------------------------------------------------------------------------

    def agent_environment(self) -> Finding:
        """TGT-1: the agent reports the environment dev, in every answer that names one."""
        expected = f"environment {self.run.environment!r} by the agent's own word"
        if isinstance(reading := self._ask("health", "TGT-1", expected), Finding):
            return reading
        said = {"/health": reading.raw.get("environment"), **self._said("environment", "TGT-1", expected)}
        for place, word in said.items():
            if word != self.run.environment:
                seen = f"at {place} it says {'nothing' if word is None else repr(word)}"
                return Finding("TGT-1", False, expected, seen)
        return Finding("TGT-1", True, expected, f"the agent says {self.run.environment!r}", Basis.TOLD)

    def execution_plane(self) -> Finding:
        """TGT-2: paper by the agent's word, where it reports one; a run's settings say it in any case."""
        expected = "execution plane 'paper' in the settings and by the agent's word"
        if isinstance(status := self._ask("status", "TGT-2", expected), Finding):
            return status
        said = self._said("execution_plane", "TGT-2", expected)
        for place, word in said.items():
            if word != "paper":
                return Finding("TGT-2", False, expected, f"at {place} the agent says {word!r}", Basis.TOLD)
        told = "and so does the agent" if said else "the agent's contract tells no plane"
        return Finding("TGT-2", True, expected, f"the settings say paper; {told}", Basis.TOLD)

    def _said(self, name: str, clause: str, expected: str) -> dict[str, object]:
        """A field as status and preflight report it, where they do."""
        found = {contract.STATUS: self._ask("status", clause, expected)}
        if Extension.PREFLIGHT in _extensions(found[contract.STATUS]):
            found[contract.PREFLIGHT] = self._ask("preflight", clause, expected)
        told = {path: one.raw.get(name) for path, one in found.items() if isinstance(one, Reading)}
        return {path: word for path, word in told.items() if word is not None}

    # -- trigger ---------------------------------------------------------------------------

    def started_by_hand(self) -> Finding:
        """TRG-1: `workflow_dispatch` of the deploy workflow by a person, first attempt."""
        run, wanted = self.run.github, DEPLOY_WORKFLOW
        seen = f"{run.event_name or 'no event'} of {run.workflow_file or 'no workflow'}"
        seen += f" by {run.actor or 'nobody'}, attempt {run.run_attempt}"
        seen = seen if run.in_actions else "no GitHub Actions run at all"
        facts = (run.in_actions, run.event_name, run.workflow_file, run.run_attempt)
        # A workflow on a schedule may dispatch this one: GitHub then names a bot.
        person = bool(run.actor) and not run.actor.endswith("[bot]")
        holds = facts == (True, "workflow_dispatch", wanted, 1) and person
        expected = f"workflow_dispatch of {wanted} by a person, attempt 1"
        return Finding("TRG-1", holds, expected, seen)

    def inputs(self) -> Finding:
        """TRG-2: the workflow asks for dev and a tag; the tag is a commit's SHA here, or a version."""
        return inputs.finding(self.run, self._workflow)

    def no_automatic_trigger(self) -> Finding:
        """TRG-3."""
        return workflow_file.no_automatic_trigger(self._workflow, self.run.settings)

    # -- preconditions ---------------------------------------------------------------------

    def phase_steps(self) -> Finding:
        """PRE-1."""
        return ledger.steps_complete(self.run.ledger_file)

    def workflow_file(self) -> Finding:
        """PRE-2."""
        return workflow_file.finding(self._workflow, self.run)

    def github_environment(self) -> Finding:
        """PRE-3: the environment exists; its protection rules are reported, not judged."""
        name = self.run.environment
        expected = f"the GitHub Environment {name!r}"
        reply = ask(self.run, f"/environments/{quoted(name)}", "actions: read")
        if reply.fault:
            return reply.unmet("PRE-3", expected, "")
        if reply.data.get("name") != name:
            seen = f"GitHub tells of {reply.data.get('name')!r}"
            return Finding("PRE-3", False, expected, seen)
        kinds = ", ".join(str(row.get("type")) for row in reply.rows("protection_rules") or ())
        return Finding("PRE-3", True, expected, f"it exists, protection rules: {kinds or 'none'}")

    def secrets_set(self) -> Finding:
        """PRE-4: of the job's environment, present, no placeholder; and listed, where the token may list."""
        expected = f"{', '.join(self.run.secrets)} set"
        lacks = {name: _lack(secret.reveal()) for name, secret in self.run.secrets.items()}
        faults, witness = [f"{name} is {lack}" for name, lack in lacks.items() if lack], ""
        if not faults:
            faults, witness = self._listed()
        if faults:
            return Finding("PRE-4", False, expected, "; ".join(faults))
        return Finding("PRE-4", True, expected, f"{expected}; {witness}")

    def _listed(self) -> tuple[list[str], str]:
        """What the environment's list of secrets lacks, as faults, and what the list says, in words."""
        where = self.run.environment
        path = f"/environments/{quoted(where)}/secrets?per_page=100"
        reply = ask(self.run, path, "environments: read")
        if (rows := reply.rows("secrets")) is None:
            # GITHUB_TOKEN never may (FACTS): their presence in the job is the proof then.
            return [], f"seen in the job alone, the environment's list was not to be had ({reply.status})"
        there = {str(row.get("name")).upper() for row in rows}
        faults = [
            f"{name} is not among the secrets of the environment {where!r}"
            for name in self.run.secrets
            if name.upper() not in there
        ]
        return faults, f"and listed in the environment {where}"

    def database(self) -> Finding:
        """PRE-5, by the proof that the settings name."""
        files = database.in_checkout(self.run, self._workflow)
        if isinstance(files, Finding):
            return files
        settings = self.run.settings.database
        if settings.proof == "direct":
            return database.direct(self.run.database_url, settings.migrations_table, files)
        if isinstance(reading := self._ask("preflight", "PRE-5", "the agent's preflight"), Finding):
            remedy = "An agent without the extension `preflight` needs database.proof: direct or attested."
            none = isinstance(self._asked.get("preflight"), AgentRefusedError)
            return replace(reading, remedy=remedy) if none else reading
        return database.told(reading.raw.get("database"), files)

    def agent_reachable(self) -> Finding:
        """PRE-6: Access refuses an anonymous call, the token is let in, both through the edge.

        An agent that could not deploy what the settings ask for, by its own preflight, can't be used either.
        """
        expected = "an anonymous call refused by Access, and one with the token answered through the tunnel"
        unmet = partial(Finding, "PRE-6", False, expected)
        if self._client is None:
            return _no_endpoint("PRE-6", expected)
        for path in _GUARDED:
            try:
                probe = self._client.anonymous(path)
            except AgentError as error:
                return unmet(f"anonymous call: {error.message}", remedy=error.remedy or _LOOK)
            if not probe.guarded:
                remedy = "Put an Access application with a Service Auth policy before the whole of the agent."
                return unmet(f"GET {path}: {probe.words}", remedy=remedy)
        if isinstance(reading := self._ask("health", "PRE-6", expected), Finding):
            return replace(reading, holds=False, basis=Basis.SEEN)
        if not (probe.ray and reading.ray):
            return unmet("an answer without cf-ray: not through the edge")
        if Extension.PREFLIGHT in _extensions(self._ask("status", "PRE-6", expected)):
            told = self._ask("preflight", "PRE-6", expected)
            raw = told.raw if isinstance(told, Reading) else {}
            if found := dict(hindrances(raw, self.run)):
                seen = f"the agent can't deploy this: {'; '.join(found)}"
                return Finding(
                    "PRE-6",
                    False,
                    _CAN_DEPLOY,
                    seen,
                    Basis.TOLD,
                    _WONT,
                    " ".join(dict.fromkeys(found.values())),
                )
        seen = f"anonymous: {probe.words}; with the token: HTTP {reading.status}, cf-ray {reading.ray}"
        return Finding("PRE-6", True, expected, seen)

    def inspected(self) -> Finding:
        """FLR-3: no hold, where agents know one, and the last smoke deploy passed or a person looked."""
        if isinstance(status := self._ask("status", "FLR-3", "no run waiting for a person"), Finding):
            return status
        if Extension.HOLD not in _extensions(status):
            return previous.finding(self.run)
        expected = "no hold on the agent"
        if "hold" not in status.raw:
            words = "the agent lists the extension `hold`, and its status tells none"
            return Finding("FLR-3", None, expected, words, None, remedy=_LOOK)
        if status.raw["hold"] is not None:
            words = hold.sentence(status.raw, self.run.client_id.reveal(), self.run.github.url_of)
            remedy = hold.release(status.raw, self.run.endpoint)
            return Finding("FLR-3", False, expected, words, remedy=remedy)
        if "last_deploy" in status.raw:
            found = last_deploy.finding(self.run, self._workflow, status.raw["last_deploy"])
        else:
            found = previous.finding(self.run)
        seen = f"the agent was not on hold when it was asked; {found.seen}"
        return replace(found, expected=f"{expected}, and {found.expected}", seen=seen)

    @property
    def status_asked(self) -> Mapping[str, object] | None:
        """The status that the preconditions rest on; None where it was not asked or did not come."""
        asked = self._asked.get("status")
        return asked.raw if isinstance(asked, Reading) else None

    # -- inside ----------------------------------------------------------------------------

    def _ask(
        self, name: Literal["health", "status", "preflight"], clause: str, expected: str
    ) -> Reading | Finding:
        """One answer of the agent, asked once a run; where there is none, why, as a finding."""
        if self._client is None:
            return _no_endpoint(clause, expected)
        if name not in self._asked:
            try:
                self._asked[name] = getattr(self._client, name)()
            except AgentError as error:
                self._asked[name] = error
            if name == "status":
                self._told(self._asked[name])
        if isinstance(asked := self._asked[name], Reading):
            return asked
        seen = f"the agent could not be asked: {asked.message}"
        return Finding(clause, None, expected, seen, None, remedy=asked.remedy or _LOOK)


def _no_endpoint(clause: str, expected: str) -> Finding:
    return Finding(clause, None, expected, "DEPLOY_ENDPOINT is not set", None, remedy=REMEDIES["PRE-4"])


def _lack(value: str) -> str:
    """Why `value` is no secret, or ""."""
    if not value.strip():
        return "blank" if value else "missing or empty"
    return "a placeholder" if _PLACEHOLDER.fullmatch(value.strip()) else ""


def _extensions(status: Reading | Finding) -> frozenset[str]:
    said = status.raw.get("extensions") if isinstance(status, Reading) else None
    return frozenset(str(name) for name in said) if isinstance(said, list) else frozenset()
