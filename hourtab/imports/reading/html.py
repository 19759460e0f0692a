"""Notes written as HTML by a ticket system, as text."""

import re
from html.parser import HTMLParser

_BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "table", "blockquote"}
LONGEST_NOTE = 20_000
"""Characters. The parser takes time that grows with the square of a note that is no HTML."""
_UNSEEN = {"script", "style", "head", "title"}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.unseen = max(0, self.unseen - (tag in _UNSEEN))
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of(note: str) -> str:
    """Return the text of an HTML note, its paragraphs as lines; a note without tags or entities,
    or a very long one, is returned as it is.
    """
    if ("<" not in note and "&" not in note) or len(note) > LONGEST_NOTE:
        return note
    reader = _Text()
    reader.feed(note)
    reader.close()
    lines = (line.strip() for line in "".join(reader.parts).replace("\u00a0", " ").split("\n"))
    return "\n".join(line for line in lines if line)
