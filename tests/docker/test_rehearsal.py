"""A whole smoke deploy on a real engine, its image pulled from a real registry."""

import docker

from pytest_smokedeploy.image import ImageReference
from tests.gallery.gate import gate
from tests.needs import needs_docker

pytestmark = needs_docker


def test_a_healthy_world_is_rehearsed_on_docker(tmp_path):
    run = gate(tmp_path, "--smokedeploy-engine", "docker", world="on docker")
    assert (run.document["verdict"], run.status) == ("REHEARSED", 0), run.output
    assert run.told["running"] is False
    requested = ImageReference.parse(run.document["image"]["requested"])
    assert requested.host.startswith("localhost:")
    assert run.document["image"]["digest"].startswith("sha256:")
    client = docker.from_env()
    try:
        names = [container.name for container in client.containers.list(all=True)]
        images = [tag for image in client.images.list() for tag in image.tags]
    finally:
        client.close()
    assert "runtime-dev" not in names
    assert not [tag for tag in images if tag.startswith(requested.host)]
