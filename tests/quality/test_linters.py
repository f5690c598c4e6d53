"""Style, types and workflows, as CI holds them."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
WORKFLOWS = sorted(str(file) for file in (ROOT / ".github" / "workflows").glob("*.yml"))
LINTERS = {
    "style": ["ruff", "check", "--no-cache", "."],
    "format": ["ruff", "format", "--no-cache", "--check", "."],
    "types": ["mypy"],
    "workflow schema": ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS],
    "workflow security": ["zizmor", "--offline", "--no-progress", *WORKFLOWS],
}


def test_pre_commit_runs_the_same():
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    hooks = {hook["id"]: hook["entry"].split() for hook in repo["hooks"]}
    for name in ("style", "format", "types"):
        program, *arguments = (word for word in LINTERS[name] if word != "--no-cache")
        assert hooks[name] == [f".venv/bin/{program}", *arguments]


@pytest.mark.parametrize("name", list(LINTERS))
def test_nothing_is_found(name):
    program, *arguments = LINTERS[name]
    done = subprocess.run(
        [BIN / program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
