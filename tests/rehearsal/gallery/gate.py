"""Runs the gate as a user does, in a process of its own, over a world of the catalogue."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support import forks

ROOT = Path(__file__).parents[3]
#: A rehearsal takes about 3 s; this is for a machine with much else to do.
SECONDS = 240


def settings_file(folder, changes, workflow=None):
    """The repository's own settings with the shortest quiet window and `changes`.

    `workflow` is the text of the deploy workflow in place of the repository's; "" for none, "/" for a folder.
    """
    data = yaml.safe_load((ROOT / "smoke_tests" / "smokedeploy.yml").read_text())
    data |= {"quiet_window_seconds": 1, **changes}
    data["database"]["migrations"] = str(ROOT / "smoke_tests" / "migrations")
    smoke = folder / "repository" / "smoke"
    smoke.mkdir(parents=True)
    # The workflow file is looked for from the settings' own folder upwards.
    if workflow is None:
        (smoke.parent / ".github").symlink_to(ROOT / ".github")
    else:
        deploy = smoke.parent / ".github" / "workflows" / "deploy.yml"
        deploy.parent.mkdir(parents=True)
        if workflow == "/":
            deploy.mkdir()
        elif workflow:
            deploy.write_text(workflow, encoding="utf-8")
    file = smoke / "smokedeploy.yml"
    file.write_text(yaml.safe_dump(data))
    return file


@dataclass
class Ended:
    """What a run of the gate left: status, output, evidence, and the world's own end."""

    status: int
    output: str
    folder: Path

    @property
    def document(self) -> dict[str, Any]:
        file = self.folder / "evidence" / "evidence.json"
        return json.loads(file.read_text()) if file.exists() else {}

    @property
    def told(self) -> dict[str, Any]:
        file = self.folder / "told.json"
        return json.loads(file.read_text()) if file.exists() else {"running": False, "requests": []}

    @property
    def posts(self) -> list[str]:
        return [path for method, path in self.told["requests"] if method == "POST"]


def start(  # noqa: PLR0913 - one deviation each, all but the first optional
    folder,
    *options,
    world="",
    settings=None,
    changes=None,
    environ=None,
    files=None,
    workflow=None,
    only=(),
    forked=True,
):
    """Start the gate; returns its process, whose output goes to a file in `folder`.

    `forked`: from a process that has imported everything (tests.support.forks); otherwise as a user's does.
    """
    file = settings or settings_file(folder, changes or {}, workflow)
    tests = ROOT / "smoke_tests"
    if files:
        tests = file.parent
        for source in (ROOT / "smoke_tests").glob("*.py"):
            shutil.copy(source, tests)
        for name, text in files.items():
            (tests / name).parent.mkdir(parents=True, exist_ok=True)
            (tests / name).write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "smokedeploy",
        "-p",
        "tests.rehearsal.gallery.world_plugin",
    ]
    command += [str(tests / name) for name in only or [""]]
    command += ["--smokedeploy-rehearse", "-p", "no:cacheprovider"]
    command += ["--smokedeploy-evidence", str(folder / "evidence"), "--smokedeploy-config", str(file)]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "SMOKEDEPLOY_", "PYTEST_"))}
    env |= {
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "SMOKEDEPLOY_TEST_WORLD": world,
        "SMOKEDEPLOY_TEST_TOLD": str(folder / "told.json"),
        "SMOKEDEPLOY_TEST_FOLDER": str(folder),
        **(environ or {}),
    }
    command += [option.replace("{tests}", str(tests)) for option in options]
    with (folder / "output.txt").open("wb") as output:
        if forked:
            server = forks.SERVER.address()
            env[forks.VARIABLE] = server
            with Path(os.devnull).open("rb") as nothing:
                streams = [nothing.fileno(), output.fileno(), output.fileno()]
                return forks.Forked(server, command, cwd=folder, env=env, streams=streams)
        return subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def gate(folder, *options, **how):
    """Run the gate to its end."""
    process = start(folder, *options, **how)
    try:
        status = process.wait(SECONDS)
    finally:
        process.kill()
    return ended(folder, status)


def ended(folder, status):
    """What the run in `folder` left."""
    return Ended(status, (folder / "output.txt").read_text(errors="replace"), folder)
