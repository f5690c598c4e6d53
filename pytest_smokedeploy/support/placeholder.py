"""Values that nobody wrote yet, as `init` and `agent init` lay them."""

import re
from typing import Final

_PLACEHOLDER: Final = re.compile(
    r"your[-_].*|(?:change|replace)[-_]?me|placeholder|todo|tbd|x{3,}", re.IGNORECASE
)


def is_placeholder(text: str) -> bool:
    """Whether a part of a name, between `/`, `:` and `.`, stands for a value of the user's own."""
    return any(map(_PLACEHOLDER.fullmatch, re.split("[/:.]", text)))


def written(text: str) -> str:
    """`text` itself.

    Raises:
        ValueError: it is still a placeholder.

    """
    if is_placeholder(text):
        raise ValueError("is still the placeholder; write your own value")
    return text
