"""The whole composition, over the wire."""

import http.client
import re
import socket
import time
from contextlib import closing
from urllib.parse import urlsplit

from tests.mailbox import smtp_peer


def ask(site: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str):
    parts = urlsplit(site)
    with closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)) as link:
        link.request(
            method,
            path,
            body=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        answer = link.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def raw(site: str, data: bytes, *, breaks_off: bool = False) -> bytes:
    parts = urlsplit(site)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as link:
        link.sendall(data)
        if breaks_off:
            link.shutdown(socket.SHUT_WR)
        return link.recv(65536)


def test_page_feed_and_refusals(installation) -> None:
    _, token = installation.open(start="2020-01-01")
    path = f"/r/{token}"
    with installation.serve() as site:
        status, headers, _ = ask(site, path)
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert ask(site, path, if_none_match=headers["etag"])[0] == 304
        assert ask(site, path, method="POST")[0] == 405
        wrong = ask(site, "/r/" + "A" * 22)
        assert wrong[0] == 404
        for other in (
            path + "/",
            "/r/" + "B" * 22 + "/live",
            "/r/" + "A" * 22 + "?page=2",
            "/r/..%2f..",
            path + "/live/",
        ):
            found = ask(site, other)
            assert (found[0], found[2]) == (404, wrong[2]), other
        assert ask(site, "/", host="evil.example")[0] == 400
        assert ask(site, f"{path}?page=2")[0] == 200

        parts = urlsplit(site)
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as stream:
            tag = headers["etag"].strip('"').removesuffix("-i")
            stream.sendall(
                f"GET {path}/live?seen={tag} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            )
            assert b"text/event-stream" in stream.recv(4096)
            time.sleep(0.5)
            installation.run("log", "notes, 45m @acme")
            seen = b""
            while b"event: change" not in seen:
                seen += stream.recv(4096)
            told = seen.partition(b"data: ")[2].split(b"\n")[0].decode()
        fresh = ask(site, path)
        assert fresh[1]["etag"] == f'"{told}-i"' != headers["etag"]


def test_a_digest_is_asked_for_and_confirmed_over_the_wire(installation) -> None:
    _, token = installation.open(start="2020-01-01")
    form = {"content_type": "application/x-www-form-urlencoded"}
    with smtp_peer() as (box, url), installation.serve(EMAIL_URL=url) as site:
        assert b"Get this by mail" in ask(site, f"/r/{token}")[2]
        assert (
            ask(site, f"/r/{token}?subscribe&x", "POST", b"to=cfo@acme.example", **form)[0] == 405
        )
        status, headers, said = ask(
            site, f"/r/{token}?subscribe", "POST", b"to=cfo%40acme.example&rhythm=week", **form
        )
        assert (status, "set-cookie" in headers) == (200, False)
        assert b"a mail is on its way" in said
        path = re.search(r"http://localhost:\d+(/d/[\w-]{22})", box.newest(1))[1]
        assert b"Yes, confirm" in ask(site, path)[2]
        assert b"Confirmed." in ask(site, path, "POST", b"", **form)[2]
        assert ask(site, f"{path}/end", "POST", b"List-Unsubscribe=One-Click", **form)[0] == 200
        assert b"End these mails" not in ask(site, path)[2]
        assert ask(site, "/d/" + "A" * 22)[2] == ask(site, "/r/" + "A" * 22)[2]


def test_a_broken_or_oversized_upload_reaches_nobody(installation) -> None:
    installation.open()
    with installation.serve() as site:
        head = "POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        assert b" 413 " in raw(site, f"{head}Content-Length: {30 * 1024 * 1024}\r\n\r\n".encode())
        assert b" 200 " not in raw(
            site, f"{head}Content-Length: 100\r\n\r\n".encode() + b"login=x", breaks_off=True
        )
        chunked = raw(
            site,
            f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"7\r\nlogin=x\r\n0\r\n\r\n",
        )
        assert b" 403 " in chunked
        assert ask(site, "/robots.txt")[0] == 200


def test_each_address_takes_no_more_than_it_needs(installation) -> None:
    _, token = installation.open()
    form = {"content_type": "application/x-www-form-urlencoded", "cookie": f"csrf={'A' * 32}"}
    with installation.serve() as site:
        for path, most in (
            ("/accounts/login/", "64 kB"),
            (f"/r/{token}?subscribe", "64 kB"),
            ("/log", "256 kB"),
            ("/settings", "512 kB"),
            ("/imports/", "2 MB"),
        ):
            status, _, said = ask(site, path, "POST", b"a=" + b"%41" * 1_000_000, **form)
            assert (status, most in said.decode()) == (413, True), path
        pasted = (
            b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
            + b"a" * 2_200_000
            + b"\r\n--x--\r\n"
        )
        multipart = form | {"content_type": "multipart/form-data; boundary=x"}
        status, _, said = ask(site, "/imports/", "POST", pasted, **multipart)
        assert (status, b"Up to 2 MB of rows may be pasted" in said) == (413, True)
        head = f"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nCookie: {form['cookie']}\r\n"
        chunks = b"10000\r\n" + b"a" * 65_536 + b"\r\n1\r\na\r\n0\r\n\r\n"
        assert b" 413 " in raw(site, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks)
        asks_first = f"{head}Content-Length: 70000\r\nExpect: 100-continue\r\n\r\n"
        assert b" 413 " in raw(site, asks_first.encode())


def test_everything_is_still_there_after_a_restart(installation) -> None:
    _, token = installation.open(start="2020-01-01")
    with installation.serve() as site:
        before = ask(site, f"/r/{token}")
    with installation.serve() as site:
        after = ask(site, f"/r/{token}")
    assert before[0] == after[0] == 200
    assert before[2] == after[2]


def test_several_web_processes_start_at_once_on_a_new_database(new_installation) -> None:
    from contextlib import ExitStack
    from threading import Thread

    _, token = new_installation.open(start="2020-01-01")
    with ExitStack() as running:
        sites: list[str] = []
        starts = [
            Thread(target=lambda: sites.append(running.enter_context(new_installation.serve())))
            for _ in range(3)
        ]
        for start in starts:
            start.start()
        for start in starts:
            start.join()
        assert [ask(site, f"/r/{token}")[0] for site in sites] == [200] * 3
        new_installation.run("log", "notes, 45m @acme")
        pages = {ask(site, f"/r/{token}")[2] for site in sites}
        assert len(pages) == 1
        assert b"45" in pages.pop()
