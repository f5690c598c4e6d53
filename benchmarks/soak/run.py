"""One run from its start until nothing of it runs any more: what was told, and what really was."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.soak.network import failing
from benchmarks.soak.plan import DISKS, NETWORK, OUTPUT, SUSPENDED, Plan
from benchmarks.soak.server import GRACE, LEASE, LEASE_MAX, Server, moment
from benchmarks.soak.ways import Ending
from pytest_smokedeploy.evidence import verify
from tests.rehearsal.live.relay import relayed
from tests.support.small_disk import small

#: Seconds after which a gate counts as hung: twice what its deadlines come to, and the log's own 240 s.
_LIMIT: Final = 400.0
#: Seconds beyond a bound (chosen: the agent looks every second, and two processors are shared by all lanes).
SLACK: Final = 4.0
#: Seconds between two looks at what runs.
_LOOK: Final = 0.5
Facts = dict[str, Any]


class Run:
    """One run of the gate on a server, by its plan; its files go to `folder`."""

    def __init__(self, server: Server, plan: Plan, folder: Path) -> None:
        self.server, self.plan, self.folder = server, plan, folder
        self.evidence, self.run_id = folder / "evidence", str(1000 + plan.number)
        self.facts: Facts = {}
        self._commands = ""

    def do(self) -> Facts:
        """Run, end, rescue, wait until nothing runs, and tell what was seen."""
        self.folder.mkdir(parents=True)
        server, live = self.server, self.server.live
        live.folder = self.folder
        live.environ |= {
            "GITHUB_RUN_ID": self.run_id,
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "SMOKEDEPLOY_EVIDENCE": str(self.evidence),
        }
        server.how(self.plan.runtime)
        server.calls.rows.clear()
        server.jobs[self.run_id] = None
        self.began = time.time()
        with ExitStack() as end:
            if self.plan.way == DISKS[0]:
                end.enter_context(small(self.evidence, "512k"))
            self._gate(end)
            self._after()
            self._settle()
            self._tell()
        return asdict(self.plan) | self.facts

    # -- acting ----------------------------------------------------------------------------

    def _gate(self, end: ExitStack) -> None:
        ours = gates = None
        if self.plan.way == OUTPUT:
            ours, gates = socket.socketpair()
        with ExitStack() as way:
            if self.plan.way in NETWORK:
                way.enter_context(relayed(self.server.live, failing(self.plan, self._now)))
            process = self.server.live.start(stdout=gates)
            self.ending = Ending(self.plan, self.server, self.evidence, process, ours)
            # Also where the soak is to end: agent or engine may be starting.
            end.callback(self.ending.join)
            if gates is not None:
                gates.close()
                threading.Thread(target=self._read, args=(ours,), daemon=True).start()
            try:
                self.facts["status"] = self._wait(process)
            finally:
                process.kill()
                process.wait()
        self.ended = time.time()

    def _now(self) -> None:
        self.ending.now()

    def _wait(self, process: subprocess.Popen[bytes]) -> int | None:
        """Its exit status, None where it hung."""
        until = time.monotonic() + _LIMIT
        while time.monotonic() < until:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(0.2)
            self.server.pause(0)
        return None

    def _read(self, ours: socket.socket) -> None:
        with ours, (self.folder / "output.txt").open("ab") as file:
            while data := ours.recv(65536):
                file.write(data)

    def _after(self) -> None:
        """What the workflow does then, or nothing where the runner is gone."""
        self.facts["running_at_end"] = self.server.running()
        self.facts["folder"] = self._document()
        # By the function, so that the rescue does not wait for a process that is not the workflow's.
        self.facts["refusals"] = verify(self.evidence, run_id=self.run_id)
        self.rescued = 0.0
        if self.plan.rescued:
            status, words = self._command("stop")
            self.rescued = time.time() if status == 0 else 0.0
            self.facts["stop"] = {"status": status, "words": words, "running": self.server.running()}
            self.facts["folder_after"] = self._document()
        self.facts["verified"] = self._command("verify", str(self.evidence), "--run", self.run_id)[0]

    def _settle(self) -> None:
        """Wait until the agent is back, no deploy is under way and nothing runs, or nothing may run."""
        self.ending.join()
        quiet = 0
        while quiet < 3:  # noqa: PLR2004 - what a call on its way starts is seen by then
            running = self.server.running()
            quiet = quiet + 1 if running is False and self._ended() else 0
            if time.time() > self._bound() + _LOOK:
                break
            self.server.pause(_LOOK)
        self.facts["running_at_last"] = self.server.running()
        self.server.emptied()
        until = time.time() + SLACK
        while self.server.kept().get("current") and time.time() < until:
            self.server.pause(_LOOK)

    def _ended(self) -> bool:
        """Whether no deploy is under way; not to be told from a full disk."""
        return self.plan.way == DISKS[1] or self.server.kept().get("current") is None

    def _bound(self) -> float:
        """When no container of this run may run any more, by the lease alone: seconds of the epoch."""
        alive = self.ending.hurt if self.ending.hurt and self.plan.way == SUSPENDED else self.ended
        started = max((self._time(row, "StartedAt") for row in self.server.containers() or []), default=0.0)
        end = max(alive, started) + LEASE
        if started > self.began:
            end = min(end, started + LEASE_MAX)
        hindered = max(self.server.agent.back, self.ending.engine_back)
        return max(end, hindered if hindered > self.began else 0.0) + GRACE + SLACK

    # -- telling ---------------------------------------------------------------------------

    def _tell(self) -> None:
        server, calls, facts = self.server, self.server.calls, self.facts
        deploy_id = self._deploy_id()
        kept = server.kept()
        rows = [row for row in server.containers() or [] if self._time(row, "Created") > self.began - 1]
        facts |= {
            "run_id": self.run_id,
            "deploy_id": deploy_id,
            "broken": self.ending.failed,
            "began": self.began,
            "hurt": self._since(self.ending.hurt),
            "ended": self._since(self.ended),
            "rescued_at": self._since(self.rescued),
            "bound": self._since(self._bound()),
            "calls": [f"{at - self.began:.2f} {method} {path}" for at, method, path in calls.rows],
            "deploys": len(calls.of("/v1/deploy")),
            "stop_at": self._since(min(calls.of("/v1/stop"), default=0.0)),
            "outcome_at": self._since(min(calls.of("/v1/outcome"), default=0.0)),
            "events": [action for action, _ in server.events(self.began)],
            "containers": [
                {
                    "started": self._since(self._time(row, "StartedAt")),
                    "finished": self._since(self._time(row, "FinishedAt")),
                    "exit_code": row["State"]["ExitCode"],
                }
                for row in rows
            ],
            "audit": [
                {"at": self._since(moment(row["time"])), "mine": row.get("deploy_id") == deploy_id}
                | {key: row[key] for key in ("who", "what", "why")}
                for row in server.audit(self.began)
            ],
            # By the state: the audit log is written ahead of it, and tells of what a full disk prevented.
            "begun": deploy_id != "" and deploy_id in json.dumps(kept.get("last_deploy")),
            "held": bool(kept.get("hold")),
            "commands": self._commands,
            "output": self._output(),
        }

    def _since(self, at: float) -> float | None:
        """Seconds since the run began; None for what did not happen."""
        return round(at - self.began, 3) if at > 0 else None

    @staticmethod
    def _time(row: dict[str, Any], name: str) -> float:
        text = row["Created"] if name == "Created" else row["State"][name]
        return 0.0 if text.startswith("0001") else moment(text)

    def _deploy_id(self) -> str:
        with suppress(OSError, ValueError):
            for line in (self.evidence / "journal.jsonl").read_text(errors="replace").splitlines():
                if '"deploy.promised"' in line:
                    return str(json.loads(line)["deploy_id"])
        return ""

    def _document(self) -> Facts | None:
        """What the folder says, None where it says nothing."""
        with suppress(OSError, ValueError):
            told = json.loads((self.evidence / "evidence.json").read_text())
            facts = {key: told[key] for key in ("verdict", "clause", "reason", "exit_status", "finished")}
            stop = told["stop"]
            at = self._since(moment(told["finished_at"])) if told["finished_at"] else None
            return facts | {"confirmed": stop["confirmed"], "owed": stop["owed"], "finished_at": at}
        return None

    def _command(self, *words: str) -> tuple[int, str]:
        done = self.server.live.command(*words)
        said = f"{done.stdout}{done.stderr}".strip()
        self._commands += f"$ smokedeploy {' '.join(words)} -> {done.returncode}\n{said}\n"
        return done.returncode, said

    def _output(self) -> str:
        with suppress(OSError):
            return (self.folder / "output.txt").read_text(errors="replace")
        return ""
