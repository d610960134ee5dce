"""The protocol: plain methods for what is plain, coroutines where a stream is read. No socket, no server."""

import asyncio

from asynctestkit import AsyncTestCase
from kvstore.protocol import RequestError, decode, encode, read_line


class WordsTest(AsyncTestCase):
    """Nothing here awaits anything: a synchronous test is at home in an AsyncTestCase."""

    def test_plain_words_stay_readable(self) -> None:
        """Quotes are for words that need them."""
        self.assertEqual(encode("SET", "greeting", "hello world"), b'SET greeting "hello world"\n')

    def test_any_word_survives(self) -> None:
        """What is encoded is decoded to the same words."""
        for word in ["", " ", '"', "\\", 'say "hi"', "two\nlines\r\n", "\0", "naïve", "\u2028", "🐍", "OK", "="]:
            with self.subTest(word=word):
                self.assertEqual(decode(encode("GET", word)), ["GET", word])

    def test_spaces_and_line_ends_are_free(self) -> None:
        """A line typed by hand needs no care."""
        self.assertEqual(decode(b'  GET   "a b"  \r\n'), ["GET", "a b"])
        self.assertEqual(decode(b"\n"), [])

    def test_bad_lines_are_refused(self) -> None:
        """Each raises RequestError with the code "syntax"."""
        for line in [b'"open', b'a"b"', b'"a"b', rb'"\x41"', b"tab\there", b"\xff", rb'"half \ud800"']:
            with self.subTest(line=line), self.assertRaises(RequestError) as caught:
                decode(line)
            self.assertEqual(caught.exception.code, "syntax")


class ReadLineTest(AsyncTestCase):
    """A stream is fed by hand; its limit is eight bytes."""

    async def asyncSetUp(self) -> None:
        self.reader = asyncio.StreamReader(limit=8)

    async def test_lines_come_one_by_one(self) -> None:
        """However the bytes arrive."""
        self.reader.feed_data(b"one\ntw")
        self.assertEqual(await read_line(self.reader), b"one\n")
        self.reader.feed_data(b"o\n")
        self.assertEqual(await read_line(self.reader), b"two\n")

    async def test_too_long_a_line_is_dropped_whole(self) -> None:
        """The line after it is read as if nothing had happened."""
        for length in [9, 16, 1000]:
            with self.subTest(length=length):
                self.reader.feed_data(b"x" * length + b"\nnext\n")
                with self.assertRaises(RequestError) as caught:
                    await read_line(self.reader)
                self.assertEqual(caught.exception.code, "length")
                self.assertEqual(await read_line(self.reader), b"next\n")

    async def test_half_a_line_is_no_line(self) -> None:
        """The end of the stream ends reading, also in the middle of a line."""
        self.reader.feed_data(b"DEL a")
        self.reader.feed_eof()
        with self.assertRaises(EOFError):
            await read_line(self.reader)
