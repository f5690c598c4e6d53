"""A stand-in for GitHub's REST API: the documented shapes of what the preconditions ask."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pytest_smokedeploy.rehearsal.world import World
from pytest_smokedeploy.settings.model import DEPLOY_WORKFLOW

_MISSING: Final = {"message": "Not Found", "status": "404"}
_FORBIDDEN: Final = {"message": "Resource not accessible by integration", "status": "403"}


@dataclass(slots=True, kw_only=True)
class GitHub:
    """Answers for one repository.

    Attributes:
        world: may change an answer.
        repository: ``owner/name``.
        token: the token that is accepted.
        commits: SHAs that exist.
        environment: the environment that exists.
        workflow: the deploy workflow's file, served as that of every commit.
        run_id: the run that goes on, the only one there is.
        known_good: the workflow that succeeded for the commits, or None.
        app: the ASGI application.

    """

    world: World
    repository: str
    token: str
    commits: tuple[str, ...]
    environment: str
    workflow: Path
    run_id: str
    known_good: str | None = None
    app: Starlette = field(init=False)
    _found: dict[str, tuple[int, Any]] = field(init=False)

    def __post_init__(self) -> None:
        commits, environment = self.commits, self.environment
        base = f"/repos/{self.repository}"
        file = self.workflow.name
        environment_ = {
            "id": 1,
            "name": environment,
            "protection_rules": [{"id": 1, "type": "branch_policy"}],
            "deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False},
        }
        flow = {"id": 7, "name": "Smoke deploy", "path": DEPLOY_WORKFLOW, "state": "active"}
        job = {
            "id": 11,
            "run_id": int(self.run_id),
            "run_attempt": 1,
            "name": "smoke-deploy",
            "status": "in_progress",
            "conclusion": None,
            "completed_at": None,
        }
        self._found: dict[str, tuple[int, Any]] = {
            f"{base}/environments": (200, {"total_count": 1, "environments": [environment_]}),
            f"{base}/environments/{environment}": (200, environment_),
            f"{base}/environments/{environment}/secrets": (403, _FORBIDDEN),
            f"{base}/actions/workflows/{file}": (200, flow),
            f"{base}/actions/workflows/{file}/runs": (200, {"total_count": 0, "workflow_runs": []}),
            f"{base}/actions/runs/{self.run_id}/jobs": (200, {"total_count": 1, "jobs": [job]}),
            **{f"{base}/commits/{sha}": (200, {"sha": sha, "commit": {"message": ""}}) for sha in commits},
        }
        if self.workflow.is_file():
            self._found[f"{base}/contents/{DEPLOY_WORKFLOW}"] = (200, self.workflow.read_bytes())
        if self.known_good is not None:
            runs = [{"id": 5, "status": "completed", "conclusion": "success", "head_sha": s} for s in commits]
            path = f"{base}/actions/workflows/{self.known_good.rpartition('/')[2]}/runs"
            self._found[path] = (200, {"total_count": len(runs), "workflow_runs": runs})
        self.app = Starlette(routes=[Route("/{path:path}", self._call, methods=["GET"])])

    async def _call(self, request: Request) -> Response:
        path = request.url.path
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"message": "Bad credentials", "status": "401"}, status_code=401)
        status, body = self._found.get(path, (404, _MISSING))
        if request.query_params.get("ref", self.commits[0]) not in self.commits:
            status, body = 404, _MISSING
        headers: dict[str, str] = {}
        if self.world.github is not None:
            status, body, headers = (*self.world.github(path, status, body), headers)[:3]
        if isinstance(body, bytes):
            return Response(body, status, headers, media_type="text/html")
        return JSONResponse(body, status, headers)
