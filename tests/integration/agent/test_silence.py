"""What the runtime says of its own secrets is told to nobody; a lease's thread outlives any error."""

import threading

from pytest_smokedeploy.agent.domain import leases
from pytest_smokedeploy.agent.domain.state import Store

SECRETS = {"EXCHANGE_API_KEY": "an-example-key-of-a-test", "STORE": "redis://user:example-word@host/0"}


def env_file(folder):
    file = folder / "runtime.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()))
    return str(file)


def test_a_runtime_that_prints_its_environment_does_not_tell_it_in_the_log(make_agent, new_id, tmp_path):
    agent = make_agent(RUNTIME_ENV_FILE=env_file(tmp_path))
    says = 'echo "started with $EXCHANGE_API_KEY and $STORE"\nexec sleep 1000\n'
    assert agent.deploy(agent.image("1.0.0", says), new_id()).status_code == 200
    told = agent.call("GET", "/v1/logs").text
    assert "started with [redacted]" in told
    assert not [word for word in ("an-example-key-of-a-test", "example-word") if word in told]


def test_nor_in_its_last_words(make_agent, new_id, tmp_path):
    agent = make_agent(RUNTIME_ENV_FILE=env_file(tmp_path))
    answer = agent.deploy(agent.image("1.0.0", 'echo "no luck: $EXCHANGE_API_KEY"\nexit 3\n'), new_id())
    assert answer.status_code == 500
    assert "no luck: [redacted]" in answer.text
    assert "an-example-key-of-a-test" not in answer.text


class Stubborn:
    """A container whose first stop fails in a way that nobody thought of."""

    def __init__(self):
        self.acting = threading.RLock()
        self.tried = 0
        self.stopped = threading.Event()

    def stop(self, _key):
        self.tried += 1
        if self.tried == 1:
            raise OSError("no file can be opened")
        self.stopped.set()
        return True


def test_an_error_nobody_thought_of_does_not_end_the_watch(monkeypatch, tmp_path):
    monkeypatch.setattr(leases, "_LOOK_SECONDS", 0.0)
    container = Stubborn()
    store = Store(tmp_path / "state")
    store.claim()
    watch = leases.Leases(store, container, 60, lambda: None)
    watch.left_over("one")
    assert container.stopped.wait(10)
    watch.close(0.0)
