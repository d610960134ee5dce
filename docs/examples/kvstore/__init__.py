"""A key-value store on TCP: a small, complete asyncio program, here to be tested.

Start it, and talk to it by hand or from Python:

    $ python -m kvstore store.sqlite --port 7007
    listening on 127.0.0.1 7007

    async with Client("127.0.0.1", 7007) as client:
        await client.set("greeting", "hello world")
        print(await client.get("greeting"))

The modules, from the bottom up: ``protocol`` (lines and words), ``storage`` (one SQLite file), ``commands`` (what a
request does), ``server``, ``client``, ``__main__`` (the command line). The tests lie in the folder above.
"""

from kvstore.client import Client
from kvstore.protocol import RequestError
from kvstore.server import Server, serve
from kvstore.storage import Storage

__all__ = ["Client", "RequestError", "Server", "Storage", "serve"]
