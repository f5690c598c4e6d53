"""The log's stream through a real nginx with its default buffering, between client and agent."""

import socket
import subprocess

import pytest

from pytest_smokedeploy import contract
from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.support.redaction import Secret
from tests.support.agent_process import until

pytestmark = pytest.mark.needs("nginx")
CONFIG = """daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {agent};
            proxy_http_version 1.1;
            proxy_set_header {header} {assertion};
        }}
    }}
}}
"""


@pytest.fixture
def through(agent, new_id, tmp_path):
    """through() -> (client behind nginx, deploy id) of a runtime that has written one line."""
    started = []

    def make():
        deploy_id = new_id()
        assert agent.deploy(agent.image("1.0.0"), deploy_id).status_code == 200
        folder = tmp_path / "nginx"
        folder.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        text = CONFIG.format(
            folder=folder,
            port=port,
            agent=str(agent.client.base_url).rstrip("/"),
            header=contract.ASSERTION_HEADER,
            assertion=agent.keys.service(),
        )
        (folder / "nginx.conf").write_text(text)
        command = [
            "nginx",
            "-p",
            str(folder),
            "-c",
            str(folder / "nginx.conf"),
            "-e",
            str(folder / "error.log"),
        ]
        started.append(subprocess.Popen(command))
        until(lambda: _listens(port))
        client = AgentClient(f"http://127.0.0.1:{port}", Secret(""), Secret(""), request_seconds=3)
        started.append(client)
        return client, deploy_id

    yield make
    for one in reversed(started):
        if isinstance(one, AgentClient):
            one.close()
        else:
            one.terminate()
            one.wait()


def _listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_its_default_buffering_passes_each_line_on_as_it_is_written(through):
    client, deploy_id = through()
    with client.logs(follow=True, deploy_id=deploy_id) as stream:
        record = stream.next(10)
    assert isinstance(record, contract.LogLine)
    assert record.line == "ready"


def test_the_stream_asks_for_no_buffering_and_no_cache(agent, new_id):
    assert agent.deploy(agent.image("1.0.0"), new_id()).status_code == 200
    headers = agent.call("GET", "/v1/logs").headers
    assert (headers["x-accel-buffering"], headers["cache-control"]) == ("no", "no-store")
