"""A whole smoke deploy on a real engine, its image pulled from a real registry."""

import subprocess
import threading

import docker
import pytest

from pytest_smokedeploy.agent.engines.docker.own import LABEL
from pytest_smokedeploy.rehearsal.registry import Registry
from pytest_smokedeploy.support.image import ImageReference
from tests.rehearsal.gallery.gate import SECONDS, ended, gate, start
from tests.rehearsal.gallery.runtime import CAUSE
from tests.support.needs import needs_docker

pytestmark = needs_docker


def test_a_healthy_world_is_rehearsed_on_docker(tmp_path):
    run = gate(tmp_path, "--smokedeploy-engine", "docker", world="on docker", forked=False)
    assert (run.document["verdict"], run.status) == ("REHEARSED", 0), run.output
    assert run.told["running"] is False
    assert [event["action"] for event in run.document["events"]] == ["create", "start", "kill", "die", "stop"]
    requested = ImageReference.parse(run.document["image"]["requested"])
    assert requested.host.startswith("localhost:")
    assert run.document["image"]["digest"].startswith("sha256:")
    client = docker.from_env()
    try:
        # One call each: the SDK's lists ask for every row again, and another test may remove one meanwhile.
        names = [name for container in client.api.containers(all=True) for name in container["Names"]]
        images = [tag for image in client.api.images() for tag in image["RepoTags"] or ()]
    finally:
        client.close()
    assert "/runtime-dev" not in names
    assert not [tag for tag in images if tag.startswith(requested.host)]


def docker_(command, *words, check=True):
    subprocess.run(["docker", command, "runtime-dev", *words], check=check, capture_output=True, timeout=60)


def shown(run, folder, words):
    """Wait until the gate's output holds `words`."""
    while run.poll() is None and words not in (folder / "output.txt").read_text(errors="replace"):
        threading.Event().wait(0.05)


@pytest.mark.parametrize("again", [False, True], ids=["to the end", "for a while"])
def test_a_container_that_is_paused_while_it_is_watched_is_not_idle(tmp_path, again):
    """Nothing happens in a paused container, so the silence proves nothing; unpaused, it would order."""
    run = start(
        tmp_path,
        *("--smokedeploy-engine", "docker"),
        world="orders after idle, on docker",
        changes={"quiet_window_seconds": 6},
    )
    try:
        shown(run, tmp_path, "observe: OBS-6")
        docker_("pause")
        if again:
            threading.Event().wait(
                1.5
            )  # so long it is paused, of the six seconds; the gate may stop it first
            docker_("unpause", check=False)
        told = ended(tmp_path, run.wait(SECONDS))
    finally:
        run.kill()
    assert (told.document["verdict"], told.document["clause"], told.status) == ("FAIL", "OBS-6", 1), (
        told.output
    )
    assert "state 'paused'" in told.document["reason"]
    assert told.document["stop"]["confirmed"] is True
    assert told.told["running"] is False


@pytest.mark.parametrize(
    ("by_hand", "clause", "words"),
    [
        (
            lambda: (docker_("pause"), docker_("unpause")),
            "OBS-6",
            "the engine told that it was paused: pause at",
        ),
        (lambda: docker_("exec", "sh", "-c", ":"), "EXT-4", "the engine told of exec_create"),
    ],
    ids=["a pause of a moment", "an exec"],
)
def test_what_is_done_by_hand_between_two_looks_is_seen(tmp_path, by_hand, clause, words):
    run = start(
        tmp_path,
        *("--smokedeploy-engine", "docker"),
        world="on docker",
        changes={"quiet_window_seconds": 3},
    )
    try:
        shown(run, tmp_path, "observe: OBS-6")
        by_hand()
        told = ended(tmp_path, run.wait(SECONDS))
    finally:
        run.kill()
    assert (told.document["verdict"], told.document["clause"], told.status) == ("FAIL", clause, 1), (
        told.output
    )
    assert words in told.document["reason"]
    assert told.document["stop"]["confirmed"] is True
    assert told.told["running"] is False


@pytest.mark.parametrize(
    "check",
    ['--interval=4s CMD sh -c "sleep 3; sleep 0.1"', '--interval=1s CMD sh -c "sleep 6; sleep 0.1"'],
    ids=["within the window", "always"],
)
def test_the_images_health_check_is_off(tmp_path, check):
    """Its processes would be counted: in the window as a scheduler, before it as what others hide in."""
    line = f"HEALTHCHECK {check}"
    more = f"from pytest_smokedeploy.rehearsal import registry\nregistry._DECLARED.append({line!r})\n"
    run = gate(
        tmp_path,
        "--smokedeploy-engine",
        "docker",
        world="on docker",
        files={"conftest.py": more},
        changes={"quiet_window_seconds": 3},
    )
    assert (run.document["verdict"], run.status) == ("REHEARSED", 0), run.output
    assert run.document["receipt"]["health_check"] is False
    (words,) = [row["words"] for row in run.document["clauses"] if row["clause"] == "RUN-2"]
    assert "2 processes at idle, 2 after the quiet window" in words


def containers():
    """(state, exit code) of each container under the rehearsal's name."""
    client = docker.from_env()
    try:
        found = client.containers.list(all=True, filters={"name": "runtime-dev"})
        return [(one.status, one.attrs["State"]["ExitCode"]) for one in found]
    finally:
        client.close()


def test_a_start_that_failed_is_kept_until_the_next_rehearsal(tmp_path):
    (tmp_path / "first").mkdir()
    world = "dies noisily while it starts, on docker"
    run = gate(tmp_path / "first", "--smokedeploy-engine", "docker", world=world)
    assert (run.document["verdict"], run.document["clause"]) == ("FAIL", "AGT-5"), run.output
    lines = (run.folder / "evidence" / "startup.log").read_text().splitlines()
    assert len(lines) == 90
    assert CAUSE in (run.folder / "evidence" / "report.html").read_text()
    assert containers() == [("exited", 7)]
    (tmp_path / "second").mkdir()
    run = gate(tmp_path / "second", "--smokedeploy-engine", "docker", world="on docker")
    assert (run.document["verdict"], run.status) == ("REHEARSED", 0), run.output
    assert containers() == []


def test_what_a_killed_rehearsal_left_is_swept_and_an_image_keeps_its_other_name(tmp_path):
    registry, client = Registry(tmp_path / "registry"), docker.from_env().api
    other = "localhost:1/kept:1"
    registry.start()
    try:
        left = f"localhost:{registry.port}/example/runtime"
        registry.push(left, "1.0.0", "exit 7\n")
        client.pull(left, "1.0.0")
        client.tag(f"{left}:1.0.0", *other.rsplit(":", 1))
        client.create_container(f"{left}:1.0.0", name="swept", labels={LABEL: "swept"})
        registry.sweep("swept")
        assert client.containers(all=True, filters={"name": "swept"}) == []
        assert client.inspect_image(other)["RepoTags"] == [other]
    finally:
        client.remove_image(other)
        client.close()
        registry.stop()
