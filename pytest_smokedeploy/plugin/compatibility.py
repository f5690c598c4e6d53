"""Options and plug-ins under which a run is no gate: known before any request leaves, exit status 4."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from pytest_smokedeploy.judging import Check, process_environment
from pytest_smokedeploy.model import STAGES
from pytest_smokedeploy.settings import Options
from pytest_smokedeploy.support.errors import MisuseError

Config: TypeAlias = Any
Item: TypeAlias = Any

#: Plug-ins that run a test again, or once in a child of its own; merely loaded, a mark is enough for
#: them (FLR-4). By the name they register under and by their module, since ``-p`` takes either.
_RETRYING: Final = {"flaky": "flaky"} | {
    name: f"pytest-{plugin}"
    for plugin in ("rerunfailures", "repeat", "retry", "flakefinder", "forked")
    for name in (plugin, f"pytest_{plugin}")
}
_NEEDED: Final = {
    "pytest_order": "pytest-order",
    "timeout": "pytest-timeout",
    "html": "pytest-html",
    "junitxml": "pytest's own JUnit report",
    "terminal": "pytest's own terminal report",
}


#: Options of pytest's own: destination, flag, and why no gate takes it.
_UNFIT: Final = (
    ("usepdb", "--pdb", "a person at a prompt keeps the container running"),
    ("trace", "--trace", "a person at a prompt keeps the container running"),
    ("setuponly", "--setup-only", "it deploys and checks nothing"),
    ("debug", "--debug", "it writes every value to a file, secrets too"),
    ("pastebin", "--pastebin", "it publishes what the run shows"),
)
#: Options under which pytest runs no test and ends with 0.
_SHOWING: Final = {
    "collectonly": "--collect-only",
    "setupplan": "--setup-plan",
    "help": "--help",
    "version": "--version, twice",
    "markers": "--markers",
    "showfixtures": "--fixtures",
    "show_fixtures_per_test": "--fixtures-per-test",
    "cacheshow": "--cache-show",
}
_NAMES: Final = frozenset({"smokedeploy", "pytest_smokedeploy.plugin.hooks"})


def parallel(config: Config) -> bool:
    """Whether pytest-xdist runs the checks in workers, or this is a worker."""
    option = config.option
    several = getattr(option, "numprocesses", None) or getattr(option, "dist", "no") != "no"
    return bool(several) or bool(getattr(option, "looponfail", False)) or hasattr(config, "workerinput")


def only_lists(config: Config) -> bool:
    """Whether an option lists the checks and runs none; False in a dispatched run."""
    return bool(listing(config)) and (config.option.smokedeploy_rehearse or not _in_actions())


def dispatched(config: Config) -> bool:
    """Whether this process is meant to be the gate of a workflow's run.

    It runs in GitHub Actions, names an environment, and loads the plug-in by ``-p``: an exit status of 0
    then counts as a PASS.
    """
    option = config.option
    named = option.smokedeploy_environment or os.environ.get("SMOKEDEPLOY_ENVIRONMENT")
    # Of all arguments: with --help pytest reads no further than that.
    asked = not _NAMES.isdisjoint(config.known_args_namespace.plugins or ())
    return bool(named) and asked and _in_actions() and not option.smokedeploy_rehearse


def no_stage() -> MisuseError:
    """The refusal of a dispatched run in which no collected test carries a stage."""
    words = "No collected test carries a stage: there is no gate to run, and pytest would end without one."
    return MisuseError(words, clause="FLR-1", remedy="Name the smoke tests' folder.")


def options_of(config: Config, folder: Path | None = None) -> Options:
    """The run's options; `folder` is the smoke tests' own where they are known."""
    given = {name.removeprefix("smokedeploy_"): value for name, value in vars(config.option).items()}
    more = {"folder": folder} if folder else {}
    return Options.merged(given, os.environ, rehearse=given["rehearse"], engine=given["engine"], **more)


def listing(config: Config) -> str:
    """The option under which pytest runs no test and ends with 0, or ""."""
    for option, flag in _SHOWING.items():
        given = getattr(config.option, option, False)
        # Once is for who asks for nothing else; pytest heeds it on no other command line.
        if given and (option != "version" or given > 1):
            return flag
    return ""


def _in_actions() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def misuses(config: Config, items: Sequence[Item], checks: Mapping[str, Check]) -> Iterator[MisuseError]:
    """Everything about options and plug-ins that makes this run no gate, worst first.

    Args:
        config: pytest's.
        items: pytest's, in the order they will run.
        checks: the checks by node id.

    """
    yield from _disagreements(config)
    if flag := listing(config):
        words = f"{flag} runs no check, and would end with 0 in a dispatched run."
        yield MisuseError(words, clause="FLR-1", remedy=f"Run without {flag}; look in addopts too.")
    if dispatched(config):
        yield from process_environment.misuses(os.environ)
    yield from unfit(config, items, checks)


def unfit(config: Config, items: Sequence[Item], checks: Mapping[str, Check]) -> Iterator[MisuseError]:
    """What of it any run would meet: pytest's settings, plug-ins and the order of the checks."""
    yield from _plugins(config)
    for option, flag, why in _UNFIT:
        if getattr(config.option, option, False):
            remedy = f"Run without {flag}; look in addopts too."
            yield MisuseError(f"{flag} does not go with a gate: {why}.", remedy=remedy)
    yield from _report_elsewhere(config)
    if os.environ.get("PYTEST_DEBUG"):
        words = "PYTEST_DEBUG does not go with a gate: it writes every value to the terminal, secrets too."
        yield MisuseError(words, remedy="Run without it.")
    if _thread_timeout(config, items):
        words = "pytest-timeout's method `thread` ends the process without stopping the container."
        yield MisuseError(words, clause="FLR-2", remedy="Use the method `signal`.")
    if ini(config, "faulthandler_exit_on_timeout"):
        words = "faulthandler_exit_on_timeout ends the process without stopping the container."
        yield MisuseError(words, clause="FLR-2", remedy="Take it out of pytest's settings.")
    stages = [STAGES.index(checks[item.nodeid].stage) for item in items if item.nodeid in checks]
    if stages != sorted(stages):
        yield MisuseError("Another plug-in moved the checks out of the model's order.", clause="VER-6")


