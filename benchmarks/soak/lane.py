"""Runs one after another on one server, brought back to rest between them as people bring it back."""

from __future__ import annotations

from pathlib import Path

from benchmarks.soak.judge import Facts
from benchmarks.soak.plan import Plan
from benchmarks.soak.run import Run
from benchmarks.soak.server import Server


class Lane(Server):
    """A server, and what is done on it."""

    def folder_of(self, number: int) -> Path:
        """Where the files of a run lie."""
        return self.folder / "runs" / str(number)

    def run(self, plan: Plan) -> Facts:
        """Do one run, and leave the server at rest: nothing runs, no hold, every deploy accounted for."""
        folder = self.folder_of(plan.number)
        logged = self.agent.log.stat().st_size
        facts = Run(self, plan, folder).do()
        with self.agent.log.open("rb") as log:
            log.seek(logged)
            said = log.read().decode(errors="replace")
        facts |= {"agent_log": said, "secret": self._shown(folder)}
        (folder / "agent.log").write_text(said)
        self._rest(facts)
        # Kept in the folder: a result is one line.
        return facts | {key: facts[key][-4000:] for key in ("output", "agent_log", "commands")}

    def _shown(self, folder: Path) -> str:
        """The first file that shows a secret, or ""."""
        names = ("CF_ACCESS_CLIENT_ID", "CF_ACCESS_CLIENT_SECRET", "GITHUB_TOKEN")
        secrets = [self.live.environ[name].encode() for name in names]
        files = [file for file in folder.rglob("*") if file.is_file() and file.name != "filler"]
        return next((file.name for file in files if any(one in file.read_bytes() for one in secrets)), "")

    def _rest(self, facts: Facts) -> None:
        passed = facts["status"] == 0 and facts["verified"] == 0
        self.jobs[facts["run_id"]] = "success" if passed else "failure"
        for row in self.containers() or []:
            if row["State"]["Running"]:
                with self.engine.api.client() as client:
                    client.kill(row["Id"])
        if facts["begun"] and not passed and not facts["held"]:
            facts["next"] = self._next(facts["number"])
            self.sign(facts["run_id"])
        facts["unreleased"] = self.release()
        if facts["unreleased"]:
            self.agent.close()
            self.agent.start()
            if words := self.release():
                raise RuntimeError(words)

    def _next(self, number: int) -> tuple[str, str]:
        """Verdict and clause of a run that comes before a person looked."""
        folder = self.folder_of(number) / "next"
        folder.mkdir()
        self.live.folder = folder
        self.live.environ |= {"GITHUB_RUN_ID": "999", "SMOKEDEPLOY_EVIDENCE": str(folder / "evidence")}
        self.jobs["999"] = None
        told = self.live.run().document
        return told.get("verdict", ""), told.get("clause", "")
