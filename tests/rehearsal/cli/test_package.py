"""The wheel as a stranger gets it: its files, and the way of a first day, from `init` to a PASS."""

import os
import re
import shutil
import signal
import subprocess
import sys
import venv
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from pytest_smokedeploy.rehearsal import Stack, World
from pytest_smokedeploy.settings import load
from tests.rehearsal.live.conftest import RESOLVER, certified, elsewhere
from tests.rehearsal.live.test_history import JOBS
from tests.support.agent_process import until

ROOT = Path(__file__).parents[3]
DEPLOY = ".github/workflows/deploy.yml"
#: The repository's ordinary deploys, which are to wait for the gate.
THEIRS = """name: Deploy
on:
  workflow_dispatch:
    inputs:
      environment: {type: choice, options: [dev, prod], required: true}
      image_tag: {type: string, required: true}
jobs:
  deploy:
    needs: smoke-deploy
    runs-on: ubuntu-latest
    environment: ${{ inputs.environment }}
    steps:
      - run: ./deploy.sh
"""
#: A runtime with words of its own: which of its lines states which milestone.
SAYS = {
    "OBS-1": "engine 2.4.1 booting, pid",
    "RUN-1": "mode: paper",
    "OBS-2": "settings are sound",
    "OBS-3": "volumes ready: audit-events, snapshots",
    "OBS-4": "catching up on",
    "OBS-5": "conductor assembled in",
    "OBS-6": "ready, waiting for commands",
}
LAST = "engine halted"
RUNTIME = f"""#!/bin/sh
[ ! -e FULL ] || {{ echo "no room left" >&2; exit 7; }}
trap 'kill "$rest"; echo "{LAST}"; exit 0' TERM
echo "{SAYS["OBS-1"]} $$"
echo "mode: $EXECUTION_PLANE"
echo "{SAYS["OBS-2"]}"
[ -w "$AUDIT_EVENTS_PATH" ] && [ -w "$SNAPSHOTS_PATH" ] || exit 3
echo "{SAYS["OBS-3"]}"
echo "{SAYS["OBS-4"]} $(ls "$AUDIT_EVENTS_PATH" | wc -l) files"
echo "{SAYS["OBS-5"]} 12 ms"
sleep 1000 & rest=$!
echo "{SAYS["OBS-6"]}"
wait "$rest"
"""
#: Reports its token to the command line as cloudflared does after a login.
CLOUDFLARED = '#!/bin/sh\ntest "$*" = "access token -app={agent}" && echo {token}\n'
PYTEST = "#!{python}\nimport pytest\nraise SystemExit(pytest.main())\n"


def call(*command, **how):
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, **how)


def program(file, text):
    file.write_text(text)
    file.chmod(0o755)


def children(pid):
    """The programs that a process has started."""
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [Path(f"/proc/{child}/comm").read_text().strip() for child in pids]


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


