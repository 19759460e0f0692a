"""Logs, metrics and reports of errors: enough to find what is wrong, and nothing of what anybody
wrote.
"""

import asyncio
import builtins
import gc
import gzip
import json
import logging
import re
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.exceptions import ImproperlyConfigured

from hourtab.lib.logs import Json, Masked, masked, shortened, told
from hourtab.lib.sentry import stripped
from hourtab.settings import database
from tests.peers import Quiet, http_peer

pytestmark = pytest.mark.looks
BUILT_OTHERWISE = (
    UnicodeDecodeError,
    UnicodeEncodeError,
    UnicodeTranslateError,
    ExceptionGroup,
)
"""Exceptions that are not made of a sentence."""
TOKEN = "AbCdEfGhIjKlMnOpQrStUv"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"Not Found: /r/{TOKEN}", "Not Found: /r/…"),
        (f"GET /r/{TOKEN}/live", "GET /r/…/live"),
        (f"https://hours.example/join/{TOKEN}?x=1 failed", "https://hours.example/join/…?… failed"),
        (f"/s/1-2-3-{TOKEN}, /d/{TOKEN}/end, /a/{TOKEN}", "/s/…, /d/…/end, /a/…"),
        ("/accounts/password/reset/key/1-abc-def/", "/accounts/password/reset/key/…"),
        ("Bearer ht_" + "x" * 43, "Bearer ht_…"),
        ("/retainers/abc/?q=Secret+words", "/retainers/abc/?…"),
        ("550 <carl@acme.example>: no such user", "550 <…@…>: no such user"),
        ("to:" + "a" * 100 + "@acme.example", "to:…@…"),
        ("Is it? 3 & 4 are #1", "Is it? 3 & 4 are #1"),
    ],
)
def test_a_log_holds_no_token_no_key_no_query_and_no_address(text, said) -> None:
    assert masked(text).rstrip("/") == said


FOREIGN = ("a", "/", "/r/", "ht_", "?", "a?", "@", "a@", "a.", "a@a.", " ", "…", "/accounts/")


@pytest.mark.parametrize("part", FOREIGN)
def test_masking_takes_time_in_proportion_to_the_text(part) -> None:
    text = (part * 1_000_000)[:1_000_000]
    assert seconds(lambda: masked(text)) < 40 * seconds(lambda: bare(text)) + 0.05


def bare(text: str) -> None:
    """Walk through a text five times, as masking does, and find nothing."""
    for _ in range(5):
        re.sub(r"[^\x00]\x00", "", text)


def seconds(work) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@pytest.mark.parametrize("formatter", [Masked, Json])
def test_a_long_header_fills_no_log(formatter) -> None:
    said = f"Forbidden (Origin {'a' * 1_000_000}) carl@acme.example"
    record = logging.LogRecord("hourtab", logging.WARNING, __file__, 1, said, (), None)
    line = formatter().format(record)
    assert "Forbidden" in line
    assert len(line) < 2_500


