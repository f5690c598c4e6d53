"""``smokedeploy compare``: what changed between two runs, by their evidence folders."""

import argparse
from pathlib import Path
from typing import Any

from pytest_smokedeploy.evidence import JOURNAL, Journal, build, log_lines
from pytest_smokedeploy.reports.comparison import compare
from pytest_smokedeploy.support.output import write


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add both evidence folders, and the form."""
    parser.add_argument("old", type=Path, help="the older run's evidence folder")
    parser.add_argument("new", type=Path, help="the newer run's evidence folder")
    parser.add_argument("--markdown", action="store_true", help="as Markdown, for a step summary")


def run(parsed: argparse.Namespace) -> bool:
    """Print what changed; nothing is verified by it. Always true."""
    with log_lines(parsed.old) as old_log, log_lines(parsed.new) as new_log:
        found = compare(_document(parsed.old), _document(parsed.new), old_log, new_log)
    for line in found.markdown() if parsed.markdown else found.text():
        write(line)
    return True


def _document(folder: Path) -> dict[str, Any]:
    """The evidence that a folder's journal makes."""
    return build(Journal.read(folder / JOURNAL), {})
