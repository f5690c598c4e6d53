"""Every container engine that an agent can run on, and images for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from pytest_smokedeploy.agent.engines.base import ContainerSpec, Engine
from pytest_smokedeploy.agent.engines.docker.engine import LABEL
from pytest_smokedeploy.agent.engines.process.engine import ProcessEngine
from pytest_smokedeploy.agent.engines.registry import ENGINES, PROCESS
from tests.integration.engines.conftest import IDLE, Bench, registry  # noqa: F401 - a fixture
from tests.support.needs import needs_docker


@dataclass
class Ground:
    """An engine with one container name; `push` makes an image of a script, and returns its reference."""

    engine: Engine
    push: Callable[[str, str], str]
    labels: dict[str, str] = field(default_factory=dict)

    def start(self, script: str = IDLE, tag: str = "v1", **env: str) -> str:
        """Push, pull and start a script; returns the image's reference."""
        image = self.push(tag, script)
        self.engine.pull(image)
        self.engine.start(ContainerSpec(image, env, (), self.labels))
        return image

    def lines(self, *, follow: bool = True) -> list[str]:
        """The text of the container's log."""
        return [record.line for batch in self.engine.logs(None, follow=follow) for record in batch]


@pytest.fixture(
    params=[pytest.param(kind, marks=[] if kind == PROCESS else needs_docker) for kind in ENGINES]
)
def ground(request, tmp_path) -> Iterator[Ground]:
    """One engine without a container."""
    if request.param == PROCESS:
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
        return
    bench = Bench(tmp_path, request.getfixturevalue("registry"))
    try:
        yield Ground(bench.engine, bench.push, {LABEL: bench.name})
    finally:
        bench.clear()
