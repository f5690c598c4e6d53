"""Writes the documents that are made from the code."""

import sys

from tests.documents.made import MADE, ROOT

for name, make in MADE.items():
    file = ROOT / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(make(), encoding="utf-8")
    sys.stdout.write(f"{name}\n")
