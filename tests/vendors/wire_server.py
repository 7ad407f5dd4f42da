"""A server that answers every connection with exact bytes, for the faults that no HTTP library would produce."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator


class WireServer:
    """`requests` holds the first bytes of every connection that was answered."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self.requests.append(connection.recv(65536))
                self._answer(connection)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@contextlib.contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[WireServer]:
    server = WireServer(answer)
    try:
        yield server
    finally:
        server.close()


def sending(raw: bytes) -> Callable[[socket.socket], None]:
    """Answer with these bytes and close."""
    return lambda connection: connection.sendall(raw)


def dripping(raw: bytes, *, pause_s: float) -> Callable[[socket.socket], None]:
    """Answer with one byte at a time, so that no single read is ever late."""

    def drip(connection: socket.socket) -> None:
        for byte in raw:
            connection.sendall(bytes([byte]))
            time.sleep(pause_s)

    return drip
