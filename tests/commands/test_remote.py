"""`hourtab log` and `hourtab import` from another machine, over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.builders import toggl
from tests.conftest import Installation
from tests.peers import Quiet, http_peer

MAKE = """
from datetime import timedelta; from django.utils import timezone
from hourtab.accounts.models import *; from hourtab.api.services import make_key
user = User.objects.create_user('ada@northlight.example', name='Ada'); member = Member.objects.create(workspace=Workspace.objects.get(), user=user, role='owner')
print(make_key(member, 'Laptop', ['log', 'import'], timedelta(days=1), now=timezone.now())[1])
"""


@contextmanager
def leading_elsewhere(target: str) -> Iterator[tuple[str, list[str]]]:
    """Keep a server that leads on to another one; yields its address and the keys it was sent."""
    seen: list[str] = []

    class Handler(Quiet):
        def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
            self.body()
            seen.append(self.headers["Authorization"])
            self.answer(307, Location=target + self.path)

    with http_peer(Handler) as url:
        yield url, seen


def test_another_machine_logs_and_imports_with_a_key(installation, tmp_path: Path) -> None:
    ref, _ = installation.open("Acme", "20", "2027-06-01")
    key = installation.run("shell", "-v", "0", "-c", MAKE).strip().splitlines()[-1]
    laptop = Installation(tmp_path / "laptop", "sqlite:////nowhere/at/all.sqlite3")
    laptop.environment["HOURTAB_KEY"] = key
    week = tmp_path / "week “ü”.csv"
    week.write_bytes(toggl("06-03 09:00 1:30 Prep call", "06-04 10:00 2:00 Workshop"))
    with installation.serve() as site:
        far = ("--server", site)
        said = laptop.run("log", "Prep: prior notes, 45m @acme 2027-06-03", *far).replace(
            "\u00a0", " "
        )
        assert said.startswith("45 m on 2027-06-03 for Acme")
        assert laptop.json("log", "Call, 15m @acme 2027-06-04", *far)["seconds"] == 900
        dry = laptop.json("import", str(week), *far, "--dry-run", "--retainer", ref)
        assert (dry["file"], dry["rows"]["new"], dry["import"]) == (str(week), 2, None)
        assert "2 new; it sums to 3 h 30 m" in laptop.run("import", str(week), *far).replace(
            "\u00a0", " "
        )
        assert "2 unchanged" in laptop.run("import", str(week), *far)
        (tmp_path / "x.csv").write_bytes(b"nothing,here\n1,2\n")
        assert "x.csv" in laptop.run("import", str(tmp_path / "x.csv"), *far, status=1)
        assert "nobody" in laptop.run("log", "Call, 45m @nobody", *far, status=2)
        assert "Send a key that stands" in laptop.run(
            "log", "Call, 45m", *far, "--key", "ht_wrong", status=2
        )
        with leading_elsewhere(site) as (elsewhere, seen):
            assert "leads on to" in laptop.run(
                "log", "Call, 45m @acme", "--server", elsewhere, status=1
            )
            assert seen == [f"Bearer {key}"]
    assert "does not answer" in laptop.run("log", "Call, 45m @acme", *far, status=1)
    assert not (tmp_path / "laptop").exists(), "a machine that only speaks to another keeps nothing"
    balance = installation.json("balance", ref, "--on", "2027-06-30")
    assert balance["used"] == 2700 + 900 + 5400 + 7200
    assert installation.json("verify")["findings"] == {}


def test_a_key_goes_nowhere_without_tls_and_nothing_goes_without_a_key(installation) -> None:
    for words, sentence in (
        (("--server", "http://hours.example", "--key", "ht_x"), "over https only"),
        (("--server", "hours.example", "--key", "ht_x"), "https://hours.example.com"),
        (("--server", "https://hours.example"), "Give a key"),
        (("--server", "https://hours.example", "--key", "ht_x\nHost: evil"), "This is no key"),
    ):
        assert sentence in installation.run("log", "Call, 45m @acme", *words, status=2)
