"""``smokedeploy``: init, check, log, stop, verify, agent."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.redaction import one_line

EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 refused or failed, 2 wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["agent"]:
        from pytest_smokedeploy.agent.main import run  # noqa: PLC0415 - the agent's extra may be absent

        return run(arguments[1:], os.environ)
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.command(parsed))
    except SmokedeployError as error:
        _say(f"smokedeploy: {error}", sys.stderr)
    except OSError as error:
        _say(f"smokedeploy: {error.filename or 'a file'}: {error.strerror or error}.", sys.stderr)
    return EXIT_FAILED


def _say(line: str, to: TextIO | None = None) -> None:
    """One line, whatever an agent's answer or a file's name put into it."""
    print(one_line(line), file=to or sys.stdout)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="smokedeploy", description="The smoke deploy's own commands.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="lay the smoke tests and the workflow into a repository")
    init.add_argument("folder", type=Path, nargs="?", default=Path(), help="its root (default: here)")
    init.set_defaults(command=_init)
    check = commands.add_parser("check", help="hold settings, ledger and workflow file against the model")
    check.add_argument("--smokedeploy-config", "--config", dest="config", type=Path, default=None)
    check.set_defaults(command=_check)
    log = commands.add_parser("log", help="read a captured log against the settings, line by line")
    log.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a startup.log, or what `docker logs` printed; - for standard input",
    )
    log.add_argument(
        "--propose",
        action="store_true",
        help="write the settings to start from, out of one capture or several",
    )
    log.add_argument("--smokedeploy-config", "--config", dest="config", type=Path, default=None)
    log.set_defaults(command=_log)
    stop = commands.add_parser(
        "stop", help="stop what an interrupted run left deployed, as its journal tells"
    )
    stop.add_argument("--smokedeploy-evidence", "--evidence", dest="evidence", type=Path, default=None)
    stop.add_argument("--smokedeploy-config", "--config", dest="config", type=Path, default=None)
    stop.set_defaults(command=_stop)
    verify = commands.add_parser("verify", help="exit 0 only for a live PASS that is whole and consistent")
    verify.add_argument("folder", type=Path)
    verify.add_argument("--image-digest", default=None, help="sha256:... that the evidence must be about")
    verify.add_argument("--max-age", type=float, default=None, metavar="HOURS", help="how old it may be")
    verify.add_argument("--run", default=None, metavar="ID", help="the workflow run that it must be of")
    verify.set_defaults(command=_verify)
    commands.add_parser("agent", help="serve the Deploy Agent (settings from the environment)")
    return parser


def _init(parsed: argparse.Namespace) -> int:
    from pytest_smokedeploy.cli.init import lay  # noqa: PLC0415 - lazily

    for path in lay(parsed.folder):
        _say(f"smokedeploy init: {path}")
    _say("smokedeploy init: now write smoke_tests/smokedeploy.yml, then `smokedeploy check`")
    return EXIT_OK


def _check(parsed: argparse.Namespace) -> int:
    from pytest_smokedeploy.cli.check import look_over  # noqa: PLC0415 - lazily

    findings, refusals = look_over(parsed.config, os.environ)
    for finding in findings:
        _say(f"smokedeploy check: {'ok' if finding else 'NO':3} {finding}")
    for error in refusals:
        _say(f"smokedeploy check: NO  {error.clause}: {error}")
    return EXIT_OK if all(findings) and not refusals else EXIT_FAILED


def _log(parsed: argparse.Namespace) -> int:
    from pytest_smokedeploy.cli.log import held, lines  # noqa: PLC0415 - lazily
    from pytest_smokedeploy.log_language import propose  # noqa: PLC0415 - lazily
    from pytest_smokedeploy.settings import Options, load  # noqa: PLC0415 - lazily
    from pytest_smokedeploy.support.redaction import Sanitiser, Secret  # noqa: PLC0415 - lazily

    options = Options.merged(vars(parsed), os.environ)
    settings = load(options.settings_file())
    captures = []
    for name in parsed.files:
        try:
            with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
                captures.append(lines(file))
        except OSError as error:
            words = f"{name}: the log can't be read ({error.strerror})."
            raise SmokedeployError(words, remedy="Name a file, or - for standard input.") from error
    language = settings.log_language(options.image_tag or "")
    mask = Sanitiser(Secret(os.environ.get(name, "")) for name in settings.secrets).text
    if parsed.propose:
        texts = [[line.text for line in capture] for capture in captures]
        shown, status = propose(texts, language, [mount.name for mount in settings.mounts]), EXIT_OK
    elif len(captures) > 1:
        raise SmokedeployError("One log is read at a time.", remedy="Name one file, or add --propose.")
    else:
        captured = held(captures[0], language)
        shown, status = captured.words(), EXIT_OK if captured.would_pass else EXIT_FAILED
    for line in shown:
        print(mask(line))  # noqa: T201 - a command line's voice
    return status


def _stop(parsed: argparse.Namespace) -> int:
    from pytest_smokedeploy.cli.stop import rescue  # noqa: PLC0415 - lazily
    from pytest_smokedeploy.settings import Options  # noqa: PLC0415 - lazily

    words, stopped = rescue(Options.merged(vars(parsed) | {"environment": "dev"}, os.environ), os.environ)
    _say(f"smokedeploy stop: {words}")
    return EXIT_OK if stopped else EXIT_FAILED


def _verify(parsed: argparse.Namespace) -> int:
    from pytest_smokedeploy.evidence import verify  # noqa: PLC0415 - lazily

    try:
        age = None if parsed.max_age is None else timedelta(hours=parsed.max_age)
    except (ValueError, OverflowError) as error:
        words = f"--max-age {parsed.max_age} is no number of hours."
        raise SmokedeployError(words, remedy="Name one, like 24.") from error
    report = verify(parsed.folder, image_digest=parsed.image_digest, max_age=age, run_id=parsed.run)
    for reason in report.reasons:
        _say(f"smokedeploy verify: {reason}", sys.stderr)
    _say(f"smokedeploy verify: {'the phase may proceed' if report.ok else 'NOT evidence'}")
    return EXIT_OK if report.ok else EXIT_FAILED
