"""The digest of an image that its repository knows by several: the one that was pulled, always."""

import json

import httpx
import pytest

from tests.support.needs import needs_docker

pytestmark = needs_docker
KIND = "application/vnd.docker.distribution.manifest.v2+json"


def under_another_manifest(bench, tag, other):
    """Push the image of `tag` once more as `other`: the same layers and id under another digest."""
    host, _, path = bench.repository.partition("/")
    url = f"http://{host}/v2/{path}/manifests"
    manifest = httpx.get(f"{url}/{tag}", headers={"Accept": KIND}, trust_env=False).json()
    body = json.dumps(manifest, indent=1).encode()
    answer = httpx.put(f"{url}/{other}", content=body, headers={"Content-Type": KIND}, trust_env=False)
    assert answer.status_code == 201, answer.text
    return answer.headers["Docker-Content-Digest"]


@pytest.fixture
def digests(bench):
    """Two digests of one image, in the order pulled; v1 and v2 name it."""
    first = bench.engine.pull(bench.push("v1"))
    second = under_another_manifest(bench, "v1", "v2")
    assert bench.engine.pull(f"{bench.repository}:v2") == second != first
    known = json.loads(
        bench.docker("image", "inspect", "--format", "{{json .RepoDigests}}", f"{bench.repository}:v1")
    )
    assert {one.partition("@")[2] for one in known} == {first, second}
    return {"v1": first, "v2": second}


@pytest.mark.parametrize("tag", ["v1", "v2"])
def test_it_is_the_one_that_the_registry_gave_at_this_pull(bench, digests, tag):
    receipt = bench.deploy(tag)
    assert receipt["image_digest"] == bench.engine.inspect().digest == digests[tag]


@pytest.mark.parametrize("tag", ["v1", "v2"])
def test_one_that_is_asked_for_by_its_digest(bench, digests, tag):
    assert bench.engine.pull(f"{bench.repository}@{digests[tag]}") == digests[tag]


def test_another_pull_changes_nothing_of_what_runs(bench, digests):
    bench.deploy("v1")
    bench.engine.pull(f"{bench.repository}:v2")
    assert bench.engine.inspect().digest == digests["v1"]
