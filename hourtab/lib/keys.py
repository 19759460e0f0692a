"""Keys that live outside the database: from the environment, or made once into a file only its
owner can read.
"""

import os
import secrets
from pathlib import Path


def key_from(value: str, folder: Path, name: str) -> str:
    """Return `value` where it is set; else the key kept in `folder`, made the first time.

    Several processes that start at once agree on one key: the file appears whole, and only once.
    """
    if value:
        return value
    path = folder / name.lower()
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f".{name.lower()}.{os.getpid()}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
