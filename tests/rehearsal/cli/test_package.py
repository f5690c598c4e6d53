"""The wheel as a stranger gets it: its files, and a rehearsal of what `smokedeploy init` lays out."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def call(*command, **how):
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, **how)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The project's own wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    done = call(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_what_it_needs_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "pytest_smokedeploy/py.typed" in names
    assert "pytest_smokedeploy/rehearsal/runtime/run" in names
    assert "pytest_smokedeploy/smoke_tests/test_1_preconditions.py" in names
    assert "pytest_smokedeploy/workflows/deploy.yml" in names
    documents = {"README.md", *(f"docs/{name}" for name in ("agent.md", "agent.env", "deploy-agent.service"))}
    assert {f"pytest_smokedeploy/{name}" for name in documents} <= set(names)
    assert not [n for n in names if n.startswith(("tests/", "benchmarks/")) or "__pycache__" in n]


def test_a_stranger_lays_it_out_and_rehearses_it(wheel, tmp_path):
    """In an environment of its own: the wheel, and the packages that are here already."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    site = next((home / "lib").glob("python3*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    here = Path(next(p for p in sys.path if p.endswith("site-packages")))
    # The wheel's own package comes first; the checkout's editable install must not be found at all.
    (site / "others.pth").write_text(f"{here}\n")
    repository = tmp_path / "repository"
    repository.mkdir()
    env = {"PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    python = home / "bin" / "python"
    done = call(python, "-m", "pytest_smokedeploy", "init", cwd=repository, env=env)
    assert done.returncode == 0, done.stderr
    text = (repository / ".github" / "workflows" / "deploy.yml").read_text()
    assert "pytest-smokedeploy==" in text
    assert "exec .venv/bin/pytest -p smokedeploy smoke_tests" in text
    # A gate that never ran (-p no:smokedeploy, --collect-only in addopts, a conftest's exit) ends with 0.
    assert text.index("exec .venv/bin/smokedeploy verify smoke-evidence") > text.index("smokedeploy stop")
    settings = repository / "smoke_tests" / "smokedeploy.yml"
    settings.write_text(settings.read_text().replace("your-organisation", "acme"))
    run = call(
        python, "-m", "pytest", "-p", "smokedeploy", "smoke_tests", "--smokedeploy-rehearse",
        "-p", "no:cacheprovider", cwd=repository, env=env,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    assert "REHEARSED" in run.stdout
    code = "import pytest_smokedeploy; print(pytest_smokedeploy.__file__)"
    where = call(python, "-c", code, cwd=repository, env=env)
    assert where.stdout.startswith(str(site))
