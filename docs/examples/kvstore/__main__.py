"""The command line: ``python -m kvstore FILE [--host HOST] [--port PORT]``, until SIGINT or SIGTERM."""

import argparse
import asyncio
import signal
from contextlib import suppress

from kvstore.server import serve


async def run(path: str, host: str, port: int) -> None:
    """Serve the file until a signal asks to stop."""
    stop = asyncio.Event()
    with suppress(NotImplementedError):  # Windows loops take no handlers; there, Ctrl-C cancels this task
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(path, host, port) as server:
        print("listening on", *server.address, flush=True)
        await stop.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="kvstore", description="Serve a key-value store on TCP.")
    parser.add_argument("file", help="the SQLite file; made if missing")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(run(options.file, options.host, options.port))


if __name__ == "__main__":
    main()
