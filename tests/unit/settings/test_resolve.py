"""What is refused before any request leaves: prod, another environment, another plane, a hidden rehearsal."""

import json
from pathlib import Path

import pytest

from pytest_smokedeploy.settings import GitHubRun, Options, differences, resolve
from pytest_smokedeploy.settings.resolve import find_root, refuse_in_workflow
from pytest_smokedeploy.support.errors import MisuseError, SettingsError

WHOLE = "image:\n  repository: ghcr.io/example/runtime\nagent:\n  container_name: runtime-dev\n"
HOST = "https://agent-dev.example"


@pytest.fixture
def file(tmp_path):
    """A small settings file that is right."""
    made = tmp_path / "smokedeploy.yml"
    made.write_text(WHOLE)
    return made


def asked(file, **more):
    return Options(**{"environment": "dev", "image_tag": "1.2.3", "config": file, **more})


@pytest.mark.parametrize(
    "environment",
    ["prod", "Prod", "PROD", " prod", "production", "prod-eu", "eu-prod", "dev/prod", "prd", "\uff50rod"],
)
def test_prod_is_refused_in_every_spelling(file, environment):
    with pytest.raises(MisuseError) as refused:
        resolve(asked(file, environment=environment), {"DEPLOY_ENDPOINT": HOST})
    assert refused.value.clause == "TGT-3"


@pytest.mark.parametrize("environment", ["staging", "Dev", "dev ", "development", "d\u0435v"])
def test_any_other_environment_is_refused_too(file, environment):
    with pytest.raises(MisuseError) as refused:
        resolve(asked(file, environment=environment), {"DEPLOY_ENDPOINT": HOST})
    assert refused.value.clause == "TGT-1"


def test_an_environment_that_nobody_named_is_no_dev(file):
    with pytest.raises(SettingsError, match="must be told its environment"):
        resolve(asked(file, environment=None), {"DEPLOY_ENDPOINT": HOST})


@pytest.mark.parametrize(
    ("endpoint", "clause"),
    [
        ("https://agent.prod.example", "TGT-3"),
        ("https://AGENT-PROD.example", "TGT-3"),
        ("https://prod.example.", "TGT-3"),
        ("https://gate.example/prod", "TGT-3"),
        ("https://gate.example/%70rod", "TGT-3"),
        ("https://127.0.0.1", "EXT-1"),
        ("https://[::1]:8080", "EXT-1"),
        ("https://localhost", "EXT-1"),
        ("http://agent-dev.example", None),
        ("ftp://agent-dev.example", None),
        ("agent-dev.example", None),
        ("https://", None),
        ("https://d%65v.example", None),
    ],
)
def test_an_endpoint_that_is_no_live_devs_is_refused(file, endpoint, clause):
    with pytest.raises(MisuseError) as refused:
        resolve(asked(file), {"DEPLOY_ENDPOINT": endpoint})
    assert refused.value.clause == clause


def test_of_an_endpoint_that_is_refused_its_host_alone_is_shown(file):
    with pytest.raises(MisuseError, match=r"'gate\.example', by its path, is production's") as refused:
        resolve(asked(file), {"DEPLOY_ENDPOINT": "https://gate.example/a-token-of-a-test/prod"})
    assert "a-token" not in str(refused.value)


@pytest.mark.parametrize("spelling", ["live.example", "LIVE.example", "live.example."])
def test_a_host_that_the_settings_forbid_is_forbidden_in_every_spelling(file, spelling):
    file.write_text(f"{WHOLE}  forbidden_hosts: [{spelling}]\n")
    with pytest.raises(MisuseError) as refused:
        resolve(asked(file), {"DEPLOY_ENDPOINT": "https://Live.Example:443/agent"})
    assert refused.value.clause == "TGT-3"


def test_a_name_that_only_holds_the_letters_of_prod_is_not_prods(file):
    run = resolve(asked(file), {"DEPLOY_ENDPOINT": "https://reproducible.example"})
    assert run.endpoint_host == "reproducible.example"


def test_a_rehearsal_never_leaves_this_machine(file):
    with pytest.raises(MisuseError) as refused:
        resolve(asked(file, rehearse=True), {"DEPLOY_ENDPOINT": HOST})
    assert refused.value.clause == "EXT-1"


@pytest.mark.parametrize("within", [".github/workflows/deploy.yml", ".github/workflows/other.yml"])
def test_a_rehearsal_is_refused_in_the_deploy_workflow(file, within):
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "example/repository",
        "GITHUB_WORKFLOW_REF": f"example/repository/{within}@refs/heads/main",
    }
    if within == ".github/workflows/deploy.yml":
        with pytest.raises(MisuseError) as refused:
            refuse_in_workflow(asked(file, rehearse=True), environ)
        assert refused.value.clause == "EXT-1"
    else:
        refuse_in_workflow(asked(file, rehearse=True), environ)
    refuse_in_workflow(asked(file), environ)


