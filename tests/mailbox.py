"""A real SMTP peer."""

import email
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message

from aiosmtpd.controller import Controller


class Mailbox:
    """Keeps what it is sent; `refusals` are answers given first, for an address or for all
    (empty).
    """

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.refusals: list[tuple[str, str]] = []

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802 - the name aiosmtpd calls
        if self.refusals and self.refusals[0][0] in ("", address):
            return self.refusals.pop(0)[1]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 OK"

    def wait_for(self, count: int) -> Message:
        """Wait for the mail of that number and return it."""
        for _ in range(200):
            if len(self.mails) >= count:
                return self.mails[count - 1]
            time.sleep(0.1)
        raise AssertionError(f"{len(self.mails)} mails arrived")

    def newest(self, count: int) -> str:
        """Wait for the mail of that number and return its plain text."""
        return text_of(self.wait_for(count))


def text_of(mail: Message, kind: str = "text/plain") -> str:
    """Return the text of a mail in one of its forms."""
    part = next(part for part in mail.walk() if part.get_content_type() == kind)
    return part.get_payload(decode=True).decode().replace("\r\n", "\n")


@contextmanager
def smtp_peer() -> Iterator[tuple[Mailbox, str]]:
    """Keep a mail server running; yields its mailbox and its EMAIL_URL."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=0)
    # aiosmtpd connects to its own port once it listens, so it must know it beforehand.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    try:
        yield box, f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def subject_of(mail: Message) -> str:
    """Return the subject of a mail with plain spaces."""
    return str(make_header(decode_header(mail["Subject"]))).replace("\u00a0", " ")


def send(now: datetime) -> int:
    """Send what waits in the outbox as the worker would at `now`; return how many went out."""
    import time_machine

    from hourtab.schedule import send_mails

    with time_machine.travel(now, tick=False):
        return send_mails(now)
