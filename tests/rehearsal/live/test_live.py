"""A live run: PASS is evidence, a killed run is stopped by the workflow's last step, no secret is told."""

import base64
import json
import re
import threading
from urllib.parse import quote

import pytest

from pytest_smokedeploy.model import STAGES
from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.live.conftest import forked
from tests.support.needs import needs_browser

RUNTIME = World().script()
#: The colours of the text, of what it stands on, and of the verdict.
PRINTED = """const seen = name => getComputedStyle(document.querySelector(name))
return [seen("body").color, seen(".sd-banner").backgroundColor, seen(".sd-banner h1").color]"""
IDLE = 'echo "idle: waiting for a signal"'


@pytest.fixture(scope="module")
def passed(tmp_path_factory):
    """A live run that passes, and its world; nothing that a test asks of them changes either."""
    with forked(tmp_path_factory.mktemp("passed")) as make:
        world = make()
        yield world, world.run(forked=False)


@needs_browser
def test_the_report_of_a_pass_is_fit_for_everybody(passed, browser):
    page = (passed[0].folder / "evidence" / "report.html").read_text()
    browser.show(page)
    assert browser.script("return document.querySelector('main h1').innerText") == "PASS"
    assert browser.faults(page) == []


@needs_browser
def test_in_print_the_report_of_a_pass_is_short_and_keeps_the_colour_of_its_verdict_alone(passed, browser):
    browser.media("dark", "print")
    browser.show((passed[0].folder / "evidence" / "report.html").read_text())
    assert browser.script(PRINTED) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)", "rgb(20, 113, 61)"]
    printed = base64.b64decode(browser.devtools("Page.printToPDF")["data"])
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 3


def test_a_sound_deploy_passes_and_is_evidence(passed):
    world, run = passed
    assert (run.document["verdict"], run.status) == ("PASS", 0), run.output
    assert world.posts == ["/v1/deploy", "/v1/stop", "/v1/outcome"]
    assert world.stack.running() is False
    for stage in STAGES:
        assert f"  stage {stage} begins" in run.output
        assert re.search(rf"  stage {stage} ends: (\d+) of \1 checks passed in \d+\.\d s", run.output)
    digest = run.document["image"]["digest"]
    done = world.command("verify", str(world.folder / "evidence"), "--image-digest", digest, "--max-age", "1")
    assert done.returncode == 0, done.stderr
    other = world.command("verify", str(world.folder / "evidence"), "--image-digest", "sha256:" + "0" * 64)
    assert other.returncode == 1
    assert "digest" in other.stderr
    for run_id, status in ((world.environ["GITHUB_RUN_ID"], 0), ("2", 1), ("", 1)):
        done = world.command("verify", str(world.folder / "evidence"), "--run", run_id)
        assert done.returncode == status, done.stderr
    left = world.command("stop")
    assert left.returncode == 0, left.stderr
    assert "owes no stop" in left.stdout
    assert world.posts == ["/v1/deploy", "/v1/stop", "/v1/outcome"]


@pytest.mark.parametrize("left", [0, 1])
def test_a_receipt_without_both_mounts_never_passes(live, left):
    def tamper(exchange):
        if exchange.path.startswith("/v1/deploy") and exchange.status == 200:
            body = json.loads(exchange.body)
            exchange.body = json.dumps(body | {"mounts": (body.get("mounts") or [])[:left]}).encode()

    world = live(World(tamper=tamper))
    run = world.run()
    assert (run.document["verdict"], run.document["clause"], run.status) == ("FAIL", "AGT-4", 1), run.output
    assert world.stack.running() is False


def killed(live):
    """The world of a run that was killed while its runtime was watched."""
    running = threading.Event()

    def tamper(exchange):
        if exchange.path == "/v1/status" and b'"running":true' in exchange.body.replace(b" ", b""):
            running.set()

    world = live(World(tamper=tamper), quiet_window_seconds=120)
    process = world.start()
    assert running.wait(60)
    process.kill()
    process.wait()
    return world


