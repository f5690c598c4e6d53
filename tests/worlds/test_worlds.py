"""The gate in bad worlds: the right verdict, the clause named first, the exit status, and stopped."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_spec = importlib.util.spec_from_file_location("catalogue", HERE / "catalogue.py")
catalogue = importlib.util.module_from_spec(_spec)
sys.modules["catalogue"] = catalogue
_spec.loader.exec_module(catalogue)


def settings_file(tmp_path, changes):
    """The repository's own settings with the shortest quiet window and `changes`."""
    data = yaml.safe_load((ROOT / "smoke_tests" / "smokedeploy.yml").read_text())
    data |= {"quiet_window_seconds": 1, **changes}
    data["database"]["migrations"] = os.path.relpath(ROOT / "smoke_tests" / "migrations", ROOT / ".ci")
    folder = tmp_path / "repository" / "smoke"
    folder.mkdir(parents=True)
    (folder.parent / ".github").symlink_to(ROOT / ".github")
    data["database"]["migrations"] = str(ROOT / "smoke_tests" / "migrations")
    file = folder / "smokedeploy.yml"
    file.write_text(yaml.safe_dump(data))
    return file


def gate(tmp_path, *options, world="", changes=None):
    """Run the gate as a user does; returns status, output, evidence, and how the world ended."""
    evidence, told = tmp_path / "evidence", tmp_path / "told.json"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "smokedeploy",
        "-p",
        "world_plugin",
        str(ROOT / "smoke_tests"),
    ]
    command += ["--smokedeploy-rehearse", "--smokedeploy-evidence", str(evidence), "-p", "no:cacheprovider"]
    command += ["--smokedeploy-config", str(settings_file(tmp_path, changes or {})), *options]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "SMOKEDEPLOY_", "PYTEST_"))}
    env |= {
        "PYTHONPATH": str(HERE),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "SMOKEDEPLOY_TEST_WORLD": world,
        "SMOKEDEPLOY_TEST_TOLD": str(told),
    }
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    document = json.loads((evidence / "evidence.json").read_text())
    ended = json.loads(told.read_text()) if told.exists() else {"running": False, "requests": []}
    return done, document, ended


@pytest.mark.parametrize("name", list(catalogue.CASES))
def test_the_world_ends_as_it_states(name, tmp_path):
    case = catalogue.CASES[name]
    done, document, ended = gate(tmp_path, *case.options, world=name, changes=case.settings)
    output = done.stdout + done.stderr
    seen = (document["verdict"], document["clause"], done.returncode)
    assert seen == (case.verdict, case.clause, case.status), output[-3000:]
    assert document["exit_status"] == case.status
    assert case.words in document["reason"]
    assert ("POST", "/v1/deploy") in map(tuple, ended["requests"]) or not case.deploys
    if not case.deploys:
        assert not [path for method, path in ended["requests"] if method == "POST"]
    assert ended["running"] is (name in catalogue.UNSTOPPABLE)
    assert case.verdict in output


def test_a_healthy_world_is_rehearsed(tmp_path):
    done, document, ended = gate(tmp_path)
    assert (document["verdict"], done.returncode) == ("REHEARSED", 0), done.stdout
    assert ended["running"] is False
    posts = [path for method, path in ended["requests"] if method == "POST"]
    assert posts == ["/v1/deploy", "/v1/stop"]
    assert (tmp_path / "evidence" / "report.html").is_file()
