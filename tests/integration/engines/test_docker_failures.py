"""Each step's failures on a real engine: what is said, and that nothing of the new container is left."""

import hashlib
import json
import os
import re

import httpx
import pytest

from pytest_smokedeploy.agent.engines.base import ContainerSpec
from pytest_smokedeploy.agent.engines.docker.engine import DockerEngine
from pytest_smokedeploy.agent.engines.docker.own import LABEL
from pytest_smokedeploy.contract import Mount
from pytest_smokedeploy.support.errors import EngineError
from tests.integration.engines.conftest import Bench, FailedError
from tests.support.needs import needs_docker

pytestmark = needs_docker
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
MANIFESTS = "application/vnd.docker.distribution.manifest.list.v2+json"


def fails(bench, step, words, tag="v1"):
    """A deploy fails in `step` with `words`; the steps before are told, and what never ran is gone."""
    bench.mark()
    with pytest.raises(FailedError, match=words) as caught:
        bench.deploy(tag)
    assert caught.value.step == step
    assert caught.value.steps[-1]["step"] == step
    assert caught.value.steps[-1]["outcome"] == "failed"
    kept = bench.engine.inspect()
    events = bench.events()
    assert (kept is not None and kept.stopped) is (events.count("start") == 1)
    assert events.count("create") - events.count("destroy") == events.count("start") <= 1
    return caught.value


def test_a_tag_that_was_never_pushed(bench):
    bench.push("v1")
    fails(bench, "pull", r"no image under this tag .*Push the image under this tag first\.", "v2")


def test_a_repository_that_was_never_pushed(bench):
    fails(bench, "pull", "Push the image")


def test_a_registry_that_is_not_there(tmp_path, registry):
    bench = Bench(tmp_path, registry, {"ALLOWED_IMAGES": "localhost:1/nowhere"})
    bench.repository = "localhost:1/nowhere"
    fails(bench, "pull", r"nothing listens at the registry's address .*Check that the registry runs\.")


def test_a_mount_whose_source_is_missing_in_the_last_moment(bench):
    image = bench.push("v1")
    bench.engine.pull(image)
    mount = Mount(name="snapshots", source=str(bench.folder / "gone"), target="/data", writable=True)
    with pytest.raises(EngineError, match="a mount's folder is missing") as caught:
        bench.engine.start(ContainerSpec(image, {}, (mount,), {LABEL: bench.name}))
    assert mount.source in str(caught.value)
    assert bench.engine.inspect() is None


def test_an_entrypoint_that_cant_be_started(bench):
    image = bench.push("v1")
    dockerfile = f'FROM {image}\nENTRYPOINT ["/not-there"]\n'
    (bench.folder / "Dockerfile").write_text(dockerfile)
    bench.docker("build", "-q", "-t", f"{bench.repository}:v2", str(bench.folder))
    bench.docker("push", "-q", f"{bench.repository}:v2")
    fails(
        bench, "start", r"the entrypoint /not-there is not in the image .*Check the image's ENTRYPOINT", "v2"
    )


def test_an_entrypoint_that_cant_be_executed(bench):
    # A file that nobody may execute.
    (bench.folder / "plain").write_text("exit 0\n")
    (bench.folder / "plain").chmod(0o644)
    (bench.folder / "Dockerfile").write_text('FROM scratch\nCOPY plain /plain\nENTRYPOINT ["/plain"]\n')
    bench.docker("build", "-q", "-t", f"{bench.repository}:v2", str(bench.folder))
    bench.docker("push", "-q", f"{bench.repository}:v2")
    fails(bench, "start", r"the entrypoint /plain can't be executed .*chmod \+x /plain", "v2")


