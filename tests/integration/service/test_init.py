"""``smokedeploy agent init``: what is missing is laid with owner and mode, what is there is left as it is."""

import os
import re
import stat
from types import SimpleNamespace

import pytest

from pytest_smokedeploy.agent import installation
from pytest_smokedeploy.agent.main import run
from pytest_smokedeploy.agent.settings import AgentSettings, WrongSettingsError

ENV, UNIT = "etc/deploy-agent/agent.env", "etc/systemd/system/deploy-agent.service"
COMMAND = "usr/local/bin/smokedeploy"
MODES = {
    "etc/deploy-agent": 0o750,
    ENV: 0o640,
    UNIT: 0o644,
    "var/lib/deploy-agent": 0o700,
    "srv/runtime": 0o755,
    "srv/runtime/audit-events": 0o750,
    "srv/runtime/snapshots": 0o750,
}
ROOTS = {"etc/deploy-agent", ENV, UNIT}
NUMBERS = {
    name: SimpleNamespace(pw_uid=number, pw_gid=number, gr_gid=number)
    for name, number in (("root", 0), ("deploy-agent", 990))
}


@pytest.fixture
def lay(tmp_path, capsys):
    """lay() -> exit status, and what is said without the command's name."""

    def called():
        status = run(["init", "--root", str(tmp_path)], {})
        out, err = capsys.readouterr()
        return status, (out + err).replace("smokedeploy agent init: ", "").splitlines()

    return called


def values(file):
    rows = (row.partition("=") for row in file.read_text().splitlines() if row and not row.startswith("#"))
    return {name: value for name, _, value in rows}


def test_an_empty_server_gets_everything_with_its_mode(lay, tmp_path):
    before = os.umask(0o077)
    try:
        status, said = lay()
    finally:
        os.umask(before)
    assert status == 0
    assert {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in MODES} == MODES
    assert f"laid {tmp_path}/srv/runtime/snapshots (deploy-agent:deploy-agent, 0750)" in said
    program = f"{installation.sysconfig.get_path('scripts')}/smokedeploy"
    assert f"ExecStart={program} agent" in (tmp_path / UNIT).read_text().splitlines()
    assert str((tmp_path / COMMAND).readlink()) == program
    assert f"laid {tmp_path / COMMAND}, which is {program}" in said


def test_what_it_lays_is_refused_for_its_placeholders_alone(lay, tmp_path):
    _, said = lay()
    laid = values(tmp_path / ENV)
    required = {str(field.alias) for field in AgentSettings.model_fields.values() if field.is_required()}
    assert set(laid) == required - {"PROCESS_STORE"}
    with pytest.raises(WrongSettingsError) as caught:
        AgentSettings.from_environ(laid)
    wrong = ["ALLOWED_IMAGES", "CF_ACCESS_TEAM_DOMAIN", "CF_ACCESS_AUD"]
    assert sorted(str(one) for one in caught.value.errors) == [
        f"{name}: is still the placeholder; write your own value." for name in sorted(wrong)
    ]
    assert f"next, 1. Write your own values in /{ENV} for {', '.join(wrong)}." in said


def test_it_says_what_to_do_next_as_the_unit_has_it(lay):
    properties = (
        "-p User=deploy-agent -p SupplementaryGroups=docker -p EnvironmentFile=/etc/deploy-agent/agent.env"
    )
    look, start = lay()[1][-2:]
    assert f"systemd-run --quiet --pipe --wait {properties} " in look
    assert look.endswith("/smokedeploy agent --check")
    assert start.endswith(": systemctl daemon-reload && systemctl enable --now deploy-agent")


def test_what_a_person_calls_is_what_the_unit_starts(lay, tmp_path):
    (tmp_path / UNIT).parent.mkdir(parents=True)
    (tmp_path / UNIT).write_text(
        "[Service]\nSupplementaryGroups=docker adm\nExecStart=/opt/other/smokedeploy agent\n"
    )
    said = lay()[1]
    assert str((tmp_path / COMMAND).readlink()) == "/opt/other/smokedeploy"
    look = "-p 'SupplementaryGroups=docker adm' /opt/other/smokedeploy agent --check"
    assert said[-2].endswith(look)


def test_what_is_there_is_left_as_it_is(lay, tmp_path):
    theirs = {
        ENV: "ENVIRONMENT=dev\nSNAPSHOTS_PATH=/data/snap\n",
        UNIT: "[Service]\nExecStart=/usr/bin/other agent\n",
    }
    for name, text in theirs.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    before = (tmp_path / ENV).stat()
    _, said = lay()
    for name, text in theirs.items():
        assert (tmp_path / name).read_text() == text
        assert f"left as it is: {tmp_path / name}" in said
    assert (tmp_path / ENV).stat() == before
    assert f"laid {tmp_path}/data/snap (deploy-agent:deploy-agent, 0750)" in said
    assert not (tmp_path / "srv").exists()
    assert any(row.startswith("add /data/snap to ReadWritePaths=") for row in said)
    assert said[-2].endswith("/usr/bin/other agent --check")
    first = sorted(tmp_path.rglob("*"))
    assert not [row for row in lay()[1] if row.startswith("laid")]
    assert sorted(tmp_path.rglob("*")) == first


