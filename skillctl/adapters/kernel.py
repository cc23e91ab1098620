"""Calls of the Linux kernel that Python has no names for, as the keeper and its rooms make them.

The keeper is furnished with this module, so it needs the standard library only.
"""

import ctypes
import os
import struct
from pathlib import Path

MOUNTS, USERS, PROCESSES, NETWORK = 0x00020000, 0x10000000, 0x20000000, 0x40000000
CGROUPS, HOST_NAME, IPC = 0x02000000, 0x04000000, 0x08000000
ALL_NAMESPACES = MOUNTS | USERS | PROCESSES | NETWORK | CGROUPS | HOST_NAME | IPC
READ_ONLY, NO_SUID, NO_DEVICES, NO_PROGRAMS, BIND = 1, 2, 4, 8, 4096

_DETACHED = 2
_BE_DUMPED, _SECURE_BITS, _DROP_FROM_BOUNDS, _NO_NEW_PRIVILEGES, _FILTER_CALLS = 4, 28, 24, 38, 22
# `root` is nobody special, nobody keeps privileges who becomes another, and nothing changes that again.
_NO_ROOT_FOR_EVER = 0b100011
_CAPABILITIES_VERSION = 0x20080522
_OVERRIDE_MODES, _READ_ANYWHERE, _ADMINISTER = 1, 2, 21
_JOIN_SESSION, _REVOKE, _SESSION = 1, 3, -3
_NOT_PERMITTED = 1
#: By processor: each kind of program that it runs, and the numbers of its three calls for keys, `keyctl` last.
_CALLS_FOR_KEYS = {
    "x86_64": {0xC000003E: (248, 249, 250), 0x40000003: (286, 287, 288)},
    "aarch64": {0xC00000B7: (217, 218, 219), 0x40000028: (309, 310, 311)},
}
# The number of that call on all younger processors.
_KEYCTL = {"x86_64": 250}.get(os.uname().machine, 219)
# How a filter reads a word, compares it, changes it, and answers.
_LOAD, _EQUALS, _AND, _ANSWER = 0x20, 0x15, 0x54, 0x06
_AT_NUMBER, _AT_KIND = 0, 4
_REFUSED, _ALLOWED = 0x00050000 | _NOT_PERMITTED, 0x7FFF0000
# With this bit a call means what it means without it, to programs of a third kind.
_ALL_BUT_THIRD_KIND = 0xBFFFFFFF

_libc = ctypes.CDLL(None, use_errno=True)


def do(name: str, *arguments: object, at: str | None = None) -> int:
    """Call a function of the C library that answers -1 where it fails; OSError if so."""
    done: int = getattr(_libc, name)(*arguments)
    if done == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), at or name)
    return done


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount it; OSError names the target."""
    words = (word.encode() for word in (source, target, kind))
    do("mount", *words, ctypes.c_ulong(flags), options.encode(), at=target)


def unmount(target: str) -> None:
    """Take off what was last mounted there, even while somebody holds a file of it; OSError names the target."""
    do("umount2", target.encode(), _DETACHED, at=target)


def forget_keys() -> None:
    """Leave the keyring of the user's session, in which tickets and keys of file systems may lie, for one of no use."""
    for asked in ((_JOIN_SESSION, None), (_REVOKE, _SESSION)):
        # A kernel without keys refuses; so does a container that lets nobody near them.
        _libc.syscall(_KEYCTL, *asked)


def forbid_looking() -> None:
    """Close the memory, the files and the environment of this process to others of its user; OSError if refused."""
    do("prctl", _BE_DUMPED, 0, 0, 0, 0)


def leave_nothing_to_programs() -> None:
    """Have every program that is started from here hold no privilege, and gain none; OSError if that is refused.

    This process keeps what it takes to mount, and to see every file that it mounted.
    """
    do("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    for capability in range(int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii")) + 1):
        do("prctl", _DROP_FROM_BOUNDS, capability, 0, 0, 0)
    do("prctl", _SECURE_BITS, _NO_ROOT_FOR_EVER, 0, 0, 0)
    kept = 1 << _OVERRIDE_MODES | 1 << _READ_ANYWHERE | 1 << _ADMINISTER
    # Effective, permitted and inheritable, in two halves; the ambient ones go with the last.
    do("capset", (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0), (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0))


def refuse_keys() -> bool:
    """Refuse all calls for keys to this process and to what it starts; False where that cannot be had.

    Keys of a user stay when his processes are gone.
    """
    kinds = _CALLS_FOR_KEYS.get(os.uname().machine, {})
    lines = [(_LOAD, 0, 0, _AT_KIND)]
    for kind, calls in kinds.items():
        lines += [
            (_EQUALS, 0, len(calls) + 4, kind),
            (_LOAD, 0, 0, _AT_NUMBER),
            (_AND, 0, 0, _ALL_BUT_THIRD_KIND),
            *((_EQUALS, len(calls) - number, 0, call) for number, call in enumerate(calls)),
            (_ANSWER, 0, 0, _ALLOWED),
            (_ANSWER, 0, 0, _REFUSED),
        ]
    lines.append((_ANSWER, 0, 0, _REFUSED))
    text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = ctypes.create_string_buffer(struct.pack("HP", len(lines), ctypes.addressof(text)))
    return bool(kinds) and _libc.prctl(_FILTER_CALLS, 2, program, 0, 0) == 0
