"""The clauses of the Smoke Deploy Model, as the code holds them."""

from __future__ import annotations

from pytest_smokedeploy.model import CLAUSES, MEANS, REMEDIES

_HEAD = """# Clauses

What the gate holds a deploy against. *Checked*: a test in `smoke_tests/` proves it on the very run, and
the proof must rest on at least what the last column says: *seen* by the gate, *told* by the agent, or
*attested* by a named person. *Enforced*: the gate itself makes it so. Of several violated clauses the one
of the stage that failed first is named first, then the order of this table decides. What it means and what to
do stand in a report like this where the run does not know it more closely. Written by `python -m
tests.documents`.

| id | clause | stage | how | least basis | violated, it means | what to do |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    rows = (
        (c.id, c.text, c.stage, c.how, c.least_basis or "", MEANS.get(c.id, ""), REMEDIES[c.id])
        for c in CLAUSES
    )
    return _HEAD + "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows) + "\n"