def test_each_page_that_the_wheel_names_is_in_it(wheel):
    """Where code and laid files name a page, and where a page links to another."""
    archive, dead = zipfile.ZipFile(wheel), []
    there = archive.namelist()
    for name in there:
        text = archive.read(name).decode(errors="replace")
        if name.endswith(".md"):
            folder = Path(name).parent
            named = [f"{folder}/{link}" for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", text)]
        else:
            named = [f"pytest_smokedeploy/{page}" for page in re.findall(r"\bdocs/[\w-]+\.md\b", text)]
        dead += [(name, page) for page in map(os.path.normpath, named) if page not in there]
    assert dead == []


def succeeded(path, status, body):
    """GitHub's word on the first run's job: it is over, and ended well."""
    if path.endswith(JOBS):
        ended = {"name": "Smoke deploy in dev", "status": "completed", "conclusion": "success"}
        body = body | {"jobs": [body["jobs"][0] | ended]}
    return status, body


class Day:
    """A stranger's repository, with the wheel in an environment of its own as the workflow makes it.

    `environ` is that of whatever is called.
    """

    def __init__(self, wheel, folder):
        self.repository, self.bin = folder / "repository", folder / "repository" / ".venv" / "bin"
        self.tests = self.repository / "smoke_tests"
        self.settings = self.tests / "smokedeploy.yml"
        self.environ = {
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        self.repository.mkdir()
        call("git", "init", "-q", self.repository)
        venv.create(self.bin.parent, with_pip=False, symlinks=True)
        self.python = self.bin / "python"
        pip = (sys.executable, "-m", "pip", "--python", self.python)
        done = call(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel)
        assert done.returncode == 0, done.stderr
        program(self.bin / "pytest", PYTEST.format(python=self.python))
        site = next((self.bin.parent / "lib").glob("python3*/site-packages"))
        self.package = site / "pytest_smokedeploy"
        shutil.copy(RESOLVER / "sitecustomize.py", site / "live_name.py")
        here = Path(next(p for p in sys.path if p.endswith("site-packages")))
        # The packages that are here already; the checkout's editable install is not found through this.
        (site / "others.pth").write_text(f"{here}\nimport live_name\n")

    def smokedeploy(self, *words):
        """Call the command line; returns the exit status and what it says."""
        done = call(self.bin / "smokedeploy", *words, cwd=self.repository, env=self.environ)
        return done.returncode, done.stdout + done.stderr

    def capture(self, folder, events):
        """What the runtime says from its start to its stop, in a file."""
        mounts = {"AUDIT_EVENTS_PATH": folder / "audit", "SNAPSHOTS_PATH": folder / "snapshots"}
        for mount in mounts.values():
            mount.mkdir(parents=True)
        for number in range(events):
            (mounts["AUDIT_EVENTS_PATH"] / f"{number}.jsonl").touch()
        environ = {"PATH": "/usr/bin:/bin", "EXECUTION_PLANE": "paper", **mounts}
        script = ["/bin/sh", self.tests / "runtime.sh"]
        with subprocess.Popen(script, env=environ, stdout=subprocess.PIPE, text=True) as process:
            said = []
            for line in process.stdout:
                said.append(line)
                if SAYS["OBS-6"] in line:
                    # A shell's child that is not yet the program loses a signal.
                    until(lambda: children(process.pid) == ["sleep"])
                    process.send_signal(signal.SIGTERM)
        file = folder.with_suffix(".log")
        file.write_text("".join(said))
        return file

    def dispatch(self, number):
        """Run the steps of deploy.yml as a runner does; returns the exit status and the output of each."""
        shutil.rmtree(self.repository / "smoke-evidence", ignore_errors=True)
        self.environ["GITHUB_RUN_ID"] = str(number)
        steps = yaml.safe_load((self.repository / DEPLOY).read_text())["jobs"]["smoke-deploy"]["steps"]
        ended = []
        for step in steps:
            if not step.get("run", "").startswith("exec "):
                continue  # the checkout and the installation, which stand already, and what keeps evidence
            if "if" in step or not any(status for status, _ in ended):
                done = call("bash", "-e", "-c", step["run"], cwd=self.repository, env=self.environ)
                ended.append((done.returncode, done.stdout + done.stderr))
        return ended


def lay(day):
    """`init`, and its job taken over; `check` refuses until the last placeholder is gone, and names each."""
    deploy = day.repository / DEPLOY
    deploy.parent.mkdir(parents=True)
    deploy.write_text(THEIRS)
    assert f"documents: {day.package}\n" in day.smokedeploy("--version")[1]
    status, said = day.smokedeploy("init")
    assert (status, deploy.read_text()) == (0, THEIRS), said
    assert "installs pytest-smokedeploy==" in said
    taken = said.partition("take this over into it:\n\n")[2].partition("\nsmokedeploy init:")[0]
    assert "pip install --quiet pytest-smokedeploy==" in taken
    status, said = day.smokedeploy("check")
    assert status == 1
    assert "smokedeploy.yml:5: image.repository: is still the placeholder" in said
    day.settings.write_text(day.settings.read_text().replace("your-organisation", "acme"))
    status, said = day.smokedeploy("check")
    assert status == 1
    assert "NO  PRE-1: " in said
    assert "phase.yml:9: step 1 is not recorded" in said
    assert said.count("is not recorded") == 4
    assert "NO  FLR-1: deploy.yml:7: no step runs the gate" in said
    # Theirs keeps its name and its job.
    deploy.write_text(THEIRS.partition("on:")[0] + taken + THEIRS.partition("jobs:\n")[2])
    ledger = day.tests / "phase.yml"
    row = f"{{done_on: {datetime.now(UTC).date()}, by: Ann, evidence: a link}}"
    ledger.write_text("steps:\n" + "".join(f"  {number}: {row}\n" for number in range(1, 4)))
    status, said = day.smokedeploy("check")
    assert (status, said.count(" NO ")) == (1, 1), said
    assert "step 4 is not recorded" in said
    with ledger.open("a") as file:
        file.write(f"  4: {row}\n")
    status, said = day.smokedeploy("check")
    assert status == 0, said


def say_what_its_log_is(day, folder):
    """The block that two captures propose, pasted; the other milestones are put under their clauses."""
    (day.tests / "runtime.sh").write_text(RUNTIME)
    captures = [day.capture(folder / f"capture-{number}", number) for number in (1, 2)]
    status, block = day.smokedeploy("log", "--propose", *captures)
    assert status == 0, block
    plain = day.settings.read_text()
    day.settings.write_text(f"{plain}\n{block}")
    status, said = day.smokedeploy("log", captures[0])
    assert (status, "NO OBS-6" in said, " NO EXT-4" in said) == (1, True, False), said
    log = yaml.safe_load(block)["log"]
    for clause in SAYS.keys() - log["milestones"].keys():
        (template,) = [row for row in log["documented"] if SAYS[clause] in row]
        log["documented"].remove(template)
        log["milestones"][clause] = [template]
    log["shutdown"], log["documented"] = log["documented"], []
    day.settings.write_text(f"{plain}\nquiet_window_seconds: 1\n{yaml.safe_dump({'log': log})}")
    assert day.smokedeploy("log", captures[1])[1].endswith("8 lines: it would pass\n")
    status, said = day.smokedeploy("check")
    assert status == 0, said


def rehearse(day):
    """A rehearsal of the runtime, as the README says that came with the wheel."""
    readme = (day.package / "README.md").read_text()
    (hook,) = re.findall(r"```python\n(.*?pytest_smokedeploy_rehearsal.*?)```", readme, re.DOTALL)
    (day.tests / "conftest.py").write_text(hook)
    rehearsal = (day.bin / "pytest", "-p", "smokedeploy", "smoke_tests", "--smokedeploy-rehearse")
    done = call(*rehearsal, cwd=day.repository, env=day.environ)
    assert (done.returncode, "REHEARSED" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_first_day(wheel, tmp_path):
    """From a repository with deploys of its own to a PASS, a failure, a refused run, a release and a PASS."""
    day = Day(wheel, tmp_path)
    lay(day)
    say_what_its_log_is(day, tmp_path)
    rehearse(day)
    ca, key, chain = certified(tmp_path)
    world = World(
        runtime=RUNTIME.replace("FULL", str(tmp_path / "full")),
        github=succeeded,
        agent_command=(str(day.python), "-m", "pytest_smokedeploy.agent", "--exit-with-stdin"),
    )
    with Stack(world, tmp_path / "world", load(day.settings), day.tests, tls=(chain, key)) as stack:
        day.environ |= elsewhere(stack, ca) | {
            "GITHUB_JOB": "smoke-deploy",
            "GITHUB_WORKSPACE": str(day.repository),
            "SMOKEDEPLOY_EVIDENCE": "smoke-evidence",
        }
        status, said = day.smokedeploy("check", "--live")
        assert status == 0, said
        gate, stop, verified = day.dispatch(1)
        assert (gate[0], "PASS" in gate[1]) == (0, True), gate
        assert (stop[0], verified[0]) == (0, 0), (stop, verified)
        assert "the phase may proceed" in verified[1]
        (tmp_path / "full").touch()
        gate, stop = day.dispatch(2)
        assert (gate[0], "FAIL " in gate[1]) == (1, True), gate
        assert stop[0] == 0, stop
        (tmp_path / "full").unlink()
        gate, _ = day.dispatch(3)
        assert (gate[0], "REFUSED" in gate[1]) == (1, True), gate
        assert "&& smokedeploy release --agent ADDRESS --reason '...'`" in gate[1]
        (tmp_path / "bin").mkdir()
        token = stack.person("ann@example.com")
        answer = CLOUDFLARED.format(agent=day.environ["DEPLOY_ENDPOINT"], token=token)
        program(tmp_path / "bin" / "cloudflared", answer)
        status, said = day.smokedeploy("release", "--reason", "looked: the disk was full")
        assert status == 0, said
        gate, stop, verified = day.dispatch(4)
        assert [status for status, _ in (gate, stop, verified)] == [0, 0, 0], gate
        assert stack.running() is False
