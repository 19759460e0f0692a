"""A HourTab on another machine: what `--server` and `--key` of the commands lead to."""

import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Sequence
from email.message import Message
from typing import IO, Any
from urllib.parse import urlsplit

from django.core.management.base import CommandParser

from hourtab.management.command import Refused

LONGEST = 300
"""Seconds a server may take for one file."""
_NEAR = ("localhost", "127.0.0.1", "::1")


def add_server(parser: CommandParser) -> None:
    """Let a command work on another machine."""
    parser.add_argument(
        "--server",
        metavar="URL",
        help="a HourTab on another machine, like https://hours.example.com",
    )
    parser.add_argument(
        "--key", default="", help="a key of yours there; better in the environment, as HOURTAB_KEY"
    )


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A key is sent to the address that was named, and to no other."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> None:
        raise Refused(
            f"The server leads on to {newurl}. Name that address with --server, if you trust it."
        )


class Server:
    """Another HourTab, spoken to with a key. Refuses, with status 2, an address without TLS, or no
    key.
    """

    def __init__(self, url: str, key: str) -> None:
        self.key = key or os.environ.get("HOURTAB_KEY", "")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused(f"--server {url}: write an address like https://hours.example.com", 2)
        if parts.scheme == "http" and parts.hostname not in _NEAR:
            raise Refused(
                "--server: a key travels over https only. Write https:// before the address.", 2
            )
        if not self.key:
            raise Refused(
                "Give a key: HOURTAB_KEY=…, or --key. Make one under Settings › Keys there.", 2
            )
        if not self.key.isascii() or not self.key.isprintable() or " " in self.key:
            raise Refused("This is no key: it has characters no key has.", 2)
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"

    def send(self, noun: str, values: dict[str, Any]) -> dict[str, Any]:
        """Send values as JSON; return what the server says. Raises `Refused` with its reason."""
        return self._post(noun, json.dumps(values).encode(), "application/json")

    def send_file(
        self, noun: str, fields: Sequence[tuple[str, str]], name: str, content: bytes
    ) -> dict[str, Any]:
        """Send a file with fields (RFC 7578); return what the server says. Raises `Refused` with
        its reason.
        """
        edge = secrets.token_hex(16)
        parts = [_part(edge, field, value.encode()) for field, value in fields if value]
        parts.append(_part(edge, "file", content, name))
        return self._post(
            noun,
            b"".join([*parts, f"--{edge}--\r\n".encode()]),
            f"multipart/form-data; boundary={edge}",
        )

    def _post(self, noun: str, body: bytes, kind: str) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": kind,
            "Accept": "application/json",
        }
        request = urllib.request.Request(f"{self.url}/api/v1/{noun}", body, headers, method="POST")  # noqa: S310
        try:
            with urllib.request.build_opener(_NoRedirects).open(request, timeout=LONGEST) as answer:
                return _read(answer.read())
        except urllib.error.HTTPError as error:
            said = _read(error.read())
            if "report" in said:
                return said
            raise Refused(
                said.get("error") or f"The server answers {error.code}.",
                2 if error.code < 500 else 1,
            ) from None
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise Refused(
                f"{self.url} does not answer: {reason}. Look whether it was taken before you try again."
            ) from None


def _part(edge: str, field: str, content: bytes, name: str = "") -> bytes:
    head = Message()
    head.add_header(
        "Content-Disposition", "form-data", name=field, **({"filename": name} if name else {})
    )
    line = head["Content-Disposition"]
    return f"--{edge}\r\nContent-Disposition: {line}\r\n\r\n".encode() + content + b"\r\n"


def _read(content: bytes) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except ValueError:
        said = {}
    return said if isinstance(said, dict) else {}
