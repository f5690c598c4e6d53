"""What changed between two runs: the question after a failure that passed before."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from pytest_smokedeploy.reports.log_excerpt import message
from pytest_smokedeploy.reports.markdown import table
from pytest_smokedeploy.support.redaction import one_line

Document: TypeAlias = Mapping[str, Any]

#: Characters of two values that stand on one line (chosen).
_BESIDE: Final = 72
#: Lines of the log that are listed of each kind (chosen).
_LISTED: Final = 50
#: What differs between two runs of the same runtime: times, ids, counts.
_VARIES: Final = re.compile(r"[0-9a-fA-F]{8,}|\d+")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        rows: (what, older run's, newer run's), the verdict first; rules and clauses only where they differ.
        new: lines that only the newer run logged, times, ids and counts left aside.
        gone: lines that only the older run logged.

    """

    rows: tuple[tuple[str, str, str], ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]

    def text(self) -> Iterator[str]:
        """The comparison in lines of text; a row that differs begins with an asterisk."""
        for what, *values in self.rows:
            old, new = map(one_line, values)
            if old == new:
                yield f"  {what}: {old}"
            elif len(old) + len(new) <= _BESIDE:
                yield f"* {what}: {old or '-'} -> {new or '-'}"
            else:
                yield from (f"* {what}:", f"    older  {old or '-'}", f"    newer  {new or '-'}")
        for words, lines in self._lines():
            yield f"{len(lines)} lines {words}"
            yield from (f"    {one_line(line)}" for line in lines[:_LISTED])

    def markdown(self) -> Iterator[str]:
        """The comparison as Markdown, for a step summary."""
        yield table(("", "older", "newer"), self.rows)
        for words, lines in self._lines():
            if lines:
                yield ""
                yield table((f"{len(lines)} lines {words}",), ([line] for line in lines[:_LISTED]))

    def _lines(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return ("in the newer log alone", self.new), ("in the older log alone", self.gone)


def compare(old: Document, new: Document, old_log: Iterable[str], new_log: Iterable[str]) -> Comparison:
    """Hold two runs against each other.

    Args:
        old: the older run's evidence.
        new: the newer run's.
        old_log: the lines of the older run's ``startup.log``.
        new_log: the newer run's.

    """
    before, after = _lines(old_log), _lines(new_log)
    return Comparison(
        tuple(_rows(old, new)),
        tuple(line for key, line in after.items() if key not in before),
        tuple(line for key, line in before.items() if key not in after),
    )


def _rows(old: Document, new: Document) -> Iterator[tuple[str, str, str]]:
    for what in ("verdict", "clause", "reason"):
        yield what, str(old[what]), str(new[what])
    yield "began", str(old["started_at"]), str(new["started_at"])
    yield "image", str(old["image"].get("requested", "")), str(new["image"].get("requested", ""))
    yield "digest", str(old["image"]["digest"]), str(new["image"]["digest"])
    for key in ("commit", "actor"):
        yield key, str(old["run"].get(key, "")), str(new["run"].get(key, ""))
    for key, word, without in (("settings", "setting", "default"), ("versions", "version of", "none")):
        for name in dict.fromkeys((*old[key], *new[key])):
            yield from _differing(f"{word} {name}", old[key].get(name, without), new[key].get(name, without))
    states = {row["clause"]: row["state"] for row in old["clauses"]}
    for row in new["clauses"]:
        yield from _differing(row["clause"], states.get(row["clause"]), row["state"])
    seconds = {stage["stage"]: _seconds(stage["checks"]) for stage in old["stages"]}
    for stage in new["stages"]:
        yield f"seconds of {stage['stage']}", seconds.get(stage["stage"], ""), _seconds(stage["checks"])


def _differing(what: str, old: object, new: object) -> Iterator[tuple[str, str, str]]:
    if old != new:
        yield what, str(old), str(new)


def _seconds(checks: Sequence[Mapping[str, Any]]) -> str:
    """From the first check's start to the last one's end; "" where none ran."""
    ran = [c for c in checks if c["started_at"] and c["outcome"] not in {"blocked", "not run"}]
    if not ran:
        return ""
    began = min(datetime.fromisoformat(check["started_at"]) for check in ran)
    ended = max(datetime.fromisoformat(check["finished_at"]) for check in ran)
    return f"{(ended - began).total_seconds():.1f}"


def _lines(log: Iterable[str]) -> dict[str, str]:
    """Each line once, by what does not vary in it."""
    found: dict[str, str] = {}
    for text in map(message, log):
        found.setdefault(_VARIES.sub("#", text), text)
    return found
