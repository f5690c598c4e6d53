"""The agent's settings: all that is wrong is told at once, and the documents tell all there is."""

import re
from pathlib import Path

import pytest

from pytest_smokedeploy.agent.settings import AgentSettings, WrongSettingsError
from pytest_smokedeploy.support.redaction import Sanitiser

DOC = Path(__file__).parents[3] / "docs" / "agent.md"


@pytest.fixture
def environ(tmp_path):
    return {
        "ENVIRONMENT": "dev",
        "CONTAINER_NAME": "runtime",
        "AUDIT_EVENTS_PATH": str(tmp_path / "audit"),
        "SNAPSHOTS_PATH": str(tmp_path / "snapshots"),
        "STATE_PATH": str(tmp_path / "state"),
        "ALLOWED_IMAGES": "ghcr.io/example/runtime",
        "CF_ACCESS_TEAM_DOMAIN": "team.example.test",
        "CF_ACCESS_AUD": "audience",
    }


class Asked(dict):
    """An environment that remembers what it was asked for."""

    def __init__(self, *args):
        super().__init__(*args)
        self.names = set()

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)


def wrong(environ, **changes):
    with pytest.raises(WrongSettingsError) as caught:
        AgentSettings.from_environ(environ | changes)
    return [str(error) for error in caught.value.errors]


def test_every_setting_stands_in_the_documents_and_no_other(environ):
    asked = Asked(environ | {"ENGINE": "process", "PROCESS_STORE": "/store"})
    AgentSettings.from_environ(asked)
    table = DOC.read_text().partition("## Settings")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)) == asked.names