@pytest.mark.parametrize("plane", ["live", "Paper", "", "paper "])
def test_a_plane_that_is_not_paper_is_refused(file, plane):
    file.write_text(f"{WHOLE}runtime:\n  environment:\n    EXECUTION_PLANE: '{plane}'\n")
    with pytest.raises(MisuseError) as refused:
        resolve(asked(file), {"DEPLOY_ENDPOINT": HOST})
    assert refused.value.clause == "TGT-2"
    line = len(WHOLE.splitlines()) + 3
    assert f"{file.name}:{line}: runtime.environment.EXECUTION_PLANE: is '{plane}'" in str(refused.value)


def test_a_plane_that_is_left_out_is_named_with_its_place(file):
    file.write_text(f"{WHOLE}runtime:\n  environment:\n    QUALITY: '80'\n")
    with pytest.raises(MisuseError) as refused:
        resolve(asked(file), {"DEPLOY_ENDPOINT": HOST})
    line = len(WHOLE.splitlines()) + 2
    assert f"{file.name}:{line}: runtime.environment: lacks `EXECUTION_PLANE: paper`" in str(refused.value)


def test_settings_that_are_not_there_say_where_to_start(tmp_path):
    with pytest.raises(
        SettingsError,
        match=r"smokedeploy.yml: there is no settings file here. .* --smokedeploy-config; `smokedeploy init`",
    ):
        resolve(Options(config=tmp_path / "smokedeploy.yml", environment="dev"), {})


def test_an_option_goes_before_a_variable_and_a_variable_before_nothing(file):
    environ = {"SMOKEDEPLOY_IMAGE_TAG": "9.9.9", "SMOKEDEPLOY_ENVIRONMENT": "prod"}
    given = {"environment": "dev", "image_tag": None, "config": file}
    found = Options.merged(given, environ, rehearse=True)
    assert (found.environment, found.image_tag, found.settings_file()) == ("dev", "9.9.9", file)
    assert found.evidence == Path("smoke-evidence")
    assert Options.merged({}, environ).environment == "prod"


def test_no_secret_shows_in_what_a_run_says_of_itself(file):
    environ = {
        "DEPLOY_ENDPOINT": HOST,
        "CF_ACCESS_CLIENT_ID": "id-nobody-may-see",
        "CF_ACCESS_CLIENT_SECRET": "word-nobody-may-see",
        "GITHUB_TOKEN": "token-nobody-may-see",
        "DATABASE_URL": "postgresql://user:pass-nobody-may-see@db.example/name",
    }
    run = resolve(asked(file), environ)
    assert "nobody-may-see" not in repr(run)
    hidden = {secret.reveal() for secret in run.named_secrets().values()}
    assert {*list(environ.values())[1:], "pass-nobody-may-see"} == hidden


def test_the_root_is_git_s_or_where_there_is_none_the_nearest_folder_above_that_github_knows(tmp_path):
    deep = tmp_path / "one" / "two" / "smoke_tests"
    deep.mkdir(parents=True)
    (tmp_path / "one" / ".github").mkdir()
    assert find_root(deep) == tmp_path / "one"
    # A worktree's is a file.
    (tmp_path / ".git").write_text("")
    assert find_root(deep) == tmp_path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('log: {milestones: {OBS-1: "banner"}}', "log.milestones.OBS-1: must be a list"),
        ("log: {documented: x}", "log.documented: must be a list"),
        ("log: {forbidden: [a]}", "log.forbidden: must be keys with values"),
        ("log: {milestones: {OBS-7: [a]}}", "log.milestones.OBS-7: must be 'OBS-1', 'OBS-2'"),
        ("log: {milestones: {OBS-3: {any: [a]}}}", "log.milestones.OBS-3.any: there is no key 'any' here"),
        ("log: {excepted: [{line: a, clause: OBS-7}]}", "log.excepted.0.because: is required and missing"),
        ("log: {excepted: [{line: a, clause: RUN-1, because: b}]}", "log.excepted.0.clause: must be 'OBS-7'"),
        ('log: {excepted: [{line: a, clause: OBS-7, because: ""}]}', "log.excepted.0.because: "),
        ("deadlines: 5", "deadlines: must be keys with values"),
        ("quiet_window_seconds: 5\nruntime: {environment: {A: 5}}", "runtime.environment.A: must be text"),
        ("database: {proof: word}", "database.proof: must be 'agent', 'direct' or 'attested'; found 'word'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_in_the_words_of_yaml(file, text, told):
    file.write_text(f"{WHOLE}{text}\n")
    with pytest.raises(SettingsError) as refused:
        resolve(asked(file), {"DEPLOY_ENDPOINT": HOST})
    assert told in str(refused.value)
    assert not any(word in str(refused.value) for word in ("tuple", "dictionary", "input should"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "documented:\n    - fine line\n    - '.+'",
            "8: log.documented.1: '.+' holds '.+' like a regular expression",
        ),
        (
            "documented: ['order {number}']",
            "6: log.documented.0: 'order {number}' holds 'order', which OBS-7",
        ),
        (
            "milestones:\n    OBS-2: [up]\n    OBS-3: [up]",
            "8: log.milestones.OBS-3.0: 'up' does not name audit-events",
        ),
        (
            "milestones:\n    OBS-3: {all: [audit-events]}",
            "7: log.milestones.OBS-3.all: does not name snapshots",
        ),
        (
            "milestones: {RUN-1: ['plane: paper {id}']}",
            "6: log.milestones.RUN-1.0: 'plane: paper {id}' holds {id}",
        ),
        ("frames: ['{message}']", "6: log.frames.0: '{message}' must hold {time}, {level}"),
        (
            "forbidden: {OBS-8: [idle]}",
            "6: log.forbidden.OBS-8: forbids the model's own template 'idle: waiting for a signal'",
        ),
        (
            "excepted: [{line: cache warm, clause: OBS-7, because: why}]",
            "6: log.excepted.0.line: 'cache warm' holds no forbidden word, and not of OBS-7",
        ),
    ],
)
def test_a_template_that_breaks_a_rule_is_named_with_file_line_and_key(file, text, told):
    file.write_text(f"{WHOLE}log:\n  {text}\n")
    with pytest.raises(SettingsError) as refused:
        resolve(asked(file), {"DEPLOY_ENDPOINT": HOST})
    assert str(refused.value).startswith(f"smokedeploy.yml:{told}")


