"""A bounded queue between a reading thread and a taking one; a full queue makes the reader wait."""

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """Items on their way from a reading thread to a taker.

    Args:
        room: size that may wait; an item of any size is taken where nothing waits.

    Attributes:
        error: what ended the reading, or None where it came to its end.

    """

    def __init__(self, room: int) -> None:
        self.error: Exception | None = None
        self._room = room
        self._items: deque[tuple[T, int]] = deque()
        self._size = 0
        self._finished = False
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: T, size: int = 1) -> bool:
        """Add `item` once there is room; False once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._items or self._size < self._room)
            if self._closed:
                return False
            self._items.append((item, size))
            self._size += size
            self._changed.notify_all()
            return True

    def finish(self, error: Exception | None = None) -> None:
        """Nothing more comes."""
        with self._changed:
            self.error = error
            self._finished = True
            self._changed.notify_all()

    def close(self) -> None:
        """Close the queue; a reader that waits for room returns."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def take(self, seconds: float) -> list[T]:
        """What waits, in order; empty where nothing came within `seconds`, or at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._finished, seconds)
            items = [item for item, _ in self._items]
            self._items.clear()
            self._size = 0
            self._changed.notify_all()
            return items

    @property
    def ended(self) -> bool:
        """True once nothing waits and nothing more comes."""
        with self._changed:
            return self._finished and not self._items
