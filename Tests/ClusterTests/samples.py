"""Keys and values that are hard to get right."""

from __future__ import annotations

import random

MEBIBYTE = bytes(random.Random(7).randbytes(1 << 20))

VALUES: dict[str, bytes] = {
    "a fraction": b"2.0",
    "an accent": "é".encode(),
    "thirty digits": b"123456789012345678901234567890",
    "nothing": b"",
    "a mebibyte": MEBIBYTE,
    "binary": b"\x00\xff\r\n\r\n\x00" + bytes(range(256)),
}

KEYS: dict[str, str] = {
    "slashes": "a/b/c",
    "a written escape": "a%2Fb",
    "spaces": " two words ",
    "quotes": 'it\'s "quoted" `so`',
    "emoji": "tree 🌳/été",
    "a dot segment": "..",
    "dot segments": "./a/../../b",
    "two slashes": "a//b",
    "slashes alone": "//",
    "a percent sign": "100%",
    "a percent sign alone": "%",
    "a query": "what?a=b&c#d",
    "a plus": "1+1",
    "a backslash": "C:\\a",
    "a line feed and NUL": "a\nb\x00c\x7f",
    "the longest": "k" * 511,
    "the longest in escapes": "é" * 255 + "/",
}

#: JSON texts that must come back as they were written.
JSON_VALUES: dict[str, str] = {
    "a fraction": "2.0",
    "thirty digits": "123456789012345678901234567890",
    "an exponent": "-1.50E+3",
    "a small number": "0.1e-400",
    "minus zero": "-0",
    "an accent": '"é"',
    "an emoji": '"🌳"',
    "an empty string": '""',
    "true": "true",
    "null": "null",
    "an empty array": "[]",
    "an object": '{"a":[1,2.50,{"b":null}],"é":"\\u0000\\n\\""}',
}

#: How a key that must be refused with 400 stands in a target.
BAD_KEYS: dict[str, str] = {
    "an empty key": "",
    "half an escape": "a%2",
    "a percent sign alone": "%",
    "no hexadecimal digits": "a%zzb",
    "one hexadecimal digit": "%a%20",
    "a key of 512 bytes": "k" * 512,
    "a key of 512 escaped bytes": "%C3%A9" * 256,
}
