"""The documents that come with this package."""

from pathlib import Path


def documents() -> Path:
    """The folder of README and ``docs/``: in the installed wheel, or the checkout it was installed from."""
    package = Path(__file__).parents[1]
    return next((place for place in (package, package.parent) if (place / "README.md").is_file()), package)
