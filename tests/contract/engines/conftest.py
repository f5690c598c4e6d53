"""Every container engine that an agent can run on, and images for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from pytest_smokedeploy.agent.engines.base import ContainerSpec, CreatedContainer, Engine
from pytest_smokedeploy.agent.engines.docker.api import Client, DockerApi
from pytest_smokedeploy.agent.engines.docker.own import LABEL
from pytest_smokedeploy.agent.engines.process.engine import ProcessEngine
from pytest_smokedeploy.agent.engines.registry import ENGINES
from pytest_smokedeploy.contract import Limits
from tests.integration.engines.conftest import IDLE, Bench, registry  # noqa: F401 - a fixture
from tests.support.needs import needs_docker, needs_podman
from tests.support.podman import podman  # noqa: F401 - a fixture


@dataclass
class Ground:
    """An engine with one container name; `push` makes an image of a script, and returns its reference.

    `api` is what a person at the server uses, None where there is nothing.
    """

    engine: Engine
    push: Callable[[str, str], str]
    labels: dict[str, str] = field(default_factory=dict)
    api: DockerApi | None = None
    made: CreatedContainer = field(init=False)

    def start(self, script: str = IDLE, tag: str = "v1", limits: Limits | None = None, **env: str) -> str:
        """Push, pull and start a script; returns the image's reference."""
        image = self.push(tag, script)
        self.engine.pull(image)
        spec = ContainerSpec(image, env, (), self.labels, limits=limits or Limits())
        self.made = self.engine.start(spec)
        return image

    def lines(self, *, follow: bool = True) -> list[str]:
        """The text of the container's log."""
        return [record.line for batch in self.engine.logs(None, follow=follow) for record in batch]


@dataclass
class Row:
    """One engine: what it needs here, and the fixture whose value makes its ground."""

    ground: str
    marks: tuple[pytest.MarkDecorator, ...] = ()


#: Podman is the engine `docker` at another socket.
ROWS = {
    "docker": Row("docker_ground", (needs_docker,)),
    "podman": Row("podman_ground", (needs_podman,)),
    "process": Row("process_ground"),
}

assert set(ENGINES) <= set(ROWS), "each engine that an agent can run on keeps the contract"


@pytest.fixture(params=[pytest.param(row.ground, marks=row.marks, id=name) for name, row in ROWS.items()])
def ground(request) -> Ground:
    """One engine without a container."""
    return request.getfixturevalue(request.param)


@pytest.fixture(
    params=[pytest.param(row.ground, marks=row.marks, id=name) for name, row in ROWS.items() if row.marks]
)
def by_hand(request) -> Iterator[tuple[Ground, Client]]:
    """One engine without a container, and a client by which a person at the server does something to it."""
    ground = request.getfixturevalue(request.param)
    with ground.api.client() as client:
        yield ground, client


@pytest.fixture
def process_ground(tmp_path) -> Iterator[Ground]:
    """The process engine, and a store of images."""
    store = tmp_path / "store"

    def push(tag, script):
        file = store / "registry.example" / "app" / tag / "run"
        file.parent.mkdir(parents=True)
        file.write_text(f"{script}\n")
        return f"registry.example/app:{tag}"

    store.mkdir()
    made = Ground(ProcessEngine(store), push)
    yield made
    made.engine.stop(0)


@pytest.fixture
def docker_ground(tmp_path, registry) -> Iterator[Ground]:  # noqa: F811 - the fixture
    """The machine's own Docker."""
    yield from _ground(Bench(tmp_path, registry))


@pytest.fixture
def podman_ground(tmp_path, podman) -> Iterator[Ground]:  # noqa: F811 - the fixture
    """The engine `docker` at Podman's socket."""
    service, its_registry = podman
    yield from _ground(Bench(tmp_path, its_registry, host=service.host))


def _ground(bench: Bench) -> Iterator[Ground]:
    try:
        yield Ground(bench.engine, bench.push, {LABEL: bench.name}, bench.api)
    finally:
        bench.clear()
