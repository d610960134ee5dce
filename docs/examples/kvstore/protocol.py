"""The line protocol: how words become lines and lines become words.

A request is one line of words: ``SET greeting "hello world"``. A word of printable ASCII without a double quote stands
as it is; any other is written as a JSON string, so that a value may hold spaces, line ends, anything but half a
character. Words are separated by spaces. Lines are UTF-8; they end with a line feed, or carriage return and line feed.

A reply is any number of lines ``= word``, one for each result, and then ``OK``, or ``ERR code "message"`` alone.
"""

import asyncio
import json
import re

#: Longest line in bytes, its end not counted, that either side accepts unless told otherwise.
MAX_LINE = 64 * 1024

_BARE = re.compile(r"[!#-~]+")
_WORD = r'"(?:[^"\\]|\\.)*"|[^ "\x00-\x1f]+'
_LINE = re.compile(rf" *(?:(?:{_WORD})(?: +|$))*")


class RequestError(Exception):
    """Say that a request was refused: raised by the server's parts, sent as ``ERR``, raised again by the client.

    ``code`` is "syntax", "length", "command", "number" or "storage"; ``message`` is for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


def encode(*words: str) -> bytes:
    """Return the line that holds these words. A lone surrogate in one raises UnicodeEncodeError."""
    quoted = (word if _BARE.fullmatch(word) else json.dumps(word, ensure_ascii=False) for word in words)
    return " ".join(quoted).encode() + b"\n"


def decode(line: bytes) -> list[str]:
    """Return the words of a line, with or without its end. Raises RequestError "syntax"."""
    try:
        text = line.decode().removesuffix("\n").removesuffix("\r")
        if _LINE.fullmatch(text) is None:
            raise ValueError("a quote is missing or misplaced, or a control character is not escaped")
        words = [json.loads(word) if word.startswith('"') else word for word in re.findall(_WORD, text)]
        "".join(words).encode()  # JSON can spell half of a surrogate pair, which no UTF-8 text can hold
    except ValueError as error:
        raise RequestError("syntax", f"not a line of words: {error}") from error
    return words


async def read_line(reader: asyncio.StreamReader) -> bytes:
    """Return the next line with its end. Raises EOFError at the end of the stream, also in the middle of a line.

    A line over the reader's limit raises RequestError "length" once all of it is read and dropped: the next call
    returns the next line.
    """
    dropped = 0
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            dropped += len(await reader.readexactly(error.consumed))
        else:
            break
    if dropped:
        raise RequestError("length", "line is too long")
    return line