def _plugins(config: Config) -> Iterator[MisuseError]:
    """Plug-ins that are loaded and must not be, or the other way round."""
    plugins = config.pluginmanager
    if found := dict(sorted(_retrying(plugins).items())):
        off = " ".join(f"-p no:{name}" for name in found)
        remedy = f"A gate runs each check once: uninstall what can, or run with {off}."
        packages = ", ".join(dict.fromkeys(found.values()))
        words = f"Loaded plug-ins can run a check again: {packages}."
        yield MisuseError(words, clause="FLR-4", remedy=remedy)
    if parallel(config):
        yield MisuseError("pytest-xdist would deploy once a worker.", remedy="Run without -n and --dist.")
    for name, package in _NEEDED.items():
        if not plugins.hasplugin(name):
            remedy = f"Install it, or drop -p no:{name}."
            yield MisuseError(f"The plug-in {package} is missing.", remedy=remedy)


def _report_elsewhere(config: Config) -> Iterator[MisuseError]:
    folder = options_of(config).evidence.absolute()
    xml = getattr(config.option, "xmlpath", None)
    if xml and Path(xml).absolute() != folder / "junit.xml":
        words = f"The JUnit report goes to {xml}, and the evidence is not whole without its own."
        remedy = "Run without --junitxml (look in addopts too): junit.xml lies in the evidence folder."
        yield MisuseError(words, remedy=remedy)
    html = Path(os.path.abspath(getattr(config.option, "htmlpath", None) or folder / "report.html"))  # noqa: PTH100 - ".." too
    if html.is_dir() or (html.parent == folder and html.suffix != ".html"):
        words = f"The HTML report goes to {html}: a folder, or another part of the evidence."
        remedy = "Run without --html (look in addopts too): report.html lies in the evidence folder."
        yield MisuseError(words, remedy=remedy)


def ini(config: Config, name: str) -> Any:  # noqa: ANN401 - a setting of any type
    """A setting from pytest's file; None where nothing that is loaded knows one of that name."""
    try:
        return config.getini(name)
    except (ValueError, KeyError):
        return None


def _retrying(plugins: Any) -> dict[str, str]:  # noqa: ANN401 - pytest's plug-in manager
    """Loaded plug-ins that run a test again: registered name -> package."""
    found = {}
    for name, plugin in plugins.list_name_plugin():
        module = getattr(plugin, "__name__", type(plugin).__module__)
        for known in (str(name).partition(".")[0], str(module).partition(".")[0]):
            if plugin is not None and known in _RETRYING:
                found[str(name)] = _RETRYING[known]
    # What a plug-in registers without a name has a number, and `-p no:` takes none of these off.
    named = {package for name, package in found.items() if not name.isdigit()}
    return {name: package for name, package in found.items() if not name.isdigit() or package not in named}


def _thread_timeout(config: Config, items: Sequence[Item]) -> bool:
    methods = [getattr(config.option, "timeout_method", None), ini(config, "timeout_method")]
    for item in items:
        marks = item.iter_markers("timeout")
        methods += [m.kwargs.get("method") or (m.args[1] if len(m.args) > 1 else None) for m in marks]
    return "thread" in methods


def _disagreements(config: Config) -> Iterator[MisuseError]:
    """Options, also those from a file, that replace an input of the dispatch (TRG-2)."""
    if config.option.smokedeploy_rehearse or not _in_actions():
        return
    for name in ("environment", "image_tag"):
        given = getattr(config.option, f"smokedeploy_{name}")
        dispatched = os.environ.get(f"SMOKEDEPLOY_{name.upper()}")
        if given and dispatched and given != dispatched:
            flag = f"--smokedeploy-{name.replace('_', '-')}"
            words = f"{flag} says {given!r}, and the workflow was dispatched with {dispatched!r}."
            yield MisuseError(words, clause="TRG-2", remedy=f"Run without {flag}; look in addopts too.")
