"""Keys that live outside the database: from the environment, or made once into a file only its
owner can read.
"""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def private_folder(folder: Path) -> Path:
    """Make a folder where there is none, with those above it that are missing: for its owner alone.

    Raises `ImproperlyConfigured` where it cannot be made.
    """
    if not folder.exists():
        private_folder(folder.parent)
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ImproperlyConfigured(
                f"The folder {folder} cannot be made: {error.strerror}. HOURTAB_VAR names another."
            ) from None
    return folder


def key_from(value: str, folder: Path, name: str) -> str:
    """Return `value` where it is set; else the key kept in `folder`, made the first time.

    Several processes that start at once agree on one key: the file appears whole, and only once.
    """
    if value:
        return value
    path = folder / name.lower()
    if not path.exists():
        try:
            _keep_new(path)
        except OSError as error:
            raise ImproperlyConfigured(
                f"The key {path} cannot be kept: {error.strerror}. Set {name} or HOURTAB_VAR."
            ) from None
    return path.read_text().strip()


def _keep_new(path: Path) -> None:
    draft = private_folder(path.parent) / f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}"
    draft.touch(mode=0o600)
    try:
        draft.write_text(secrets.token_urlsafe(48))
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
