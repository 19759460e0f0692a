"""Which new row is an edit of which row that is gone: a row edited at the source is one change, not
two.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from hourtab.imports.reading.lines import WorkLine
from hourtab.ledger.models import Revision
from hourtab.ledger.verbs.bring_in import SourceRow
from hourtab.lib.database import in_chunks


def what_was_said(entries: Sequence[int]) -> tuple[dict[int, Revision], set[int]]:
    """Return what imports wrote of these entries last, and those edited here since."""
    said: dict[int, Revision] = {}
    edited: set[int] = set()
    for some in in_chunks(entries):
        for row in (
            Revision.objects.filter(entry__in=some).select_related("write").order_by("number")
        ):
            if row.write.batch:
                said[row.entry_id] = row
                edited.discard(row.entry_id)
            else:
                edited.add(row.entry_id)
    return said, edited


def partners_of(
    fresh: Sequence[tuple[WorkLine, SourceRow]],
    said: Mapping[int, Revision],
    refs: Mapping[int, str],
) -> dict[tuple[int, str], int]:
    """Return, by line and digest, the entry a new row is an edit of.

    The source's own number first, where no other row has it; then the same start, the same text and
    day, the same text and time.
    """
    partners: dict[tuple[int, str], int] = {}
    free = dict(said)
    numbered = Counter(row.ref for _line, row in fresh if row.ref)
    known = Counter(ref for pk, ref in refs.items() if ref and pk in said)
    single = {ref for ref, count in numbered.items() if count == 1 and known[ref] == 1}
    keys: Iterable[tuple[Callable[[SourceRow], Any], Callable[[int, Revision], Any]]] = (
        (
            lambda row: row.ref if row.ref in single else None,
            lambda pk, _said: ref if (ref := refs.get(pk, "")) in single else None,
        ),
        (lambda row: _start(row.work), lambda _pk, said: _start(said)),
        (lambda row: _text(row.work), lambda _pk, said: _text(said)),
        (lambda row: _time(row.work), lambda _pk, said: _time(said)),
    )
    for key_of_row, key_of_said in keys:
        by_key: dict[Any, list[int]] = defaultdict(list)
        for pk, revision in free.items():
            by_key[key_of_said(pk, revision)].append(pk)
        for _line, row in fresh:
            key = key_of_row(row)
            if (row.line, row.digest) not in partners and key is not None and by_key.get(key):
                partners[row.line, row.digest] = by_key[key].pop(0)
                del free[partners[row.line, row.digest]]
    return partners


def _start(work: Any) -> Any:
    return (work.on, work.started, work.person) if work.started else None


def _text(work: Any) -> Any:
    return (work.on, work.person, work.description, work.project)


def _time(work: Any) -> Any:
    return (work.amount, work.started, work.person, work.description, work.project)
