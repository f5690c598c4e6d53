"""A JUnit file made from the evidence alone, for a run that ended before pytest wrote its own."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET


def junit(document: Mapping[str, Any]) -> str:
    """One test case a collected check, as XML; one that did not pass and did not fail is skipped."""
    basis = {row["clause"]: row["basis"] for row in document["clauses"]}
    cases = [_case(check, stage["stage"], basis) for stage in document["stages"] for check in stage["checks"]]
    count = {tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "skipped")}
    suite = ET.Element(
        "testsuite",
        name="smoke deploy",
        tests=str(len(cases)),
        errors="0",
        failures=str(count["failure"]),
        skipped=str(count["skipped"]),
        timestamp=str(document["started_at"] or ""),
    )
    suite.extend(cases)
    suites = ET.Element("testsuites")
    suites.append(suite)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(suites, encoding='unicode')}\n"


def properties(
    stage: str, clauses: Iterable[str], basis: Mapping[str, str | None]
) -> Iterator[tuple[str, str]]:
    """A test case's properties: its stage, and each clause that it claims with what the proof rests on."""
    yield "stage", stage
    for clause in clauses:
        yield "clause", clause
        if found := basis.get(clause):
            yield f"basis of {clause}", found


def _case(check: Mapping[str, Any], stage: str, basis: Mapping[str, str | None]) -> ET.Element:
    file, _, name = str(check["id"]).partition("::")
    case = ET.Element("testcase", classname=_plain(file), name=_plain(name or file))
    told = ET.SubElement(case, "properties")
    for one, value in properties(stage, check["clauses"], basis):
        ET.SubElement(told, "property", name=one, value=value)
    if check["outcome"] != "passed":
        tag = "failure" if check["outcome"] == "failed" else "skipped"
        ET.SubElement(case, tag, message=_plain(f"{check['outcome']} {check['words']}".rstrip()))
    return case


def _plain(text: str) -> str:
    """`text` without what XML can't hold."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
