"""What `skillctl` and a room tell one another: bytes with their length before them.

The keeper is furnished with this module, so it needs the standard library only.
"""

import json
import marshal
import socket
from typing import Any, NamedTuple

from skillctl.adapters.errand import Ended, Errand
from skillctl.adapters.scratch import Files

# Bytes of the length of a message, or of a part of it.
_HEAD = 8


class Answer(NamedTuple):
    """How a case ended, or why it could not be isolated; and whether the room serves another."""

    ended: Ended | str
    is_fit: bool


def asked(errand: Errand, known: Files | None) -> bytes:
    """The message that asks a room for it; a room knows the skill of its last case."""
    plain: Any = (*errand[:3], None if errand.skill == known else errand.skill, *errand[4:])
    return marshal.dumps(plain)


def understood(message: bytes | bytearray, known: Files) -> Errand:
    """What a room is asked for."""
    # It comes over the socket that `skillctl` itself gave the keeper, and no script gets hold of.
    errand = Errand(*marshal.loads(message))  # noqa: S302
    return errand._replace(skill=known) if errand.skill is None else errand


def answered(answer: Answer) -> bytes:
    """The message of a room: JSON, and the texts after it, which could grow to many times their size in JSON."""
    ended = answer.ended if isinstance(answer.ended, Ended) else Ended("not started", problem=answer.ended)
    texts = [text.encode() for text in (ended.stdout, ended.stderr, *ended.files.values())]
    shape = [
        answer.is_fit,
        answer.ended is ended,
        ended._replace(stdout="", stderr="", files={}),
        list(ended.files),
        [len(text) for text in texts],
    ]
    head = json.dumps(shape).encode()
    return b"".join((len(head).to_bytes(_HEAD, "big"), head, *texts))


def heard(message: bytes | bytearray) -> Answer:
    """What a room answers; ValueError if that is no answer."""
    begin = _HEAD + int.from_bytes(message[:_HEAD], "big")
    is_fit, is_isolated, ended, paths, sizes = json.loads(message[_HEAD:begin])
    texts = []
    for size in sizes:
        texts.append(message[begin : begin + size].decode())
        begin += size
    if not is_isolated:
        return Answer(Ended(*ended).problem, is_fit)
    stdout, stderr, *others = texts
    files = dict(zip(paths, others, strict=True))
    return Answer(Ended(*ended)._replace(stdout=stdout, stderr=stderr, files=files), is_fit)


def send(channel: socket.socket, message: bytes) -> None:
    """Write one message, with its length before it."""
    channel.sendall(len(message).to_bytes(_HEAD, "big") + message)


def receive(channel: socket.socket) -> bytearray | None:
    """The next message, or None where the other side has ended; EOFError if it ended within one."""
    head = channel.recv(_HEAD)
    if not head:
        return None
    head += _exactly(channel, _HEAD - len(head))
    return _exactly(channel, int.from_bytes(head, "big"))


def _exactly(channel: socket.socket, size: int) -> bytearray:
    message = bytearray(size)
    rest = memoryview(message)
    while rest:
        read = channel.recv_into(rest)
        if not read:
            raise EOFError("it ended early")
        rest = rest[read:]
    return message
