"""What a PDF of Typst says, read from its streams."""

import re
import zlib
from collections.abc import Iterator

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_PAIR = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n")
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of_pdf(content: bytes) -> str:
    """Return the texts of a PDF in their order, once for each of its fonts: which one a text is
    set in is not followed, so beside what stands there comes nonsense.
    """
    streams = list(_streams(content))
    shown = [text for stream in streams if b" Tf" in stream for text in _shown(stream)]
    fonts = [
        {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs}
        for stream in streams
        if b"beginbfchar" in stream and (pairs := _PAIR.findall(stream))
    ]
    assert fonts
    assert shown
    return "\n".join(" ".join(_said(text, font) for text in shown) for font in fonts)


def _streams(content: bytes) -> Iterator[bytes]:
    for found in _STREAM.finditer(content):
        try:
            yield zlib.decompress(found[1])
        except zlib.error:
            continue


def _shown(stream: bytes) -> Iterator[bytes]:
    """Yield what each `Tj` and each `TJ` shows, as numbers of glyphs of two bytes."""
    text, i = b"", 0
    while i < len(stream):
        letter = stream[i : i + 1]
        if letter == b"(":
            end = _end_of_literal(stream, i)
            text += _ESCAPED.sub(_unescaped, stream[i + 1 : end])
            i = end
        elif letter == b"<" and stream[i + 1 : i + 2] != b"<":
            end = stream.index(b">", i)
            text += bytes.fromhex(stream[i + 1 : end].decode())
            i = end
        elif letter == b"<":
            i += 1
        elif stream[i : i + 2] in (b"Tj", b"TJ"):
            yield text
            text = b""
        i += 1


def _end_of_literal(stream: bytes, start: int) -> int:
    depth, i = 0, start
    while True:
        letter = stream[i : i + 1]
        depth += (letter == b"(") - (letter == b")")
        if not depth:
            return i
        i += 2 if letter == b"\\" else 1


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8)]) if found[1].isdigit() else _NAMED.get(found[1], found[1])


def _said(text: bytes, font: dict[int, str]) -> str:
    glyphs = (int.from_bytes(text[i : i + 2]) for i in range(0, len(text), 2))
    return "".join(font.get(glyph, "\ufffd") for glyph in glyphs)
