"""No call waits for ever: an engine that never answers, a registry that never does, a stop meanwhile."""

import gc
import select
import socket
import threading
import warnings
from contextlib import contextmanager

import pytest

from pytest_smokedeploy.agent.engines.base import ContainerSpec
from pytest_smokedeploy.agent.engines.docker import logs, pull
from pytest_smokedeploy.agent.engines.docker.engine import DockerEngine
from pytest_smokedeploy.support.errors import EngineError
from tests.integration.engines.conftest import SECONDS, Bench, FailedError, until
from tests.support.needs import needs_docker


@contextmanager
def deaf(family, address):
    """A listener that accepts and never says a word; gives itself and what it accepted."""
    accepted = []
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind(address)
        listener.listen()
        leave = threading.Event()

        def accept():
            while not leave.is_set():
                if select.select([listener], [], [], 0.05)[0]:
                    accepted.append(listener.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener, accepted
        finally:
            leave.set()
            thread.join()
            for one in accepted:
                one.close()


CALLS = {
    "ping": lambda engine: engine.ping(),
    "pull": lambda engine: engine.pull("registry.example/app:v1"),
    "inspect": lambda engine: engine.inspect(),
    "stop": lambda engine: engine.stop(0),
    "remove": lambda engine: engine.remove(),
    "start": lambda engine: engine.start(ContainerSpec("registry.example/app:v1", {}, ())),
    "logs": lambda engine: list(engine.logs(None, follow=True)),
    "activity": lambda engine: engine.activity(),
}


@pytest.mark.parametrize("version", ["", "1.41"], ids=["first call", "later call"])
@pytest.mark.parametrize("call", CALLS)
def test_an_engine_that_never_answers(tmp_path, monkeypatch, call, version):
    monkeypatch.setattr(pull, "PULL_SECONDS", 1)
    monkeypatch.setattr(logs, "_BACK_SECONDS", 0.5)
    path = str(tmp_path / "engine.sock")
    with deaf(socket.AF_UNIX, path):
        engine = DockerEngine("deaf", f"unix://{path}", seconds=1)
        engine._api._version = version
        with pytest.raises(EngineError, match=r"did not answer within 1 seconds|took longer than 1 seconds"):
            CALLS[call](engine)


def test_a_log_whose_answer_never_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "_BACK_SECONDS", 0.5)
    monkeypatch.setattr(logs, "_LOOK_CALL_SECONDS", 1)
    path = str(tmp_path / "engine.sock")
    with deaf(socket.AF_UNIX, path):
        engine = DockerEngine("deaf", f"unix://{path}", seconds=1)
        engine._api._version = "1.41"
        with pytest.raises(EngineError, match="did not answer within"):
            list(logs.read(engine._api, "0" * 64, None, follow=True))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("left", ["nothing", "a socket nobody listens at"])
def test_no_engine_at_all_is_told_and_leaves_no_socket_open(tmp_path, call, left):
    path = tmp_path / "engine.sock"
    if left != "nothing":
        with socket.socket(socket.AF_UNIX) as once:
            once.bind(str(path))
    engine = DockerEngine("none", f"unix://{path}", seconds=1)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with pytest.raises(EngineError, match=r"there is no Docker socket|nothing listens there") as caught:
            CALLS[call](engine)
        caught.value.__traceback__ = None
        del caught
        gc.collect()
    assert [str(w.message) for w in seen if issubclass(w.category, ResourceWarning)] == []


@pytest.fixture
def waiting(tmp_path, registry):
    """A bench whose registry accepts and never answers."""
    with deaf(socket.AF_INET, ("127.0.0.1", 0)) as (listener, accepted):
        repository = f"localhost:{listener.getsockname()[1]}/never"
        bench = Bench(tmp_path, registry, {"ALLOWED_IMAGES": repository})
        bench.repository = repository
        yield bench, accepted


@needs_docker
def test_a_pull_from_a_registry_that_never_answers_has_an_end(waiting, monkeypatch):
    bench, _ = waiting
    monkeypatch.setattr(pull, "PULL_SECONDS", 1)
    with pytest.raises(FailedError, match=r"took longer than 1 seconds|did not answer (with)?in") as caught:
        bench.deploy()
    assert caught.value.step == "pull"


@needs_docker
def test_a_stop_calls_the_pull_off(waiting):
    bench, accepted = waiting
    failed = []

    def deploy():
        try:
            bench.deploy()
        except FailedError as error:
            failed.append(error)

    work = threading.Thread(target=deploy)
    work.start()
    until(lambda: accepted, "the engine asking the registry")
    bench.flow.stop(None, "tests")
    work.join(SECONDS)
    assert "by a stop" in str(failed[0])
    assert failed[0].step == "pull"


@needs_docker
def test_the_progress_of_a_pull_is_told(bench):
    # An image of its own: the engine pulls no layer that it has.
    image = bench.push("v1", f"echo {bench.name}")
    told = []
    bench.engine.pull(image, progress=told.append)
    assert any(line.startswith("layer ") for line in told)
    assert any(line.startswith("Digest: sha256:") for line in told)
