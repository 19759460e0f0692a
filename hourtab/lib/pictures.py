"""Pictures, told by their content."""


def is_picture(content: bytes) -> bool:
    """Is this a PNG, JPEG or WebP file?"""
    return kind_of(content) != ""


def kind_of(content: bytes) -> str:
    """Return the media type of a PNG, JPEG or WebP file; empty for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""
