"""Variables that steer the gate's process past its command line."""

import pytest

from pytest_smokedeploy.judging.process_environment import misuses, replaces, steers


@pytest.mark.parametrize(
    "name",
    [
        "PYTEST_ADDOPTS",
        "PYTEST_PLUGINS",
        "PYTEST_DEBUG",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONOPTIMIZE",
        "PYTHONSTARTUP",
        "PYTHONWARNINGS",
        "PYTHONUSERBASE",
        "PYTHONPYCACHEPREFIX",
        "BASH_ENV",
        "SHELLOPTS",
        "BASH_FUNC_exec%%",
        "LD_PRELOAD",
        "LD_AUDIT",
    ],
)
def test_what_chooses_code_to_run_steers(name):
    assert steers(name)
    (error,) = misuses(["PATH", name])
    assert (error.clause, error.message.startswith(f"{name} is set")) == ("FLR-1", True)


@pytest.mark.parametrize(
    "name",
    [
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
        "PYTEST_VERSION",
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHON_VERSION",
        "pythonLocation",
        "LD_LIBRARY_PATH",
        "BASH_FUNC_module%%",
        "PATH",
        "SMOKEDEPLOY_ENVIRONMENT",
        "SSL_CERT_FILE",
    ],
)
def test_what_a_runner_or_a_set_up_python_has_does_not(name):
    assert not steers(name)
    assert misuses([name]) == []


@pytest.mark.parametrize("name", ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "GCONV_PATH"])
def test_a_path_is_the_runner_s_and_no_workflow_s(name):
    assert replaces(name)
    assert misuses([name]) == []
