"""What was erased is not kept in files that wait, and nothing else is forgotten."""

import pytest

from hourtab.imports.jobs import forget_texts
from hourtab.imports.models import Import
from tests.imports.files import sheet, workbook

pytestmark = pytest.mark.django_db

HEADER = "Date,Hours,Client,Project,Notes"


@pytest.fixture
def wait(northlight):
    def put(content: bytes, name: str = "week.csv") -> Import:
        return Import.objects.create(
            workspace=northlight, file_name=name, file_digest="x", content=content
        )

    return put


def row(notes: str, project: str = "Website") -> str:
    return f'{HEADER}\n2027-06-01,1,Acme,{project},"{notes}"\n'


@pytest.mark.parametrize(
    "content",
    [
        row("Call with Jane Roe").encode(),
        row("Call with Jane Roe").encode("utf-16"),
        row("Call with Jane Roe").encode("utf-16-le"),
        row("Grüße: Call with Jane Roe").encode("cp1252"),
        workbook(
            sheet([tuple(HEADER.split(",")), ("2027-06-01", 1, "Acme", "P", "Call with Jane Roe")])
        ),
    ],
    ids=["UTF-8", "UTF-16", "UTF-16 without a mark", "Windows-1252", "a workbook"],
)
def test_a_file_that_holds_an_erased_text_is_forgotten_however_it_is_written(
    northlight, wait, content
) -> None:
    wait(content)
    forget_texts(northlight, ["Call with Jane Roe"])
    assert Import.objects.count() == 0


def test_quotation_marks_within_a_text_hide_nothing(northlight, wait) -> None:
    wait(row('Call about ""Falcon""').encode())
    forget_texts(northlight, ['Call about "Falcon"'])
    assert Import.objects.count() == 0


def test_a_text_without_its_kind_of_work_is_found(northlight, wait) -> None:
    wait(row("Design: Falcon").encode())
    forget_texts(northlight, ["Falcon"])
    assert Import.objects.count() == 0


def test_a_name_or_an_address_is_found_within_a_text(northlight, wait) -> None:
    for text in ("Call with Jane Roe today", "Mail to jane@acme.example"):
        wait(row(text).encode())
    forget_texts(northlight, ["jane roe", "jane@acme.example"])
    assert Import.objects.count() == 0


def test_first_and_last_name_in_two_columns_are_one_person(northlight, wait) -> None:
    wait(b"Date,Hours,Client,Notes,First Name,Last Name\n2027-06-01,1,Acme,x,Jane,Roe\n")
    forget_texts(northlight, ["Jane Roe"])
    assert Import.objects.count() == 0


def test_a_short_text_forgets_no_file_that_only_holds_its_letters(northlight, wait) -> None:
    kept = wait(row("WAIT: visit IT department, IT").encode())
    wait(row("Servers", project="IT").encode())
    forget_texts(northlight, ["IT", "", "  "])
    assert list(Import.objects.all()) == [kept]


def test_files_of_another_workspace_and_files_that_were_applied_stay(northlight, wait) -> None:
    from hourtab.accounts.services import open_workspace

    wait(row("Call with Jane Roe").encode())
    Import.objects.update(state=Import.State.APPLIED)
    forget_texts(northlight, ["Call with Jane Roe"])
    forget_texts(open_workspace("Other", zone="UTC"), ["Call with Jane Roe"])
    assert Import.objects.count() == 1


def test_a_file_that_nobody_can_read_is_forgotten(northlight, wait) -> None:
    wait(b"PK\x03\x04 and nothing else")
    forget_texts(northlight, ["Call with Jane Roe"])
    assert Import.objects.count() == 0