def test_the_settings_tell_what_differs_from_the_models_defaults(file):
    file.write_text(
        f"{WHOLE}quiet_window_seconds: 5\nactivity: {{cpu_share: 0.2, processes: 9}}\n"
        "log: {documented: [a line], exit_codes: [0, 143]}\n"
    )
    run = resolve(asked(file), {"DEPLOY_ENDPOINT": HOST})
    assert differences(run.settings) == {
        "log.documented": ["a line"],
        "log.exit_codes": [0, 143],
        "activity.processes": 9,
        "quiet_window_seconds": 5,
    }


AUDIT, SNAPSHOTS = "{name: audit-events, target: /a}", "{name: snapshots, target: /b}"


@pytest.mark.parametrize(
    ("mounts", "told"),
    [
        (
            "[]",
            "mounts: lacks audit-events and snapshots; the model asks for the mounts audit-events and snap",
        ),
        (f"[{AUDIT}]", "mounts: lacks snapshots"),
        ("[{name: spool, target: /c}, {name: snapshot, target: /b}]", "mounts: lacks audit-events and snap"),
        (f"[{AUDIT}, {SNAPSHOTS}, {AUDIT}]", "mounts: two mounts have one name, audit-events"),
        (f"[{AUDIT}, {{name: snapshots, target: /a}}]", "mounts: two mounts have one target, /a"),
        (f"[{AUDIT}, {SNAPSHOTS}, {{name: live trading on, target: /c}}]", "mounts.2.name: string"),
        (f"[{AUDIT}, {SNAPSHOTS}, {{name: Spool, target: /c}}]", "mounts.2.name: string should match"),
    ],
)
def test_both_mounts_of_the_model_are_asked_for(file, mounts, told):
    file.write_text(f"{WHOLE}mounts: {mounts}\n")
    with pytest.raises(SettingsError) as refused:
        resolve(asked(file), {"DEPLOY_ENDPOINT": HOST})
    assert str(refused.value).startswith(f"smokedeploy.yml:5: {told}")


def test_further_mounts_stand_beside_the_two(file):
    file.write_text(f"{WHOLE}mounts: [{AUDIT}, {SNAPSHOTS}, {{name: spool, target: /c}}]\n")
    run = resolve(asked(file), {"DEPLOY_ENDPOINT": HOST})
    assert [mount.name for mount in run.settings.mounts] == ["audit-events", "snapshots", "spool"]


@pytest.mark.parametrize(("where", "clause"), [("prod", "TGT-3"), ("staging", "TGT-1")])
def test_the_environment_of_the_dispatch_counts_whatever_the_workflow_makes_of_it(file, where, clause):
    event = file.with_name("event.json")
    event.write_text(json.dumps({"inputs": {"environment": where}}))
    with pytest.raises(MisuseError) as refused:
        resolve(asked(file), {"GITHUB_EVENT_PATH": str(event)})
    assert refused.value.clause == clause


def test_a_dispatch_to_dev_is_right(file):
    event = file.with_name("event.json")
    event.write_text(json.dumps({"inputs": {"environment": "dev", "image_tag": "1.2.3"}}))
    run = resolve(asked(file), {"GITHUB_EVENT_PATH": str(event)})
    assert run.github.inputs == {"environment": "dev", "image_tag": "1.2.3"}


@pytest.mark.parametrize("text", [None, "[", "[]", '{"inputs": [1]}'])
def test_an_event_that_cannot_be_read_tells_nothing(file, text):
    event = file.with_name("event.json")
    if text is not None:
        event.write_text(text)
    assert GitHubRun.read({"GITHUB_EVENT_PATH": str(event)}).inputs is None


@pytest.mark.parametrize("text", ["{}", '{"inputs": null}'])
def test_an_event_without_inputs_has_none(file, text):
    event = file.with_name("event.json")
    event.write_text(text)
    assert GitHubRun.read({"GITHUB_EVENT_PATH": str(event)}).inputs == {}
    assert GitHubRun.read({}).inputs == {}
