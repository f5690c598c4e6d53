"""The plug-in asleep and awake, with plug-in autoload on and off."""

import json
import subprocess
import sys

import pytest

AWAKE = """
import pytest
pytestmark = pytest.mark.smoke_stage("{stage}")

@pytest.mark.smoke_clause("{clause}")
def test_one():
    assert True
"""


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    for name in ("SMOKEDEPLOY_ENVIRONMENT", "SMOKEDEPLOY_IMAGE_TAG", "GITHUB_ACTIONS", "DEPLOY_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


def run(pytester, *options, autoload):
    pytester._monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    if not autoload:
        pytester._monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    off = ("flaky", "randomly", "repeat", "rerunfailures", "xdist")
    extra = [word for name in off for word in ("-p", f"no:{name}")] if autoload else ["-p", "smokedeploy"]
    return pytester.runpytest_subprocess(*extra, *options)


@pytest.mark.parametrize("autoload", [True, False])
def test_asleep_it_leaves_a_plain_run_alone(pytester, autoload):
    pytester.makepyfile("def test_plain(): pass")
    result = run(pytester, "-W", "error", "--strict-markers", autoload=autoload)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*smoke deploy*")
    assert not (pytester.path / "smoke-evidence").exists()


@pytest.mark.parametrize("autoload", [True, False])
def test_asleep_it_writes_no_evidence_where_a_run_was_asked_for(pytester, autoload):
    """A test without any stage is no gate, also where the environment names one."""
    pytester.makepyfile("def test_plain(): pass")
    result = run(pytester, "--smokedeploy-environment", "dev", autoload=autoload)
    result.assert_outcomes(passed=1)
    assert not (pytester.path / "smoke-evidence").exists()


@pytest.mark.parametrize("autoload", [True, False])
def test_awake_it_must_be_told_its_environment(pytester, autoload):
    pytester.makepyfile(AWAKE.format(stage="verify", clause="VER-2"))
    result = run(pytester, autoload=autoload)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*REFUSED*a live run must be told its environment*"])
    assert (pytester.path / "smoke-evidence" / "evidence.json").is_file()


@pytest.mark.parametrize(
    ("stage", "clause", "words"),
    [
        ("observation", "VER-2", "unknown stage 'observation'"),
        ("verify", "VER-99", "unknown clause 'VER-99'"),
    ],
)
def test_unknown_stages_and_clauses_are_usage_errors(pytester, stage, clause, words):
    pytester.makepyfile(AWAKE.format(stage=stage, clause=clause))
    result = run(pytester, "--smokedeploy-environment", "dev", autoload=False)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*REFUSED*{words}*"])


def test_a_test_without_a_stage_has_no_place_in_a_gate(pytester):
    pytester.makepyfile(test_a=AWAKE.format(stage="verify", clause="VER-2"), test_b="def test_plain(): pass")
    result = run(pytester, "--smokedeploy-environment", "dev", autoload=False)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*REFUSED*test_b.py:1: test_plain has no stage*"])


@pytest.mark.parametrize("plugin", ["html", "timeout", "pytest_order", "junitxml", "terminal"])
def test_a_companion_switched_off_is_missed(pytester, plugin):
    """`-p no:html` skips silently; a gate without its report is none."""
    pytester.makepyfile(AWAKE.format(stage="verify", clause="VER-2"))
    result = run(pytester, "-p", f"no:{plugin}", "--smokedeploy-environment", "dev", autoload=False)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*REFUSED*is missing*"])


def test_asleep_it_imports_nothing_of_weight(tmp_path):
    """Of a whole run: what is imported in its hooks counts as well."""
    (tmp_path / "test_plain.py").write_text("def test_plain():\n    pass\n")
    code = (
        "import sys, pytest; assert pytest.main(['-q', '-p', 'smokedeploy', 'test_plain.py']) == 0;"
        "print(sorted({'httpx', 'pydantic', 'yaml', 'starlette', 'docker'} & set(sys.modules)));"
        "print(sorted(name for name in sys.modules if name.startswith('pytest_smokedeploy.')))"
    )
    env = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == [
        "[]",
        (
            "['pytest_smokedeploy.plugin', 'pytest_smokedeploy.plugin.fixtures', "
            "'pytest_smokedeploy.plugin.hooks', 'pytest_smokedeploy.plugin.hookspecs']"
        ),
    ]


def test_collect_only_and_setup_plan_deploy_nothing_and_give_no_verdict(pytester):
    pytester.makepyfile(AWAKE.format(stage="verify", clause="VER-2"))
    for option in ("--collect-only", "--setup-plan"):
        result = run(pytester, option, "--smokedeploy-environment", "dev", autoload=False)
        assert result.ret == 0
        result.stdout.no_fnmatch_line("*smoke deploy*")
        assert not (pytester.path / "smoke-evidence" / "evidence.json").exists()


@pytest.mark.parametrize("option", ["--collect-only", "--setup-plan"])
def test_a_dispatched_run_that_would_run_nothing_is_refused(pytester, monkeypatch, option):
    """An exit with 0 and no evidence, by an option in addopts: nobody's list of tests, but a gate (FLR-1)."""
    pytester.makepyfile(AWAKE.format(stage="verify", clause="VER-2"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("PYTEST_ADDOPTS", option)
    stale = pytester.mkdir("smoke-evidence") / "evidence.json"
    stale.write_text("yesterday's")
    result = run(pytester, "--smokedeploy-environment", "dev", autoload=False)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*REFUSED: FLR-1: {option} *"])
    assert json.loads(stale.read_text())["verdict"] == "REFUSED"


@pytest.mark.parametrize("name", ["environment", "image-tag"])
def test_an_option_that_replaces_a_dispatched_input_is_refused(pytester, monkeypatch, name):
    """addopts would otherwise hide what a person dispatched."""
    pytester.makepyfile(AWAKE.format(stage="verify", clause="VER-2"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("SMOKEDEPLOY_ENVIRONMENT", "dev")
    monkeypatch.setenv(f"SMOKEDEPLOY_{name.upper().replace('-', '_')}", "dispatched")
    result = run(pytester, f"--smokedeploy-{name}", "replaced", autoload=False)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*REFUSED: TRG-2: --smokedeploy-{name} says 'replaced'*'dispatched'*"])


def test_an_evidence_folder_that_cannot_be_is_one_clear_line(pytester):
    pytester.makepyfile(AWAKE.format(stage="verify", clause="VER-2"))
    (pytester.path / "taken").write_text("a file")
    options = ("--smokedeploy-environment", "dev", "--smokedeploy-evidence", "taken/evidence")
    result = run(pytester, *options, autoload=False)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*REFUSED*taken/evidence*--smokedeploy-evidence*"])


@pytest.mark.parametrize("name", ["rerunfailures", "pytest_rerunfailures", "pytest_forked"])
def test_a_plugin_that_runs_a_test_again_is_refused_by_whatever_name(pytester, name):
    """`-p` takes the entry point's name and the module's alike."""
    pytester.makepyfile(test_it=AWAKE.format(stage="verify", clause="VER-2"), pytest_forked="")
    pytester.syspathinsert()
    result = run(pytester, "-p", name, "--smokedeploy-environment", "dev", autoload=False)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*REFUSED: FLR-4: Loaded plug-ins can run a check again: pytest-*"])
    result.stderr.fnmatch_lines([f"*or run with -p no:{name}."])


def test_a_plugin_that_runs_a_test_again_is_never_named_by_a_number(pytester):
    """Beside xdist, pytest-rerunfailures registers a second object that has no name."""
    pytester.makepyfile(test_it=AWAKE.format(stage="verify", clause="VER-2"))
    options = ("-p", "xdist", "-p", "rerunfailures", "--smokedeploy-environment", "dev")
    result = run(pytester, *options, autoload=False)
    result.stderr.fnmatch_lines(["*or run with -p no:rerunfailures."])


def test_all_plugins_that_run_a_test_again_are_named_at_once(pytester):
    pytester.makepyfile(test_it=AWAKE.format(stage="verify", clause="VER-2"), pytest_forked="")
    pytester.syspathinsert()
    options = ("-p", "pytest_forked", "-p", "rerunfailures", "--smokedeploy-environment", "dev")
    result = run(pytester, *options, autoload=False)
    result.stderr.fnmatch_lines(
        ["*: pytest-forked, pytest-rerunfailures. *with -p no:pytest_forked -p no:rerunfailures."]
    )


def test_the_settings_lie_beside_the_models_own_checks(pytester):
    """A check of somebody's own in a folder below is collected first, and has no settings beside it."""
    folder = pytester.mkdir("smoke_tests")
    own = folder / "a_own"
    own.mkdir()
    claim = '@pytest.mark.smoke_clause("VER-2")\n'
    (own / "test_own.py").write_text(AWAKE.format(stage="verify", clause="VER-2").replace(claim, ""))
    (folder / "test_z.py").write_text(AWAKE.format(stage="verify", clause="VER-2"))
    result = run(pytester, "smoke_tests", "--smokedeploy-environment", "dev", autoload=False)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*smoke_tests/smokedeploy.yml: there is no settings file here*"])
    result.stderr.no_fnmatch_line("*a_own*")
