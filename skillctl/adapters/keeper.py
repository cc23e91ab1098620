"""The keeper: makes rooms behind walls of Linux namespaces, in which scripts are run (see `isolation` and `room`).

It is a program of its own, with one thread, no secret and no file but a socket to `skillctl`, and it is the first
process of a process namespace, in the root folder that `walled_root` furnishes.

A room ends when nobody holds the other end of its socket, the keeper likewise, so with `skillctl`, however that ended;
when a room ends in any other way, the keeper ends, and with it everything.
"""

import gc
import os
import signal
import socket
import sys
from contextlib import suppress

from skillctl.adapters import kernel
from skillctl.adapters.room import Room


def serve() -> None:
    """Say that all is ready, and make a room for whoever asks, until nobody does any more."""
    control = socket.socket(fileno=0)
    os.umask(0o022)
    # A handler of a first process would be run by what a script sends to it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, _end_with_room)
    kernel.forget_keys()
    try:
        kernel.mount("proc", "/proc", "proc", kernel.NO_SUID | kernel.NO_DEVICES | kernel.NO_PROGRAMS)
    except OSError as problem:
        # In a container that shows only part of it.
        sys.exit(str(problem))
    gc.freeze()
    control.send(b"ready")
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(control, 1, 1)
        if not message:
            return
        for descriptor in descriptors:
            if os.fork() == 0:
                # The keeper's end of the socket is closed by this, and no pipe gets the number of a standard file.
                os.dup2(os.open("/dev/null", os.O_RDWR), control.detach())
                Room(socket.socket(fileno=descriptor)).serve()
            os.close(descriptor)


def _end_with_room(_number: int, _frame: object) -> None:
    # One signal may tell of several, and of some that are reaped already.
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[1]:
                os._exit(1)
