"""One method a clause of the stage preconditions; each returns a finding, whatever the world did."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_smokedeploy import contract
from pytest_smokedeploy.client import AgentClient, Reading
from pytest_smokedeploy.contract import Extension
from pytest_smokedeploy.errors import AgentError, SettingsError, SmokedeployError
from pytest_smokedeploy.image import TAG
from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.preconditions import database, ledger, workflow
from pytest_smokedeploy.preconditions.github import GitHub, Reply, quoted
from pytest_smokedeploy.settings import RunConfig

_SHA: Final = re.compile(r"[0-9a-f]{40}")
_VERSION: Final = re.compile(r"v?\d+\.\d+\.\d+(?:[-.][0-9A-Za-z.-]+)?")
_PLACEHOLDER: Final = re.compile(
    r"<.*>|\$\{.*\}|x{3,}|\*{3,}|\.{3}|change-?me|replace-?me|todo|tbd|none|null|undefined|placeholder|"
    r"your[-_].*|example|secret|password|dummy",
    re.IGNORECASE,
)
#: Each path by itself: an Access application may stand before a part of a host alone.
_GUARDED: Final = (contract.HEALTH, contract.STATUS, contract.DEPLOY, contract.STOP)
_NOT_ASKED: Final = "the agent could not be asked"


class Preconditions:
    """The hard preconditions of one run.

    Args:
        run: the run's settings.
        client: the agent, or None where the endpoint is not set.

    """

    def __init__(self, run: RunConfig, client: AgentClient | None) -> None:
        self.run = run
        self._client = client
        self._github = GitHub(run.github, rehearsal=run.rehearsal)
        self._asked: dict[str, Reading | AgentError] = {}

    # -- target ----------------------------------------------------------------------------

    def agent_environment(self) -> Finding:
        """TGT-1: the agent says itself that it is dev's."""
        expected = f"environment {self.run.environment!r} by the agent's own word"
        reading, why = self._ask("health", AgentClient.health)
        if reading is None:
            return Finding("TGT-1", None, expected, why, None)
        said = reading.raw.get("environment")
        holds = said == self.run.environment
        seen = f"the agent says {said!r}" if "environment" in reading.raw else "the agent says nothing"
        remedy = "" if holds else "Point DEPLOY_ENDPOINT at the agent of the environment dev."
        return Finding("TGT-1", holds, expected, seen, Basis.TOLD, remedy=remedy)

    def execution_plane(self) -> Finding:
        """TGT-2: paper, in the settings and by the agent's word where it tells one."""
        expected = "execution plane 'paper' in the settings and by the agent's word"
        planned = self.run.settings.runtime.environment.get("EXECUTION_PLANE")
        if planned != "paper":
            return Finding("TGT-2", False, expected, f"the settings say {planned!r}")
        status, why = self._ask("status", AgentClient.status)
        if status is None:
            return Finding("TGT-2", None, expected, why, None)
        said = self._preflight_first("execution_plane", status)
        if said is None:
            seen = "the settings say paper; the agent's contract tells no plane"
            return Finding("TGT-2", True, expected, seen, Basis.TOLD)
        holds = said == "paper"
        return Finding("TGT-2", holds, expected, f"settings paper, the agent says {said!r}", Basis.TOLD)

    def _preflight_first(self, name: str, status: Reading) -> object:
        """A field as the preflight tells it, or else the status."""
        if Extension.PREFLIGHT in _extensions(status):
            reading, _ = self._ask("preflight", AgentClient.preflight)
            if reading is not None and reading.raw.get(name) is not None:
                return reading.raw[name]
        return status.raw.get(name)

    # -- trigger ---------------------------------------------------------------------------

    def started_by_hand(self) -> Finding:
        """TRG-1: `workflow_dispatch` of the deploy workflow, first attempt."""
        github, wanted = self.run.github, self.run.settings.workflow.file
        expected = f"workflow_dispatch of {wanted}, attempt 1"
        remedy = "Start the deploy workflow anew by hand; a re-run is a retry."
        if not github.in_actions:
            return Finding("TRG-1", False, expected, "no GitHub Actions run at all", remedy=remedy)
        seen = f"{github.event_name or 'no event'} of {github.workflow_file or 'no workflow'}"
        seen += f", attempt {github.run_attempt}"
        facts = (github.event_name, github.workflow_file, github.run_attempt)
        holds = facts == ("workflow_dispatch", wanted, 1)
        return Finding("TRG-1", holds, expected, seen, remedy="" if holds else remedy)

    def inputs(self) -> Finding:
        """TRG-2: dev, and a commit's SHA that exists in the repository, or a version."""
        tag = self.run.image_tag
        expected = "an image tag that cannot move: a commit's SHA in the repository, or a version"
        remedy = "Dispatch with the commit's full SHA as image_tag."
        if not TAG.fullmatch(tag):
            return Finding("TRG-2", False, expected, f"image_tag {tag[:140]!r} is no tag", remedy=remedy)
        if _VERSION.fullmatch(tag):
            return Finding("TRG-2", True, expected, f"environment dev, version {tag}")
        if not _SHA.fullmatch(tag):
            return Finding("TRG-2", False, expected, f"image_tag {tag!r} can move", remedy=remedy)
        reply = self._github.get(f"/commits/{tag}", "contents: read")
        if reply.fault:
            return Finding("TRG-2", False, expected, f"commit {tag}: {reply.fault}", remedy=remedy)
        holds = reply.data.get("sha") == tag
        seen = f"environment dev, commit {tag} of {self.run.github.repository}"
        return Finding("TRG-2", holds, expected, seen if holds else f"GitHub knows another commit for {tag}")

    def no_automatic_trigger(self) -> Finding:
        """TRG-3."""
        return workflow.no_automatic_trigger(self.run.workflow_file, self.run.settings.workflow.file)

    # -- preconditions ---------------------------------------------------------------------

    def phase_steps(self) -> Finding:
        """PRE-1."""
        return ledger.steps_complete(self.run.ledger_file)

    def workflow_file(self) -> Finding:
        """PRE-2."""
        return workflow.exists(self.run.workflow_file, self.run.settings.workflow.file)

    def github_environment(self) -> Finding:
        """PRE-3: the environment exists; its protection rules are reported, not judged."""
        name = self.run.environment
        expected = f"the GitHub Environment {name!r}"
        reply = self._github.get(f"/environments/{quoted(name)}", "actions: read")
        if reply.fault:
            remedy = f"Create it, or let the workflow's token read it ({reply.status or 'no answer'})."
            return Finding("PRE-3", False, expected, reply.fault, remedy=remedy)
        if reply.data.get("name") != name:
            return Finding("PRE-3", False, expected, f"GitHub tells of {reply.data.get('name')!r}")
        rules = [str(r.get("type")) for r in reply.data.get("protection_rules") or [] if isinstance(r, dict)]
        return Finding("PRE-3", True, expected, f"it exists, protection rules: {', '.join(rules) or 'none'}")

    def secrets_set(self) -> Finding:
        """PRE-4: present, not blank, no placeholder; values are never shown."""
        names = list(self.run.secrets)
        expected = f"{', '.join(names)} set"
        faults = []
        for name, secret in self.run.secrets.items():
            value = secret.reveal()
            if not value.strip():
                faults.append(f"{name} is {'blank' if value else 'missing or empty'}")
            elif _PLACEHOLDER.fullmatch(value.strip()):
                faults.append(f"{name} is a placeholder")
        remedy = "Set it in the GitHub Environment, and pass it to the step through env." if faults else ""
        return Finding("PRE-4", not faults, expected, "; ".join(faults) or expected, remedy=remedy)

    def database(self) -> Finding:
        """PRE-5, by the proof that the settings name."""
        settings = self.run.settings.database
        if settings.proof == "attested":
            return ledger.attested(self.run.ledger_file, "database")
        try:
            want = database.wanted(self.run.folder / settings.migrations if settings.migrations else None)
        except SmokedeployError as error:
            return Finding("PRE-5", False, "the migrations' folder", str(error))
        if settings.proof == "direct":
            return database.direct(self.run.database_url, settings.table, want)
        reading, why = self._ask("preflight", AgentClient.preflight)
        if reading is None:
            return Finding("PRE-5", None, "the agent's preflight", why, None)
        return database.told(reading.raw.get("database"), want)

    def agent_reachable(self) -> Finding:
        """PRE-6: Access refuses an anonymous call, the token is let in, both through the edge."""
        expected = "an anonymous call refused by Access, and one with the token answered through the tunnel"
        if self._client is None:
            return Finding("PRE-6", None, expected, "DEPLOY_ENDPOINT is not set", None)
        for path in _GUARDED:
            try:
                probe = self._client.anonymous(path)
            except AgentError as error:
                return Finding("PRE-6", False, expected, f"anonymous call: {error}")
            if not probe.guarded:
                remedy = "Put an Access application with a Service Auth policy before the whole of the agent."
                return Finding("PRE-6", False, expected, f"GET {path}: {probe.words}", remedy=remedy)
        reading, why = self._ask("health", AgentClient.health)
        if reading is None:
            return Finding("PRE-6", False, expected, why)
        if not (probe.ray and reading.ray):
            remedy = "Let the agent be reached through the tunnel, and no other way."
            return Finding(
                "PRE-6", False, expected, "an answer without cf-ray: not through the edge", remedy=remedy
            )
        seen = f"anonymous: {probe.words}; with the token: HTTP {reading.status}, cf-ray {reading.ray}"
        return Finding("PRE-6", True, expected, seen)

    def inspected(self) -> Finding:
        """FLR-3: no hold; or, where agents know none, the previous run passed or was signed off."""
        status, why = self._ask("status", AgentClient.status)
        if status is None:
            return Finding("FLR-3", None, "no run waiting for a person", why, None)
        if Extension.HOLD in _extensions(status):
            hold = status.raw.get("hold")
            remedy = "Look into it, then release the hold with a person's identity." if hold else ""
            return Finding(
                "FLR-3", hold is None, "no hold on the agent", f"hold {hold!r}"[:400], remedy=remedy
            )
        return self._previous_run()

    def _previous_run(self) -> Finding:
        expected = "the previous run of the deploy workflow passed, or a person signed it off"
        file = self.run.settings.workflow.file.rpartition("/")[2]
        reply = self._github.get(f"/actions/workflows/{quoted(file)}/runs?per_page=20", "actions: read")
        if reply.fault:
            return Finding("FLR-3", False, expected, reply.fault)
        previous = _previous(reply, self.run.github.run_id)
        if previous is None:
            return Finding("FLR-3", True, expected, "there is no previous run")
        number, how = str(previous.get("id")), previous.get("conclusion") or previous.get("status")
        if previous.get("status") == "completed" and how == "success":
            return Finding("FLR-3", True, expected, f"run {number} ended in success")
        try:
            who = ledger.signed_off(self.run.inspections_file, number)
        except SettingsError as error:
            return Finding("FLR-3", False, expected, str(error))
        if who and previous.get("status") == "completed":
            return Finding("FLR-3", True, expected, f"run {number} ended in {how}, signed off by {who}")
        remedy = f"Look into run {number}, then record it in {self.run.inspections_file.name}."
        seen = f"run {number} ended in {how}, and nobody signed it off"
        return Finding("FLR-3", False, expected, seen, remedy=remedy)

    # -- inside ----------------------------------------------------------------------------

    def _ask(self, name: str, call: Callable[[AgentClient], Reading]) -> tuple[Reading | None, str]:
        """One answer of the agent, asked once a run; where there is none, why."""
        if self._client is None:
            return None, "DEPLOY_ENDPOINT is not set"
        if name not in self._asked:
            try:
                self._asked[name] = call(self._client)
            except AgentError as error:
                self._asked[name] = error
        found = self._asked[name]
        return (None, f"{_NOT_ASKED}: {found}") if isinstance(found, AgentError) else (found, "")


def _extensions(status: Reading) -> frozenset[str]:
    said = status.raw.get("extensions")
    return frozenset(str(name) for name in said) if isinstance(said, list) else frozenset()


def _previous(reply: Reply, run_id: str) -> Mapping[str, Any] | None:
    """The newest run that is not this one."""
    runs = reply.data.get("workflow_runs")
    rows = [row for row in runs if isinstance(row, dict)] if isinstance(runs, list) else []
    others = [row for row in rows if str(row.get("id")) != run_id]
    return max(others, key=lambda row: int(row.get("run_number") or row.get("id") or 0), default=None)
