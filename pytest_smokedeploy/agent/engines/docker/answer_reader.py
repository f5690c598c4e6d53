"""Reads an answer that comes in parts: in a thread of its own, through a bounded queue."""

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Generic, TypeVar

import requests
from docker.errors import DockerException

from pytest_smokedeploy.agent.engines.docker.api import Client
from pytest_smokedeploy.agent.engines.docker.errors import told

T = TypeVar("T")


class AnswerReader(Generic[T]):
    """The parts of one answer; the thread is needed since nothing but `Client.cut` ends a wait for one.

    Args:
        client: the client that is asked; it is closed at the end.
        parts: asks, and gives each part of the answer with its size.
        room: size that may wait, and beyond it makes the engine wait; a part of any size is taken where
            nothing waits.

    """

    def __init__(self, client: Client, parts: Generator[tuple[T, int]], room: int) -> None:
        self._client = client
        self._parts = parts
        self._room = room
        self._error: Exception | None = None
        self._items: list[T] = []
        self._size = 0
        self._finished = self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True, name="docker-reader")

    def batches(self, seconds: float) -> Iterator[list[T]]:
        """What waits, in order, until the answer ends; an empty batch after each `seconds` of silence.

        Raises:
            Exception: what broke the answer off, as the SDK has it.
            EngineError: it was not to be understood.

        """
        self._thread.start()
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._items or self._finished, seconds)
                    items, self._items, self._size = self._items, [], 0
                    if self._finished and not items:
                        break
                    self._changed.notify_all()
                yield items
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()
            self._client.cut()
        if self._error is not None:
            raise self._error

    def _read(self) -> None:
        try:
            with closing(self._client), closing(self._parts):
                for item, size in self._parts:
                    if not self._put(item, size):
                        break
        except (DockerException, requests.RequestException) as error:
            self._error = error
        except ValueError as error:
            self._error = told(str(error))
        except (OSError, AttributeError) as error:
            # AttributeError: urllib3's, where the connection is cut under it.
            self._error = requests.ConnectionError(f"the connection broke: {error}")
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def _put(self, item: T, size: int) -> bool:
        """Add `item` once there is room; False once nobody takes it any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._items or self._size < self._room)
            self._items.append(item)
            self._size += size
            self._changed.notify_all()
            return not self._closed
