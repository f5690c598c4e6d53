"""``smokedeploy log``: compares a captured log with the settings, line by line.

Reads what a container engine prints (``docker logs``, with ``-t`` or without, ``docker compose logs``) and
the ``startup.log`` that a run of the gate leaves. A file tells neither when the stop was asked nor how long
it was quiet: the shutdown is taken to begin with the first line after idle that log.shutdown documents.
"""

import argparse
import codecs
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, Final

from pytest_smokedeploy.judging import Line, LineMatch, StartupLog
from pytest_smokedeploy.log_language import Language, propose
from pytest_smokedeploy.model import CLAUSE
from pytest_smokedeploy.settings import Options, load, secrets_in
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.output import write
from pytest_smokedeploy.support.redaction import Sanitiser, printable

_KEPT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\S+) (stdout|stderr) \[[A-Za-z0-9,-]+\] ?(.*)", re.DOTALL)
#: What `docker compose logs` puts before a line: the container's name with its number, or one that the file
#: gives it, and two spaces at the least. A level before a bar is the runtime's own.
_COMPOSE: Final = re.compile(
    r"(?:\x1b\[[\d;]*m)*"
    r"([\w.-]+[-_]\d+(?= +\|)|(?!(?:trace|debug|info|warn(?:ing)?|error) )[a-z0-9][a-z0-9_.-]*(?=  +\|))"
    r" +\| ?(?:\x1b\[[\d;]*m)* ?"
)
#: What else writes something of its own before each line, or keeps a line in a form of its own.
_TOOLS: Final = {
    "Docker's own file": re.compile(r'\{"log":".*","stream":"(?:stdout|stderr)",.*"time":"[^"]+"\}'),
    "an engine's own file": re.compile(r"\S+ (?:stdout|stderr) [FP](?: .*)?"),
    "`docker service logs`": re.compile(r"[\w.-]+\.\d+\.\w+@\S+ +\| ?.*"),
    "`kubectl logs --prefix`": re.compile(r"\[pod/\S+\] ?.*"),
    "`podman-compose logs`": re.compile(r"\[[\w.-]+\] +\| ?.*"),
    "the journal": re.compile(r"[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ \S+\[\d+\]: ?.*"),
}
_COMPOSED: Final = "docker compose logs --no-log-prefix SERVICE."
_CAPTURE: Final = "Capture one container's start-up: docker logs NAME > FILE 2>&1."
#: What `docker logs -t` puts before a line: nanoseconds, always in UTC.
_STAMP: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) ()(.*)", re.DOTALL)
_SHOWN: Final = 160
_NEXT: Final = (
    "next: a template for each missing clause goes under log.milestones, one for an undocumented line that "
    "is right under log.documented or log.shutdown; what is forbidden, the runtime must not do"
)
#: Kinds of lines that would fail the run.
_FAULTS: Final = frozenset({"forbidden", "undocumented"})
MAX_BYTES: Final = 16 * 2**20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the captures and the settings file."""
    words = "a startup.log, or what `docker logs` printed; - for standard input"
    parser.add_argument("files", nargs="+", metavar="FILE", help=words)
    words = "write the settings to start from, out of one capture or several"
    parser.add_argument("--propose", action="store_true", help=words)
    parser.add_argument("--smokedeploy-config", "--config", dest="config", type=Path, default=None)


def run(parsed: argparse.Namespace) -> bool:
    """Print what each line is, and what is missing; true where the gate would find nothing to fail.

    Raises:
        SmokedeployError: the settings are wrong, a file can't be read, or there are several to judge.

    """
    options = Options.merged(vars(parsed), os.environ)
    settings = load(options.settings_file())
    captures = [_read(name) for name in parsed.files]
    language = settings.log_language(options.image_tag)
    if parsed.propose:
        texts = [[line.text for line in capture] for capture in captures]
        shown, sound = (
            list(
                propose(
                    texts, language, [one for mount in settings.mounts for one in (mount.name, mount.target)]
                )
            ),
            True,
        )
    elif len(captures) > 1:
        raise SmokedeployError("One log is read at a time.", remedy="Name one file, or add --propose.")
    else:
        shown, sound = _judged(captures[0], language)
    mask = Sanitiser(secrets_in(settings, os.environ).values()).text
    for line in shown:
        write(mask(line))
    return sound


def _read(name: str) -> list[Line]:
    """A capture's lines.

    Raises:
        SmokedeployError: it can't be read, or is empty; the file is named.

    """
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
            found = lines(file)
    except OSError as error:
        words = f"{name}: the log can't be read ({error.strerror})."
        raise SmokedeployError(words, remedy="Name a file, or - for standard input.") from error
    except SmokedeployError as error:
        raise SmokedeployError(f"{name}: {error.message}", remedy=error.remedy) from error
    if not any(line.text.strip() for line in found):
        raise SmokedeployError(f"{name}: the log is empty.", remedy=_CAPTURE)
    return found


def _judged(rows: Sequence[Line], language: Language) -> tuple[list[str], bool]:
    """A capture's table, and whether the gate would find nothing in it to fail."""
    log, shown = StartupLog(language), list[str]()
    for number, line in enumerate(rows, 1):
        kinds = {entry.kind for entry in language.read(line.text).entries} if log.phase == "idle" else set()
        stops = "shutdown" in kinds
        if stops:
            log.stopping()
        shown += _row(number, log.feed(line), language)
        shown += [f"{'':6} {'':12} (from here on taken for the shutdown)"] if stops else []
    said = {clause for match in log.matches for clause in match.clauses}
    missing = [*log.missing(), *(["RUN-1"] if "RUN-1" not in said else [])]
    shown += [f"{'-':>6} {f'NO {clause}':12} missing: {CLAUSE[clause].text}" for clause in missing]
    if log.phase == "idle" and log.matches and "OBS-6" not in log.matches[-1].clauses:
        shown.append(
            f"{'':6} {'':12} (no line after idle is one of log.shutdown, so each counts as before the stop)"
        )
    faults = sum(match.kind in _FAULTS for match in log.matches)
    if sound := not faults and not missing:
        return [*shown, f"{len(rows)} lines: it would pass"], sound
    counts = f"{faults} lines that would fail the run, {len(missing)} missing"
    return [*shown, _NEXT, f"{len(rows)} lines: {counts}"], sound


