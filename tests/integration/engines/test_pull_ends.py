"""A pull over an older image of the same tag that breaks off is a failure, however it broke off (AGT-1)."""

import contextlib
import signal
import tempfile
import threading
from pathlib import Path

import pytest

from pytest_smokedeploy.agent.engines.docker.engine import DockerEngine
from pytest_smokedeploy.rehearsal.registry import Registry
from pytest_smokedeploy.support.errors import EngineError
from tests.integration.agent.own_engine import OwnEngine
from tests.integration.agent.slow_registry import SlowRegistry
from tests.support.docker_proxy import DockerProxy
from tests.support.needs import needs_docker, needs_podman
from tests.support.podman import podman_service

SECONDS = 60


@contextlib.contextmanager
def docker_service():
    with tempfile.TemporaryDirectory(prefix="dk-") as folder:
        service = OwnEngine(Path(folder) / "e")
        try:
            service.start()
            yield service
        finally:
            service.close()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(docker_service, marks=needs_docker, id="docker"),
        pytest.param(podman_service, marks=needs_podman, id="podman"),
    ],
)
def ground(request, tmp_path_factory):
    """An engine that a test may end, and a registry of its own."""
    with request.param() as service:
        registry = Registry(tmp_path_factory.mktemp("pulls") / "registry", service.host)
        try:
            registry.start()
            yield service, registry
        finally:
            registry.stop()


@pytest.fixture
def pull(ground, tmp_path):
    """A pull of a newer image over an older one, through a line so slow that it is under way."""
    service, registry = ground
    slow, proxy = SlowRegistry(registry.port), DockerProxy(tmp_path / "docker.sock", service.socket)
    engine = DockerEngine("pull-ends", proxy.host)
    image = f"localhost:{slow.port}/example/runtime:v1"
    quick = f"localhost:{registry.port}/example/runtime"
    registry.push(quick, "v1", "echo the older one")
    older = engine.pull(image)
    registry.push(quick, "v1", "echo the newer one")
    slow.reached.clear()
    ended = []

    def run():
        try:
            ended.append(engine.pull(image))
        except EngineError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert slow.reached.wait(SECONDS)

    def end():
        thread.join(SECONDS)
        return ended[0]

    try:
        yield service, proxy, end
        with service.api.client() as client:
            assert client.image(image)["RepoDigests"] == [f"{image.removesuffix(':v1')}@{older}"]
        slow.release()
        assert engine.pull(image) != older, "the next pull is not kept from the newer one"
    finally:
        slow.close()
        with service.api.client() as client:
            client.remove_image(image, force=True)
        proxy.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_with_an_engine_that_is_ended(pull, how):
    service, _, end = pull
    service.end(how)
    assert isinstance(end(), EngineError)
    service.start()


def test_with_the_connection_alone(pull):
    _, proxy, end = pull
    proxy.cut()
    assert isinstance(end(), EngineError)
    proxy.mend()
