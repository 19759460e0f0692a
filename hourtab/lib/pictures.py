"""Pictures, told by their content."""


def is_picture(content: bytes) -> bool:
    """Is this a PNG, JPEG or WebP file?"""
    return content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")