def _row(number: int, match: LineMatch, language: Language) -> Iterator[str]:
    """A line's number, clauses or kind, and message; of one that would fail, the nearest template too."""
    reading = language.read(match.line.text)
    if match.kind not in _FAULTS:
        kinds = {entry.kind for entry in reading.entries}
        kind = "shutdown" if kinds == {"shutdown"} else match.kind
        if kind == "excepted":
            why = f"   <- holds words of {match.clauses[0]}, by log.excepted"
            yield f"{number:6} {kind:12} {_shown(reading.message)}{why}"
            return
        yield f"{number:6} {','.join(match.clauses) or kind:12} {_shown(reading.message)}"
        return
    label = f"NO {match.clause or 'EXT-4'}"
    yield f"{number:6} {label:12} {_shown(reading.message)}   <- {match.why or 'undocumented'}"
    if not reading.entries and (near := language.nearest([reading])):
        where = near.entry.clause or near.entry.kind
        message = "" if near.message == reading.message else f" of {_shown(near.message)!r}"
        yield (
            f"{'':6} {'':12} nearest: {near.entry.template.text!r} ({where}); the two part at character "
            f"{near.at + 1}{message}"
        )


def lines(file: BinaryIO) -> list[Line]:
    """The lines of a captured log, without what the tool put before each.

    Undecodable bytes are kept as escapes. UTF-16, which PowerShell's ``>`` writes, is read by its byte
    order mark.

    Raises:
        SmokedeployError: it is larger than a start-up's log ever is, in another encoding, of several
            containers, or in a form that another tool gave it.

    """
    whole = file.read(MAX_BYTES + 1)
    if len(whole) > MAX_BYTES:
        words = f"The log is larger than {MAX_BYTES // 2**20} MiB."
        raise SmokedeployError(words, remedy="Cut out one start-up, from its banner to its stop.")
    utf16 = whole.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if (not utf16 or whole.startswith(codecs.BOM_UTF32_LE)) and whole.count(0) > len(whole) // 4:
        words = "The log is no UTF-8: it holds NUL bytes, as UTF-16 without its mark and UTF-32 do."
        raise SmokedeployError(words, remedy="Save it as UTF-8.")
    text = whole.decode("utf-16" if utf16 else "utf-8-sig", "backslashreplace")
    rows = text.removesuffix("\n").split("\n") if text else []
    rows = _without_prefix(rows)
    # A stamp that not every line has is the runtime's own.
    for form in (_KEPT, _STAMP):
        matched = [found for row in rows if (found := form.fullmatch(row))]
        if len(matched) == len(rows):
            return [Line(one[1], one[2] or "stdout", one[3]) for one in matched]
    return [Line("", "stdout", row) for row in rows]


def _without_prefix(rows: list[str]) -> list[str]:
    """The lines without what `docker compose` writes before each; what other tools write is refused."""
    there = [row.rstrip("\r") for row in rows if row.strip("\r")]
    names = [found[1] if (found := _COMPOSE.match(row)) else "" for row in there]
    known = sorted({*names} - {""})
    numbered, remedy = all(name[-1].isdigit() for name in known), f"Capture one: {_COMPOSED}"
    if all(names) and len(known) == 1:
        return [_COMPOSE.sub("", row, count=1) for row in rows]
    if all(names) and len(known) > 1 and numbered:
        raise SmokedeployError(f"The log is of several containers: {', '.join(known)}.", remedy=remedy)
    if len(known) == 1 and numbered and 2 * names.count("") < len(names):
        words = f"Lines of `docker compose` itself stand among those of {known[0]}."
        raise SmokedeployError(words, remedy=f"Capture without them: {_COMPOSED}")
    for tool, form in _TOOLS.items():
        if there and all(map(form.fullmatch, there)):
            raise SmokedeployError(f"The log has the form of {tool}.", remedy=_CAPTURE)
    return rows


def _shown(text: str) -> str:
    """`text` on one line of a terminal; a runtime's log gives it no orders."""
    return printable(text[:_SHOWN]).replace("##[", "# #[") + ("..." if len(text) > _SHOWN else "")
