"""``smokedeploy verify``: whether evidence is a live PASS, whole and consistent (EXT-5)."""

import argparse
import sys
from datetime import timedelta
from pathlib import Path

from pytest_smokedeploy.evidence import verify
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.output import say


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the evidence folder and what it must be of."""
    parser.add_argument("folder", type=Path)
    parser.add_argument("--image-digest", default=None, help="sha256:... that the evidence must be about")
    parser.add_argument("--max-age", type=float, default=None, metavar="HOURS", help="how old it may be")
    parser.add_argument("--run", dest="run_id", metavar="ID", help="the workflow run that it must be of")


def run(parsed: argparse.Namespace) -> bool:
    """Print what is wrong with the evidence; true for nothing."""
    try:
        age = None if parsed.max_age is None else timedelta(hours=parsed.max_age)
    except (ValueError, OverflowError) as error:
        words = f"--max-age {parsed.max_age} is no number of hours."
        raise SmokedeployError(words, remedy="Name one, like 24.") from error
    reasons = verify(parsed.folder, image_digest=parsed.image_digest, max_age=age, run_id=parsed.run_id)
    for reason in reasons:
        say(f"smokedeploy verify: {reason}", sys.stderr)
    say(f"smokedeploy verify: {'NOT evidence' if reasons else 'the phase may proceed'}")
    return not reasons
