"""``smokedeploy agent --check``: a line for each thing, and nothing changed."""

import grp
import os
import pwd
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pytest_smokedeploy.agent.main import run


@pytest.fixture
def environ(make_agent, tmp_path):
    with closing(sqlite3.connect(tmp_path / "d.sqlite")) as database:
        database.execute("CREATE TABLE schema_migrations (version TEXT)")
    return make_agent(DATABASE_URL=f"sqlite:///{tmp_path}/d.sqlite").environ


@pytest.fixture
def check(environ, capsys):
    def checked(**changes):
        status = run(["--check"], environ | changes)
        lines = capsys.readouterr().out.splitlines()
        return status, [line for line in lines if line.startswith("wrong")], lines

    return checked


def test_all_is_well(check, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    status, wrong, lines = check()
    assert (status, wrong) == (0, [])
    for what in (
        "settings",
        "engine",
        "AUDIT_EVENTS_PATH",
        "SNAPSHOTS_PATH",
        "STATE_PATH",
        "keys",
        "database",
    ):
        assert any(line.startswith(f"ok     {what}") for line in lines), what
    assert lines[-1].startswith("next   start the agent (systemctl enable --now deploy-agent)")
    assert "smokedeploy check --live" in lines[-1]
    assert sorted(tmp_path.rglob("*")) == before


def one(wrong, what):
    (line,) = wrong
    assert line.startswith(f"wrong  {what}: ")
    return line


def test_wrong_settings_are_all_told(check):
    status, wrong, lines = check(PORT="x", ENVIRONMENT="")
    assert status == 1
    assert len(wrong) == 3
    assert "mend the settings first" in wrong[-1]
    assert (
        lines[-1]
        == "next   first mend what is wrong with the settings ENVIRONMENT, PORT, then call this again"
    )


@pytest.mark.parametrize(
    "setting",
    [
        {"ENVIRONMENT": "your-environment"},
        {"CONTAINER_NAME": "change-me"},
        {"ALLOWED_IMAGES": "ghcr.io/example/runtime ghcr.io/your-organisation/runtime"},
        {"CF_ACCESS_TEAM_DOMAIN": "your-team.cloudflareaccess.com"},
        {"CF_ACCESS_AUD": "your-application-aud-tag"},
    ],
)
def test_a_placeholder_is_named(check, setting):
    status, wrong, _ = check(**setting)
    assert (status, wrong[:-1]) == (
        1,
        [f"wrong  settings: {name}: is still the placeholder; write your own value." for name in setting],
    )


def test_a_mount_is_missing(check, tmp_path):
    status, wrong, lines = check(SNAPSHOTS_PATH=str(tmp_path / "none"))
    assert status == 1
    assert lines[-1] == "next   first mend what is wrong with SNAPSHOTS_PATH, then call this again"
    assert "Create it" in one(wrong, "SNAPSHOTS_PATH")


def test_a_mount_is_told_with_who_may_write_to_it_and_how_to_open_it(check, environ):
    folder = Path(environ["AUDIT_EVENTS_PATH"])
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    known = (
        f"ok     AUDIT_EVENTS_PATH: {folder} can be written to by {user}; whether the container's user may"
    )
    command = f"chown UID:{group} {folder} && chmod 0770 {folder}"
    for mode, told in ((0o750, True), (0o770, False), (0o757, False)):
        folder.chmod(mode)
        status, _, lines = check()
        (line,) = [line for line in lines if line.startswith(known)]
        assert (status, command in line) == (0, told), line


def test_no_engine(check, tmp_path):
    status, wrong, _ = check(ENGINE="docker", DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert status == 1
    assert one(wrong, "engine").count("Start ") == 1


def test_no_keys(check):
    status, wrong, _ = check(CF_ACCESS_TEAM_DOMAIN="http://127.0.0.1:1")
    assert status == 1
    assert "nobody is let in" in one(wrong, "keys")


def test_a_state_others_may_write_to(check, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    assert "chmod 700" in one(check()[1], "STATE_PATH")


def test_a_state_that_cannot_be_made(check, tmp_path):
    (tmp_path / "file").write_text("")
    assert "can't be written to" in one(check(STATE_PATH=str(tmp_path / "file" / "state"))[1], "STATE_PATH")


def test_a_runtime_environment_everybody_can_read(check, tmp_path):
    file = tmp_path / "runtime.env"
    file.write_text("API_TOKEN=canary-word\n")
    file.chmod(0o644)
    _, wrong, lines = check(RUNTIME_ENV_FILE=str(file))
    # The file may be root's, and the agent's by its group: what others may do is taken away alone.
    assert f"`chmod o= {file}`" in one(wrong, "RUNTIME_ENV_FILE")
    assert "canary" not in "".join(lines)


def test_quotes_of_the_runtimes_environment_are_told(check, tmp_path):
    file = tmp_path / "runtime.env"
    file.write_text("DB_PASSWORD=\"canary-word\"\nNOTE='a'\nPLAIN=b\nEMPTY=\n")
    file.chmod(0o600)
    status, _, lines = check(RUNTIME_ENV_FILE=str(file))
    assert status == 0
    assert any(
        "4 names: DB_PASSWORD, NOTE, PLAIN, EMPTY (empty); the quotes around the value" in line
        for line in lines
    )
    assert any("the quotes around the value of DB_PASSWORD, NOTE belong to it" in line for line in lines)
    assert "canary" not in "".join(lines)


def test_the_database(check):
    _, wrong, lines = check(DATABASE_URL="postgresql://smoke:canary-word@127.0.0.1:1/x")
    assert "refused" in one(wrong, "database")
    assert "canary" not in "".join(lines)
