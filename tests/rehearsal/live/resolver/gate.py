"""Starts pytest with the live tests' one host name resolved, as sitecustomize does it for other commands."""

import runpy
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[0] = str(HERE.parents[3])
runpy.run_path(str(HERE / "sitecustomize.py"))
raise SystemExit(pytest.console_main())
