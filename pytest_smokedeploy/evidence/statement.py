"""The in-toto statement: what was tested (image, evidence), and how it ended (FACTS: Evidence)."""

from collections.abc import Mapping
from typing import Any, Final

TYPE: Final = "https://in-toto.io/Statement/v1"
RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"


def statement(document: Mapping[str, Any], evidence_sha256: str) -> dict[str, Any]:
    """A Statement v1 whose subjects are the image (where its digest is known) and `evidence.json`.

    Args:
        document: the evidence.
        evidence_sha256: hex digest of ``evidence.json`` as written.

    """
    subjects = []
    digest = str(document["image"].get("digest", ""))
    if digest.startswith("sha256:"):
        name = document["image"].get("repository", "")
        subjects.append({"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}})
    subjects.append({"name": "evidence.json", "digest": {"sha256": evidence_sha256}})
    return {"_type": TYPE, "subject": subjects, "predicateType": RESULT, "predicate": predicate(document)}


def predicate(document: Mapping[str, Any]) -> dict[str, Any]:
    """The test-result predicate: PASSED for a live PASS alone, so that absence never reads as a pass."""
    checks = [check for stage in document["stages"] for check in stage["checks"]]
    passed = [check["id"] for check in checks if check["outcome"] == "passed"]
    whole = document["verdict"] == "PASS" and document["finished"] and not document["rehearsal"]
    url = document["run"].get("url", "")
    return {
        "result": "PASSED" if whole else "FAILED",
        "configuration": [{"name": "image", "uri": document["image"].get("requested", "")}],
        **({"url": url} if url else {}),
        "passedTests": passed,
        "failedTests": [check["id"] for check in checks if check["outcome"] != "passed"],
    }