def test_the_documents_defaults_are_the_codes(environ):
    found = AgentSettings.from_environ(environ)
    table = DOC.read_text().partition("## Settings")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^\| `([A-Z_]+)` \| `([^`]+)` \|", table, re.MULTILINE))
    assert told == {
        "AUDIT_EVENTS_TARGET": found.audit_events_target,
        "SNAPSHOTS_TARGET": found.snapshots_target,
        "ALLOW_EXECUTION_PLANE": found.execution_plane,
        "LEASE_MAX_SECONDS": str(found.lease_max_seconds),
        "BIND": found.bind,
        "BIND_ANYWHERE": "no",
        "PORT": str(found.port),
        "ENGINE": found.engine,
        "NETWORK_MODE": found.network_mode,
        "MEMORY_LIMIT_MB": str(found.memory_limit_mb),
        "PROCESS_LIMIT": str(found.process_limit),
        "LOG_LIMIT_MB": str(found.log_limit_mb),
        "STOP_GRACE_SECONDS": str(found.grace_seconds),
        "DATABASE_TABLE": found.database_table,
    }


def test_capabilities_are_named_as_the_kernel_names_them(environ):
    found = AgentSettings.from_environ({**environ, "CAPABILITIES": "cap_setuid NET_BIND_SERVICE,SETUID"})
    assert found.limits.capabilities == ("NET_BIND_SERVICE", "SETUID")
    assert wrong(environ, CAPABILITIES="NET_BIND") == [
        "CAPABILITIES: holds 'NET_BIND', which is no capability of the kernel; such as NET_BIND_SERVICE."
    ]
    assert wrong(environ, CAPABILITIES="ALL") == [
        "CAPABILITIES: holds 'ALL', which is no capability of the kernel; such as NET_BIND_SERVICE."
    ]


def test_a_limit_of_zero_is_none(environ):
    found = AgentSettings.from_environ({**environ, "MEMORY_LIMIT_MB": "0", "PROCESS_LIMIT": "0"})
    assert (found.limits.memory_bytes, found.limits.processes) == (None, None)


def test_all_that_is_missing_is_told_at_once():
    told = wrong({})
    assert len(told) == 8
    assert all("is required and not set" in line for line in told)


def test_all_that_is_wrong_is_told_at_once(environ):
    told = wrong(environ, PORT="70000", ENGINE="podman", ENVIRONMENT=" ", ALLOWED_IMAGES="a/b:v1 c/d@e")
    assert [line.partition(":")[0] for line in told] == [
        "ENGINE",
        "ENVIRONMENT",
        "ALLOWED_IMAGES",
        "ALLOWED_IMAGES",
        "PORT",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONTAINER_NAME", "a b"),
        ("AUDIT_EVENTS_PATH", "relative"),
        ("ALLOWED_IMAGES", ","),
        ("ALLOW_EXECUTION_PLANE", ","),
        ("CF_ACCESS_TEAM_DOMAIN", "http://team.example.test"),
        ("CF_ACCESS_TEAM_DOMAIN", "team"),
        ("PORT", "8o80"),
        ("PORT", "9" * 5000),
        ("STOP_GRACE_SECONDS", "-1"),
        ("LEASE_MAX_SECONDS", "0"),
        ("DATABASE_TABLE", "a; b"),
        ("STOP_ONLY_IMAGES", "x/stop:latest"),
        ("RUNTIME_ENV_FILE", "/nowhere/at/all"),
        ("BIND", "0.0.0.0"),  # noqa: S104 - what is refused
        ("BIND_ANYWHERE", "perhaps"),
    ],
)
def test_a_wrong_one_is_named(environ, name, value):
    (told,) = wrong(environ, **{name: value})
    assert told.startswith(f"{name}: ")
    assert len(told) < 6000


def test_anything_but_loopback_takes_a_word_more(environ):
    found = AgentSettings.from_environ(environ | {"BIND": "0.0.0.0", "BIND_ANYWHERE": "yes"})  # noqa: S104
    assert found.bind == "0.0.0.0"  # noqa: S104


def test_a_state_that_the_runtime_could_write_to(environ):
    (told,) = wrong(environ, STATE_PATH=environ["SNAPSHOTS_PATH"] + "/state")
    assert "could lift its own hold" in told


def test_a_broken_line_of_the_runtimes_file_is_not_repeated(environ, tmp_path):
    file = tmp_path / "runtime.env"
    file.write_text("A=1\ncanary-without-a-name\n")
    (told,) = wrong(environ, RUNTIME_ENV_FILE=str(file))
    assert told.startswith("runtime.env:2: is no KEY=VALUE line")
    assert "canary" not in told


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_quoted_value_is_masked_with_and_without_its_quotes(environ, tmp_path, quote):
    file = tmp_path / "runtime.env"
    file.write_text(f"DB_PASSWORD={quote}hunter2hunter2{quote}\n")
    found = AgentSettings.from_environ(environ | {"RUNTIME_ENV_FILE": str(file)})
    assert found.runtime_env["DB_PASSWORD"] == f"{quote}hunter2hunter2{quote}"
    mask = Sanitiser(found.secrets).text
    assert (
        mask(f"with {quote}hunter2hunter2{quote}, without hunter2hunter2")
        == "with [redacted], without [redacted]"
    )


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("team.example.test", "https://team.example.test"),
        ("https://Team.example.test/", "https://team.example.test"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_the_teams_address(environ, text, taken):
    assert AgentSettings.from_environ(environ | {"CF_ACCESS_TEAM_DOMAIN": text}).team == taken


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:80@evil.example.com",
        "http://127.0.0.1:x@evil.example.com",
        "http://127.0.0.1:80\\@evil.example.com",
        "http://127.0.0.1:x",
        "http://127.0.0.1:80#@evil.example.com",
        "http://127.0.0.1:80?x=y",
        "http://127.0.0.1.example.com:80",
        "http://x.localhost:80",
        "http://localhost:80/path",
        "http://local host:80",
        "https://user@team.example.test",
        "https://team.example.test:444",
        "https://team.example.test/path",
        "ftp://team.example.test",
        "http://",
    ],
)
def test_an_address_that_only_begins_like_one_is_refused(environ, text):
    (told,) = wrong(environ, CF_ACCESS_TEAM_DOMAIN=text)
    assert told.startswith("CF_ACCESS_TEAM_DOMAIN: ")


def test_what_the_engine_would_refuse_once_the_old_container_is_gone_is_a_wrong_setting(environ):
    assert wrong(environ, MEMORY_LIMIT_MB="5") == [
        "MEMORY_LIMIT_MB: is '5'; 0, or at least 6, which Docker wants."
    ]
    assert AgentSettings.from_environ({**environ, "MEMORY_LIMIT_MB": "6"}).limits.memory_bytes == 6 << 20
    assert wrong(environ, SNAPSHOTS_TARGET="/data/..") == [
        "SNAPSHOTS_TARGET: is '/'; a folder below it, since nothing can be mounted over the whole container."
    ]
    assert wrong(environ, SNAPSHOTS_TARGET="/data//audit-events/") == [
        "SNAPSHOTS_TARGET: is AUDIT_EVENTS_TARGET too; each mount has a place of its own."
    ]


def test_further_mounts(environ):
    told = "spool=/srv/spool:/data/spool, big.cache=/srv/cache:/cache/"
    found = AgentSettings.from_environ({**environ, "MOUNTS": told})
    names = [(m.name, m.source, m.target, m.writable) for m in found.mounts[2:]]
    assert names == [
        ("spool", "/srv/spool", "/data/spool", True),
        ("big.cache", "/srv/cache", "/cache", True),
    ]
    assert found.mount_env["BIG_CACHE_PATH"] == "/cache"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("spool", "MOUNTS: holds 'spool'; a mount is NAME=/folder"),
        ("Spool=/a:/b", "MOUNTS: holds 'Spool=/a:/b'"),
        ("spool=a:/b", "MOUNTS: is 'a'; an absolute path."),
        ("spool=/a:/", "MOUNTS: is '/'; a folder below it"),
        ("snapshots=/a:/b", "MOUNTS: has the name snapshots, and another mount is called snapshots"),
        ("a.b=/a:/b a-b=/c:/d", "MOUNTS: has the name a-b, and another mount is called a.b"),
        ("a=/x:/b c=/x:/d", "MOUNTS, c: is MOUNTS, a too; each mount has a folder of its own."),
        ("a=/x:/data/snapshots", "MOUNTS, a: is SNAPSHOTS_TARGET too; each mount has a place of its own."),
    ],
)
def test_a_further_mount_that_is_none(environ, told, words):
    (said,) = wrong(environ, MOUNTS=told)
    assert said.startswith(words)