def test_what_is_cut_leaves_no_half_of_an_address() -> None:
    for filled in range(1_960, 2_001):
        said = masked(shortened("x " * (filled // 2) + "jane.doe@acme.example and more"))
        assert "jane" not in said, filled
    assert masked(shortened("x" * 3_000)).endswith("(3000 characters)")


def a_record(error: BaseException | None = None) -> logging.LogRecord:
    info = None
    if error is not None:
        try:
            raise error
        except BaseException as raised:
            info = (type(raised), raised, raised.__traceback__)
    record = logging.LogRecord(
        "hourtab", logging.ERROR, __file__, 1, f"Could not open /r/{TOKEN}", (), info
    )
    record.status = 500
    return record


def test_json_is_one_object_a_line_with_the_traceback_and_without_the_words() -> None:
    line = Json().format(a_record(ValueError("Call with Jane Doe about\nthe merger")))
    said = json.loads(line)
    assert "\n" not in line
    assert (said["level"], said["logger"], said["message"], said["status"]) == (
        "error",
        "hourtab",
        "Could not open /r/…",
        500,
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said["at"])
    assert "in a_record" in said["error"]
    assert said["error"].endswith("ValueError")
    assert "Jane" not in Masked().format(a_record(ValueError("Call with Jane Doe")))
    assert "No space left" in Masked().format(a_record(OSError(28, "Jane Doe.csv"))), (
        "what the system says is no secret"
    )


KINDS = sorted(
    (kind for kind in vars(builtins).values() if isinstance(kind, type)),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("formatter", [Masked, Json])
@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if issubclass(kind, Exception) and kind not in BUILT_OTHERWISE]
)
def test_no_kind_of_exception_tells_what_somebody_wrote(kind, formatter) -> None:
    error = kind("Jane Doe about the merger")
    error.__cause__ = AttributeError("'WorkLine' object has no attribute 'Jane Doe'")
    line = formatter().format(a_record(error))
    assert kind.__name__ in line
    assert "AttributeError" in line
    assert "Jane" not in line


def test_a_task_that_fails_in_the_loop_tells_no_words_of_its_exception(caplog) -> None:
    async def work(words: str = "Jane Doe about the merger") -> None:
        raise ValueError(words)

    async def story() -> None:
        asyncio.get_running_loop().create_task(work())
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    with caplog.at_level("ERROR", logger="asyncio"):
        asyncio.run(story())
        gc.collect()
    (record,) = [record for record in caplog.records if record.name == "asyncio"]
    for formatter in (Masked(), Json()):
        line = formatter.format(record)
        assert "Task exception was never retrieved" in line
        assert "ValueError" in line
        assert "Jane" not in line


def test_a_traceback_names_our_own_places_and_the_one_that_raised() -> None:
    with pytest.raises(ImproperlyConfigured) as raised:
        database("nonsense://Jane")
    assert "in database" in told(raised.value)
    with pytest.raises(KeyError) as raised:
        OrderedDict().popitem()
    assert "popitem" in told(raised.value)


def test_a_report_keeps_kinds_and_places_and_drops_everything_else() -> None:
    event = {
        "event_id": "1",
        "level": "error",
        "server_name": "host",
        "user": {"email": "x"},
        "request": {"url": f"/r/{TOKEN}", "data": "Jane"},
        "breadcrumbs": {"values": ["Jane"]},
        "extra": {"x": "Jane"},
        "contexts": {"x": "Jane"},
        "transaction": f"/r/{TOKEN}",
        "logentry": {"message": f"Could not open /r/{TOKEN}", "params": ["Jane"]},
        "exception": {
            "values": [
                {
                    "type": "ValueError",
                    "value": "Jane",
                    "stacktrace": {"frames": [{"function": "f", "vars": {"x": "Jane"}}]},
                }
            ]
        },
    }
    kept = json.dumps(stripped(event))
    assert "ValueError" in kept
    assert '"function": "f"' in kept
    for word in ("Jane", TOKEN, "host", "breadcrumbs"):
        assert word not in kept, word


def ask(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=30
        ) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_server_logs_requests_as_json_and_tells_prometheus_of_all_its_processes(
    installation, tmp_path
) -> None:
    _ref, token = installation.open()
    with installation.serve(
        METRICS_KEY="a metrics key", LOG_FORMAT="json", LOG_LEVEL="INFO"
    ) as site:
        assert ask(f"{site}/r/{token}")[0] == 200
        assert ask(f"{site}/r/{TOKEN}")[0] == 404
        assert ask(f"{site}/r/{token}?q=Secret")[0] == 200
        assert ask(f"{site}/join/{token}")[0] == 404
        assert ask(f"{site}/metrics")[0] == 404
        assert ask(f"{site}/metrics", authorization="Bearer another")[0] == 404
        status, said = ask(f"{site}/metrics", authorization="Bearer a metrics key")
        assert status == 200
        assert 'hourtab_requests_total{method="GET",place="/r/…",status="200"} 1.0' in said
        assert 'hourtab_requests_total{method="GET",place="/r/…",status="404"} 1.0' in said
        assert 'place="/join/<str:token>",status="404"} 1.0' in said
        assert "hourtab_retainers 1.0" in said
        assert "hourtab_worker_age_seconds" in said
        assert token not in said
    assert token not in said


def test_several_processes_answer_as_one_and_their_logs_hold_no_token(installation) -> None:
    _ref, token = installation.open()
    import socket
    import time

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    more = {"METRICS_KEY": "key", "LOG_FORMAT": "json", "LOG_LEVEL": "INFO", "PORT": port}
    process = installation.start("web", "--processes", "2", **more)
    site = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if ask(f"{site}/healthz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        for _ in range(20):
            assert ask(f"{site}/r/{token}?q=Secret")[0] == 200
        for _ in range(5):
            said = ask(f"{site}/metrics", authorization="Bearer key")[1]
            assert (
                'hourtab_requests_total{method="GET",place="/r/<str:token>",status="200"} 20.0'
                in said
            )
    finally:
        process.terminate()
        _out, err = process.communicate(timeout=30)
    assert token not in err
    assert "Secret" not in err
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert {"method": "GET", "place": "/r/<str:token>", "status": 200}.items() <= next(
        line for line in lines if line.get("place") == "/r/<str:token>"
    ).items()


def test_without_a_key_there_are_no_metrics(installation) -> None:
    installation.open()
    with installation.serve() as site:
        assert ask(f"{site}/metrics", authorization="Bearer ")[0] == 404


@contextmanager
def a_sentry() -> Iterator[tuple[str, list[bytes]]]:
    """Keep a server that takes reports; yields its DSN and what it was sent."""
    seen: list[bytes] = []

    class Handler(Quiet):
        def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
            body = self.body()
            seen.append(
                gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
            )
            self.answer(200, b"{}")

    with http_peer(Handler) as url:
        yield f"{url.replace('//', '//key@')}/1", seen


BREAK = """
import logging, sentry_sdk
def f(secret):
    raise ValueError("Call with " + secret)
try:
    f("Jane Doe")
except ValueError:
    logging.getLogger("hourtab").exception("Could not open /r/AbCdEfGhIjKlMnOpQrStUv")
sentry_sdk.flush()
"""


def test_sentry_is_told_where_it_broke_and_nobodys_words(installation) -> None:
    with a_sentry() as (dsn, seen):
        installation.environment["SENTRY_DSN"] = dsn
        installation.start("shell", "-v", "0", "-c", BREAK).communicate(timeout=60)
    told = b"".join(seen).decode()
    assert "ValueError" in told
    assert '"function":"f"' in told.replace(" ", "")
    for word in ("Jane", "AbCdEf", "Call with"):
        assert word not in told, word
    installation.environment["SENTRY_DSN"] = "nonsense"
    assert "SENTRY_DSN must look like" in installation.run("doctor", status=1)
