"""The inputs: environment dev, and an image tag that cannot move and is known to be good (TRG-2)."""

from functools import partial
from typing import Final

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.preconditions.github import ask, quoted
from pytest_smokedeploy.preconditions.workflow_file import WorkflowFile
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.support.image import TAG, VERSION, can_move

_EXPECTED: Final = "an image tag that cannot move: a commit's SHA in the repository, or a version"
_holds: Final = partial(Finding, "TRG-2", True, _EXPECTED)
_violated: Final = partial(Finding, "TRG-2", False, _EXPECTED)


def finding(run: RunConfig, workflow: WorkflowFile) -> Finding:
    """TRG-2: what the workflow asks for, and what this run was given."""
    if wrong := next((e for e in workflow.breaches(run.settings) if e.clause == "TRG-2"), None):
        expected = "a workflow that asks for `environment` and for `image_tag`"
        return Finding("TRG-2", False, expected, wrong.message, remedy=wrong.remedy)
    tag, dispatched = run.image_tag, run.github.inputs
    if dispatched is None:
        seen = "the file at GITHUB_EVENT_PATH can't be read, so what was dispatched is not known"
        return Finding("TRG-2", None, _EXPECTED, seen, None, remedy="Look at the runner.")
    if dispatched.get("image_tag", tag) != tag:
        seen = f"it was dispatched with {dispatched['image_tag'][:140]!r}, and would run {tag[:140]!r}"
        remedy = "Write `SMOKEDEPLOY_IMAGE_TAG: ${{ inputs.image_tag }}` in the workflow."
        return _violated(seen, remedy=remedy)
    if not TAG.fullmatch(tag):
        seen = f"image_tag {tag[:140]!r} is no tag" if tag else "image_tag is empty"
        return _violated(seen)
    if can_move(tag):
        return _violated(f"image_tag {tag!r} can move")
    if VERSION.fullmatch(tag):
        return _good(run, None, f"environment dev, version {tag}")
    reply = ask(run, f"/commits/{tag}", "contents: read")
    if reply.fault:
        return reply.unmet("TRG-2", _EXPECTED, "", about=f"commit {tag}")
    if reply.data.get("sha") != tag:
        return _violated(f"GitHub knows another commit for {tag}")
    return _good(run, tag, f"environment dev, commit {tag} of {run.github.repository}")


def _of_version(run: RunConfig) -> str | Finding:
    """The commit that the repository's own tag names, with or without its leading v; or why none."""
    tag = run.image_tag
    for name in (tag,) if tag.startswith("v") else (tag, f"v{tag}"):
        reply = ask(run, f"/commits/{quoted(f'tags/{name}')}", "contents: read")
        if not reply.fault:
            return str(reply.data.get("sha"))
    remedy = "Dispatch with a commit's SHA, or tag the commit with the version."
    return reply.unmet("TRG-2", "a tag of the repository for the version", remedy, about=f"version {tag}")


def _good(run: RunConfig, sha: str | Finding | None, seen: str) -> Finding:
    """Whether the workflow that the settings name succeeded for the commit, that of the version if None."""
    name = run.settings.image.known_good_workflow
    if name is None:
        return _holds(seen)
    if isinstance(sha := sha or _of_version(run), Finding):
        return sha
    file = quoted(name.rpartition("/")[2])
    expected = f"a successful run of {name} for the commit {sha}"
    path = f"/actions/workflows/{file}/runs?head_sha={quoted(sha)}&status=success&per_page=100"
    reply = ask(run, path, "actions: read")
    if (rows := reply.rows("workflow_runs")) is None:
        return reply.unmet("TRG-2", expected, about=f"runs of {name}")
    for row in rows:
        # Asked for, and looked at again: a pull request from a fork runs in its own repository's name.
        whose = (row.get("head_repository") or {}).get("full_name", run.github.repository)
        if (row.get("head_sha"), row.get("conclusion"), whose) == (sha, "success", run.github.repository):
            return _holds(f"{seen}, good by run {row.get('id')} of {name}")
    remedy = "Dispatch with a commit for which that workflow succeeded."
    return Finding("TRG-2", False, expected, f"there is none for {run.image_tag}", remedy=remedy)
