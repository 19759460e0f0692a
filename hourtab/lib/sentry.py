"""Reports of errors to Sentry, where SENTRY_DSN asks for it: where it broke, and nothing of what
anybody wrote.
"""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from hourtab.lib.logs import masked

_KEPT = (
    "event_id",
    "timestamp",
    "platform",
    "level",
    "logger",
    "release",
    "environment",
    "exception",
    "sdk",
    "transaction",
)


def start(dsn: str, release: str) -> None:
    """Begin to report. Raises `ImproperlyConfigured` where sentry-sdk is missing or the address is
    none.
    """
    try:
        import sentry_sdk
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, and sentry-sdk is missing. Run: pip install sentry-sdk"
        ) from None
    if not urlsplit(dsn).hostname:
        raise ImproperlyConfigured("SENTRY_DSN must look like https://key@sentry.example.com/1.")
    sentry_sdk.init(
        dsn,
        release=f"hourtab@{release}",
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=stripped,
    )


def stripped(event: Any, _hint: Any = None) -> Any:
    """Return a report with the kinds of errors and the places in the code alone: no message,
    request, user or variables.
    """
    kept = {name: event[name] for name in _KEPT if name in event}
    for error in kept.get("exception", {}).get("values", ()):
        error["value"] = ""
        for frame in (error.get("stacktrace") or {}).get("frames", ()):
            frame.pop("vars", None)
    if "transaction" in kept:
        kept["transaction"] = masked(str(kept["transaction"]))
    if said := event.get("logentry", {}).get("message"):
        kept["logentry"] = {"message": masked(str(said))}
    return kept
