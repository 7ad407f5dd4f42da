"""Closing a client's connection in the middle of a call, as a failing network would."""

import os
import socket
import stat
from contextlib import suppress

_MOST_DESCRIPTORS = 65536


def cut(peer: tuple[str, int] | None) -> bool:
    """Shuts the TCP connection of `peer` (host, port) for both directions; True if one was found.

    The HTTP server offers no way to hang up without an answer, so the process's own descriptors are searched.
    """
    if peer is None:
        return False
    return any(_shut(descriptor, peer) for descriptor in _descriptors())


def _descriptors() -> list[int]:
    with suppress(OSError):
        return sorted(int(name) for name in os.listdir("/dev/fd"))
    return list(range(3, min(os.sysconf("SC_OPEN_MAX"), _MOST_DESCRIPTORS)))


def _shut(descriptor: int, peer: tuple[str, int]) -> bool:
    with suppress(OSError):
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return False
        with socket.socket(fileno=os.dup(descriptor)) as candidate:
            if candidate.getpeername()[:2] == peer:
                candidate.shutdown(socket.SHUT_RDWR)
                return True
    return False
