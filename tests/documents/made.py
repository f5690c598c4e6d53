"""Which documents are made from the code, and how."""

from pathlib import Path

from tests.documents import checks, clauses, log, settings, ways_out

ROOT = Path(__file__).parents[2]
MADE = {
    "docs/checks.md": checks.page,
    "docs/clauses.md": clauses.page,
    "docs/log.md": log.page,
    "docs/settings.md": settings.page,
    "docs/ways-out.md": ways_out.page,
    "pytest_smokedeploy/schemas/settings.schema.json": settings.schema_text,
}
