"""Frames: what the usual loggers put before a message. A closed list, to which the settings may add."""

from __future__ import annotations

from typing import Final

FRAMES: Final = (
    "{time} {message}",
    "[{time}] {message}",
    "{level} {message}",
    "{level}: {message}",
    "[{level}] {message}",
    "[{level}] [{logger}] {message}",
    "{level}:{logger}:{message}",
    "{time} {level} {message}",
    "{time} {level}: {message}",
    "{time} [{level}] {message}",
    "{time} [{level} ] {message}",
    "{time} - {level} - {message}",
    "{time} | {level} | {message}",
    "{time} - {logger} - {level} - {message}",
    "{time} {level} {logger}: {message}",
    "{time} {level} {logger} - {message}",
    "{time} {level} [{logger}] {message}",
    "{time} [{level}] {logger}: {message}",
    "{time} [{thread}] {level} {logger} - {message}",
    "{time} {level} [{thread}] {logger} - {message}",
    "{time} {level} {pid} --- [{thread}] {logger} : {message}",
    "{time} {level} {pid} --- [ {thread}] {logger} : {message}",
    "{time} | {level} | {source} - {message}",
    "{time} {source}: {message}",
    "{time} [{pid}] {level}: {message}",
    "[{time}] {level} {message}",
    "[{time}] {level}: {message}",
    "[{time}] [{level}] {message}",
    "[{time}] [{pid}] [{level}] {message}",
    "[{time}: {level}/{thread}] {message}",
    "[{time} {level} {logger}] {message}",
)