def test_an_image_for_another_platform_alone(bench):
    host, _, path = bench.push("v1").removesuffix(":v1").partition("/")
    url = f"http://{host}/v2/{path}/manifests"
    one = httpx.get(f"{url}/v1", headers={"Accept": MANIFEST}, trust_env=False)
    digest = f"sha256:{hashlib.sha256(one.content).hexdigest()}"
    platform = {"architecture": "arm64", "os": "linux"}
    row = {"mediaType": MANIFEST, "size": len(one.content), "digest": digest, "platform": platform}
    body = json.dumps({"schemaVersion": 2, "mediaType": MANIFESTS, "manifests": [row]})
    httpx.put(f"{url}/v2", content=body, headers={"Content-Type": MANIFESTS}, trust_env=False)
    words = r"not built for this server's platform, linux/\w+ .* It is built for linux/arm64\. Build and push"
    fails(bench, "pull", words, "v2")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (
            {"credHelpers": {"localhost:1": "missing"}},
            (
                "docker-credential-missing is not installed, or not on the agent's PATH. Install "
                "it, or take it out"
            ),
        ),
        (
            {"credsStore": "expired"},
            'docker-credential-expired exited with "the token has expired". Log the agent\'s user in',
        ),
        ({"credsStore": "silent"}, "it answered with what is no login"),
    ],
    ids=["missing", "expired", "no login"],
)
def test_a_credential_helper_that_gives_no_login(tmp_path, monkeypatch, recwarn, config, words):
    (tmp_path / "config.json").write_text(json.dumps(config))
    for name, script in (("expired", "echo the token has expired; exit 1"), ("silent", "exit 0")):
        helper = tmp_path / f"docker-credential-{name}"
        helper.write_text(f"#!/bin/sh\n{script}\n")
        helper.chmod(0o755)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(EngineError, match=re.escape(words)):
        DockerEngine("credentials", os.environ.get("DOCKER_HOST", "")).pull("localhost:1/a/b:v1")
    assert not recwarn.list


def test_a_network_that_is_not_there(tmp_path, registry):
    bench = Bench(tmp_path, registry, {"NETWORK_MODE": "nowhere-net"})
    bench.push("v1")
    fails(bench, "start", r"nowhere-net.*Check NETWORK_MODE")
    bench.clear()


def test_one_that_exits_while_starting_is_told_with_code_and_last_lines(bench):
    bench.push("v1", "echo one; echo two >&2; exit 7")
    failed = fails(bench, "running", "exit code 7")
    assert (failed.body["exit_code"], sorted(failed.body["last_lines"])) == (7, ["one", "two"])


def test_a_name_that_someone_takes_in_the_last_moment(bench):
    image = bench.push("v1")
    bench.docker("pull", "-q", image)
    foreign = bench.docker("create", "--name", bench.name, image)
    spec = ContainerSpec(image, {}, (), {LABEL: bench.name})
    with pytest.raises(EngineError, match=r"did not make; it is left alone .*by hand"):
        bench.engine.start(spec)
    assert bench.docker("inspect", "--format", "{{.Id}}", bench.name) == foreign


def test_nothing_is_left_of_a_container_whose_start_fails_in_the_engine_itself(bench):
    image = bench.push("v1")
    bench.engine.pull(image)
    mount = Mount(
        name="audit-events", source=str(bench.folder / "audit"), target="/runtime", writable=True
    )  # a folder over a file
    bench.mark()
    with pytest.raises(EngineError):
        bench.engine.start(ContainerSpec(image, {}, (mount,), {LABEL: bench.name}))
    assert bench.engine.inspect() is None
    assert [event for event in bench.events() if event in {"create", "start", "destroy"}] == [
        "create",
        "destroy",
    ]


def test_activity_of_a_container(bench):
    bench.push("v1", "while :; do :; done")
    bench.deploy()
    activity = bench.engine.activity()
    assert activity.cpu_seconds > 0
    assert activity.processes == 1
    # It has no network of its own, so the engine counts nothing there.
    assert (activity.network_tx_bytes, activity.network_rx_bytes) == (None, None)
    bench.engine.stop(0)
    assert bench.engine.activity() is None
    bench.engine.remove()
    assert bench.engine.activity() is None
