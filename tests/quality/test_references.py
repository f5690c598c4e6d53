"""What the code says that it rests on is there to be read: a section of the design, a fact of the field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("pytest_smokedeploy/**/*.py"), *ROOT.glob("tests/**/*.py"), ROOT / "README.md"]
SECTION = re.compile(r"\bDESIGN (\d+)")
FACT = re.compile(r"\bFACTS: ([A-Z][A-Za-z ]*[A-Za-z])")


def headings(page, pattern):
    return set(re.findall(pattern, (ROOT / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE))


def named(pattern):
    """Every reference of this kind with the file that makes it, this one left out."""
    return [
        (found, file.relative_to(ROOT).as_posix())
        for file in SOURCES
        if file != Path(__file__)
        for found in pattern.findall(file.read_text(encoding="utf-8"))
    ]


def test_every_section_of_the_design_that_is_named_is_there():
    there = headings("design.md", r"^## (\d+)\.")
    assert named(SECTION)
    assert [row for row in named(SECTION) if row[0] not in there] == []


def test_every_fact_that_is_named_is_there():
    there = headings("facts.md", r"^## (.+)$")
    assert named(FACT)
    # A fact may be named more closely: "Docker" of "Images and Docker", "Access, a scripted User-Agent".
    assert [row for row in named(FACT) if not any(row[0] in heading for heading in there)] == []


@pytest.mark.parametrize(
    "page", [*sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("*.md"))], ids=lambda p: p.name
)
def test_every_link_between_the_pages_leads_somewhere(page):
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in linked if not (page.parent / link).exists()] == []
