"""What each request does, free of sockets: words in, results out."""

import sqlite3

from kvstore.protocol import RequestError
from kvstore.storage import Storage

USAGE = {
    "GET": "GET key",
    "SET": "SET key value",
    "DEL": "DEL key",
    "KEYS": "KEYS [prefix]",
    "INCR": "INCR key [by]",
}


async def execute(storage: Storage, words: list[str]) -> list[str]:
    """Carry out one request and return its results. Raises RequestError "command", "number" or "storage".

    GET returns one result or none, DEL "1" or "0" (was it there), KEYS one for each key, INCR the sum, SET nothing.
    """
    try:
        match words:
            case ["GET", key]:
                value = await storage.get(key)
                return [] if value is None else [value]
            case ["SET", key, value]:
                await storage.set(key, value)
                return []
            case ["DEL", key]:
                return ["1" if await storage.delete(key) else "0"]
            case ["KEYS", *prefix] if len(prefix) <= 1:
                return await storage.keys(*prefix)
            case ["INCR", key, *by] if len(by) <= 1:
                return [str(await storage.increment(key, *map(int, by)))]
            case [name, *_] if name in USAGE:
                raise RequestError("command", f"usage: {USAGE[name]}")
            case _:
                raise RequestError("command", f"unknown command; valid ones: {', '.join(USAGE)}")
    except sqlite3.Error as error:
        raise RequestError("storage", str(error)) from error
    except ValueError as error:
        raise RequestError("number", str(error)) from error