def test_mounts_that_their_owner_alone_may_write_to_are_told_with_the_command(lay, tmp_path):
    folders = "/srv/runtime/audit-events /srv/runtime/snapshots"
    command = f"chown UID:deploy-agent {folders} && chmod 0770 {folders}"
    (row,) = [row for row in lay()[1] if row.startswith("next, 2. Open the mounts, as root, ")]
    assert row.endswith(f": {command}")
    for folder in folders.split():
        (tmp_path / folder.lstrip("/")).chmod(0o770)
    assert "Open the mounts" not in "\n".join(lay()[1])


def shut(unit, program, *, own):
    return f"{program} is shut{'' if own else ' and theirs'}"


def test_an_installation_that_the_units_user_cannot_reach_is_told_with_what_to_do(lay, tmp_path, monkeypatch):
    monkeypatch.setattr(installation.reach, "hindrance", shut)
    status, said = lay()
    (row,) = [row for row in said if "is shut" in row]
    assert "`umask 022; /usr/bin/python3 -m venv --clear /opt/smokedeploy`" in row
    # It was laid to be looked at; on the server nothing is.
    assert (status, (tmp_path / UNIT).is_file()) == (0, True)
    (tmp_path / UNIT).write_text("[Service]\nExecStart=/usr/bin/other agent\n")
    assert (
        f"the agent would not start: /usr/bin/other is shut and theirs. Mend ExecStart= in /{UNIT}."
        in lay()[1]
    )


def test_nothing_is_laid_on_a_server_whose_unit_would_not_start(monkeypatch, capsys):
    monkeypatch.setattr(installation.os, "geteuid", lambda: 0)
    monkeypatch.setattr(installation.reach, "hindrance", shut)
    monkeypatch.setattr(installation, "_text", lambda _, otherwise: otherwise)
    for name in ("_make_user", "_lay", "_link"):
        monkeypatch.delattr(installation, name)
    assert run(["init"], {}) == 1
    assert re.search(
        r"The agent would not start: \S+/smokedeploy is shut\. Build .* Nothing was laid\.\n$",
        capsys.readouterr().err,
    )


def test_folders_of_more_mounts_are_laid_and_stand_in_a_new_unit(lay, tmp_path):
    (tmp_path / ENV).parent.mkdir(parents=True)
    (tmp_path / ENV).write_text('MOUNTS="spool=/srv/spool:/spool, x=/srv/x:/x"\nSTATE_PATH=/srv/state\n')
    lay()
    assert (tmp_path / "srv/spool").is_dir()
    assert stat.S_IMODE((tmp_path / "srv/state").stat().st_mode) == 0o700
    rows = re.findall(r"^ReadWritePaths=(.*)$", (tmp_path / UNIT).read_text(), re.MULTILINE)
    assert rows == ["/srv/state /srv/spool /srv/x"]


def test_mounts_that_are_none_are_refused_before_anything_is_laid(lay, tmp_path):
    (tmp_path / ENV).parent.mkdir(parents=True)
    (tmp_path / ENV).write_text("MOUNTS=spool\n")
    status, said = lay()
    assert status == 1
    assert "MOUNTS holds 'spool'; a mount is NAME=" in said[0]
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "etc", tmp_path / "etc/deploy-agent", tmp_path / ENV]


def test_root_sets_the_owners(lay, tmp_path, monkeypatch):
    owned = {}
    monkeypatch.setattr(installation.os, "geteuid", lambda: 0)
    monkeypatch.setattr(installation.os, "chown", lambda path, *ids: owned.__setitem__(str(path), ids))
    monkeypatch.setattr(installation.pwd, "getpwnam", lambda name: NUMBERS[name])
    monkeypatch.setattr(installation.grp, "getgrnam", lambda name: NUMBERS[name])
    _, said = lay()
    assert not [row for row in said if "its owner was not set" in row]
    assert owned == {
        str(tmp_path / name): (0 if name in ROOTS else 990, 0 if name == UNIT else 990)
        for name in MODES.keys() - {"srv/runtime"}
    }


def test_who_is_not_root_is_told_the_commands(lay, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(installation.os, "geteuid", lambda: 1000)
    told = [row.partition("may not: ")[2] for row in lay()[1] if "its owner was not set" in row]
    assert f"sudo chown root:deploy-agent {tmp_path / ENV}" in told
    assert len(told) == len(MODES) - 1
    assert run(["init"], {}) == 1
    assert re.search(r"Only root .* sudo \S+/smokedeploy agent init;", capsys.readouterr().err)
