"""Numbers of ports that nobody uses."""

from __future__ import annotations

import socket
from typing import Final

_KINDS: Final = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


class Ports:
    """Gives the number of another unused port of 127.0.0.1 at each call; `protocol` is `tcp` or `udp`."""

    def __init__(self, protocol: str) -> None:
        self._kind = _KINDS[protocol]
        self._given: set[int] = set()

    def __call__(self) -> int:
        """Return a port that was not given before."""
        while (port := self._free()) in self._given:
            pass
        self._given.add(port)
        return port

    def _free(self) -> int:
        with socket.socket(type=self._kind) as one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            return port
