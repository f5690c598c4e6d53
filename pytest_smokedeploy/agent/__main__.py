"""``python -m pytest_smokedeploy.agent``: serve the Deploy Agent."""

import os
import sys

from pytest_smokedeploy.agent.main import run

raise SystemExit(run(sys.argv[1:], os.environ))
