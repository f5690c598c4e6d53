"""pytester for this repository's own tests; the smoke tests are run as a user runs them, never among ours."""

pytest_plugins = ["pytester"]
collect_ignore = ["smoke_tests"]