@pytest.mark.way_out("SIGKILL to the gate's process while it watches", "step")
def test_what_a_killed_run_left_is_stopped(live):
    """SIGKILL runs nothing of ours: the workflow's last step reads the journal and stops."""
    world = killed(live)
    assert world.stack.running() is True
    document = json.loads((world.folder / "evidence" / "evidence.json").read_text())
    assert document["verdict"] == "INCOMPLETE"
    done = world.command("stop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.stack.running() is False
    assert world.command("verify", str(world.folder / "evidence")).returncode == 1
    document = json.loads((world.folder / "evidence" / "evidence.json").read_text())
    assert document["verdict"] in {"FAIL", "INCOMPLETE"}
    assert document["stop"]["confirmed"] is True
    # A second call finds nothing owed, and leaves everything alone.
    assert world.command("stop").returncode == 0
    assert world.posts == ["/v1/deploy", "/v1/stop"]


def test_a_stop_that_finds_no_agent_says_so(live):
    """The stop is owed, the agent is gone: the step fails, so that a person looks."""
    running = threading.Event()

    def intercept(exchange):
        gone = running.is_set()
        running.set() if exchange.path == "/v1/deploy" else None
        if gone:
            exchange.status, exchange.body = 502, b"<html>502 Bad gateway</html>"
        return gone

    world = live(World(intercept=intercept), quiet_window_seconds=120, deadlines={"stop_seconds": 5})
    run = world.run()
    assert (run.document["verdict"], run.status) == ("FAIL", 1), run.output
    assert "NOT confirmed" in run.output
    done = world.command("stop")
    assert done.returncode == 1
    assert "502" in done.stdout + done.stderr


def test_live_needs_https_and_another_machine(live):
    world = live()
    world.environ["DEPLOY_ENDPOINT"] = world.environ["DEPLOY_ENDPOINT"].replace("https", "http")
    run = world.run()
    assert (run.document["verdict"], run.status) == ("REFUSED", 4)
    assert "https" in run.document["reason"]
    world.environ["DEPLOY_ENDPOINT"] = world.stack.environ["DEPLOY_ENDPOINT"]
    run = world.run()
    assert (run.document["verdict"], run.document["clause"], run.status) == ("REFUSED", "EXT-1", 4)
    assert world.posts == []


def test_a_certificate_nobody_signed_is_not_trusted(live):
    world = live()
    del world.environ["SSL_CERT_FILE"]
    run = world.run()
    assert (run.document["verdict"], run.status) == ("REFUSED", 1), run.output
    assert "certificate" in run.document["reason"]
    assert world.posts == []


def spellings(secret):
    plain = secret.encode()
    yield from (secret, quote(secret, safe=""), base64.b64encode(plain).decode().rstrip("="), plain.hex())
    yield base64.urlsafe_b64encode(plain).decode().rstrip("=")


OWN = """
import os, pytest
pytestmark = pytest.mark.smoke_stage("verify")

def test_own(smoke_status):
    secret = os.environ["CF_ACCESS_CLIENT_SECRET"]
    print("printed", secret)
    assert secret == "", f"said {secret}"
"""


@pytest.mark.parametrize("where", ["status", "log", "own check"])
def test_no_secret_reaches_any_output(live, where):
    """The canary: each part of the world repeats the secrets, and no file or terminal shows one."""
    told = []

    def tamper(exchange):
        if where == "status" and exchange.path in {"/health", "/v1/status", "/v1/preflight"}:
            body = json.loads(exchange.body)
            body["note"] = body["container_id"] = " ".join(told)
            exchange.body = json.dumps(body).encode()

    leak = RUNTIME.replace(IDLE, f'cat "$AUDIT_EVENTS_PATH/canary" 2>/dev/null\n{IDLE}')
    world = live(World(runtime=leak if where == "log" else None, tamper=tamper))
    names = ("CF_ACCESS_CLIENT_ID", "CF_ACCESS_CLIENT_SECRET", "GITHUB_TOKEN")
    secrets = [world.environ[name] for name in names]
    told += [text for secret in secrets for text in spellings(secret)]
    (world.stack.folder / "mounts" / "audit-events" / "canary").write_text("\n".join(told) + "\n")
    (world.folder / "test_own.py").write_text(OWN)
    own = [str(world.folder / "test_own.py")] if where == "own check" else []
    run = world.run("-v", "-rA", "--tb=long", "--showlocals", *own)
    assert run.document["verdict"] == "FAIL", run.output
    assert "idle" in (world.folder / "evidence" / "startup.log").read_text()
    files = [file for file in (world.folder / "evidence").rglob("*") if file.is_file()]
    assert {"report.html", "evidence.json", "journal.jsonl", "junit.xml"} <= {file.name for file in files}
    for file in [*files, world.folder / "output.txt"]:
        text = file.read_text(errors="replace")
        for secret in told:
            assert secret not in text, f"{file.name} shows a secret"
    assert "[redacted]" in run.output


def test_no_header_is_told_at_whatever_level_somebody_logs(live):
    """The HTTP library's own debug lines quote every header of an answer, the Access cookie too."""
    world = live(World(edge="cookie"))
    own = "import logging\n\n\ndef test_own(smoke_status):\n    logging.getLogger('own').debug('heard')\n"
    stage = 'import pytest\n\npytestmark = pytest.mark.smoke_stage("verify")\n'
    world.lay(test_7_own=stage + own)
    levels = ("-o", "log_cli=true", "--log-cli-level=DEBUG", "--log-level=DEBUG", "--log-file-level=DEBUG")
    run = world.run(*levels, "--log-file=everything.log", "-rA")
    assert (run.document["verdict"], "heard" in run.output) == ("PASS", True), run.output
    files = [file for file in (world.folder / "evidence").rglob("*") if file.is_file()]
    for file in [*files, world.folder / "output.txt", world.folder / "everything.log"]:
        text = file.read_text(errors="replace")
        assert "CF_Authorization" not in text, file.name
        assert "eyJhbGci" not in text, file.name


def test_a_journal_that_lost_a_line_is_no_reason_not_to_stop(live):
    world = killed(live)
    file = world.folder / "evidence" / "journal.jsonl"
    kept = [line for line in file.read_text().splitlines() if '"checks.collected"' not in line]
    file.write_text("\n".join(kept) + "\n")
    done = world.command("stop")
    assert world.stack.running() is False
    assert (done.returncode, "evidence could not be written" in done.stdout) == (1, True), done.stderr


def test_a_folder_that_only_an_option_names_is_known_to_the_workflows_stop(live):
    world = live()
    world.environ["GITHUB_WORKSPACE"] = str(world.folder)
    named = world.folder / "smoke_tests" / "smokedeploy.yml"
    named.parent.mkdir(exist_ok=True)
    named.symlink_to(world.settings)
    run = world.run(f"--smokedeploy-evidence={world.folder / 'out'}")
    assert run.status == 4, run.output
    assert f"this run writes to {world.folder / 'out'}" in " ".join(run.output.split())
    assert world.posts == []
    world.environ["SMOKEDEPLOY_EVIDENCE"] = "smoke-evidence"
    assert world.run().status == 0
