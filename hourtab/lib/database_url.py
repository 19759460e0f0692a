"""The address of a database, as Django's settings take it."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from hourtab.lib.keys import private_folder


def database(url: str) -> dict[str, object]:
    """Turn `sqlite:///relative.sqlite3`, `sqlite:////absolute.sqlite3` or `postgres://…` into
    Django's settings.
    """
    if url.startswith("sqlite:///"):
        name = unquote(url.removeprefix("sqlite:///").partition("?")[0])
        if name == ":memory:":
            return {"ENGINE": "django.db.backends.sqlite3", "NAME": name}
        path = Path(name).absolute()
        private_folder(path.parent)
        # FULL: what was answered as stored survives a power cut, for half a millisecond a write.
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(
            f"DATABASE_URL must begin with sqlite:/// or postgres://, not “{url.partition(':')[0]}:”."
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "hourtab",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }
