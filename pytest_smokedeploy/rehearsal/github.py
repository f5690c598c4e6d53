"""A stand-in for GitHub's REST API: the documented shapes of what the preconditions ask."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pytest_smokedeploy.rehearsal.world import World
from pytest_smokedeploy.settings.model import DEPLOY_WORKFLOW

#: The environment that exists.
ENVIRONMENT: Final = "dev"
_MISSING: Final = (404, {"message": "Not Found", "status": "404"})
_FORBIDDEN: Final = {"message": "Resource not accessible by integration", "status": "403"}


@dataclass(slots=True, kw_only=True)
class GitHub:
    """Answers for one repository.

    Attributes:
        world: may change an answer.
        repository: ``owner/name``.
        token: the token that is accepted.
        commits: SHAs that exist.
        workflow: the deploy workflow's file, served as that of every commit.
        run_id: the run that goes on, the only one there is.
        known_good: the workflow that succeeded for the commits, or None.

    """

    world: World
    repository: str
    token: str
    commits: tuple[str, ...]
    workflow: Path
    run_id: str
    known_good: str | None = None

    def app(self) -> Starlette:
        """The ASGI application."""
        call = partial(self._call, self._answers())
        return Starlette(routes=[Route("/{path:path}", call, methods=["GET"])])

    def _answers(self) -> dict[str, tuple[int, Any]]:
        """Status and body by path."""
        base, commits, file = f"/repos/{self.repository}", self.commits, self.workflow.name
        branches = {"protected_branches": True, "custom_branch_policies": False}
        rules = [{"id": 1, "type": "branch_policy"}]
        environment = {"id": 1, "name": ENVIRONMENT, "protection_rules": rules}
        environment |= {"deployment_branch_policy": branches}
        flow = {"id": 7, "name": "Smoke deploy", "path": DEPLOY_WORKFLOW, "state": "active"}
        job = {"id": 11, "run_id": int(self.run_id), "run_attempt": 1, "name": "smoke-deploy"}
        job |= {"status": "in_progress", "conclusion": None, "completed_at": None}
        found: dict[str, tuple[int, Any]] = {
            f"{base}/environments": (200, {"total_count": 1, "environments": [environment]}),
            f"{base}/environments/{ENVIRONMENT}": (200, environment),
            f"{base}/environments/{ENVIRONMENT}/secrets": (403, _FORBIDDEN),
            f"{base}/actions/workflows/{file}": (200, flow),
            f"{base}/actions/workflows/{file}/runs": (200, {"total_count": 0, "workflow_runs": []}),
            f"{base}/actions/runs/{self.run_id}/jobs": (200, {"total_count": 1, "jobs": [job]}),
            **{f"{base}/commits/{sha}": (200, {"sha": sha, "commit": {"message": ""}}) for sha in commits},
        }
        if self.workflow.is_file():
            found[f"{base}/contents/{DEPLOY_WORKFLOW}"] = (200, self.workflow.read_bytes())
        if self.known_good is not None:
            runs = [{"id": 5, "status": "completed", "conclusion": "success", "head_sha": s} for s in commits]
            path = f"{base}/actions/workflows/{self.known_good.rpartition('/')[2]}/runs"
            found[path] = (200, {"total_count": len(runs), "workflow_runs": runs})
        return found

    async def _call(self, found: dict[str, tuple[int, Any]], request: Request) -> Response:
        path, known = request.url.path, request.query_params.get("ref", self.commits[0]) in self.commits
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"message": "Bad credentials", "status": "401"}, status_code=401)
        status, body = found.get(path, _MISSING) if known else _MISSING
        headers: dict[str, str] = {}
        if self.world.github is not None:
            status, body, headers = (*self.world.github(path, status, body), headers)[:3]
        if isinstance(body, bytes):
            return Response(body, status, headers, media_type="text/html")
        return JSONResponse(body, status, headers)
