"""``python -m pytest_smokedeploy``: the command line."""

from pytest_smokedeploy.cli.main import main

raise SystemExit(main())
