"""Verifying the chain of a ledger document: every record gives its digest, every write its hash,
and all of them the ledger.

The first record that does not fit is named. What was erased for privacy is checked by the digest
that was kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hourtab.core.document import chain
from hourtab.core.document.fields import DocumentError

_TEXTS = ("project", "person", "description")


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that fits: how many records it has, and the hash of its last write."""

    records: int
    head: str


def verify(revisions: Any, plain: Mapping[str, Any]) -> Verified:
    """Verify the `revisions` of a document against themselves and against its ledger.

    `plain` is the ledger as a document writes it. Raises `DocumentError` with the path of the first
    record that does not fit.
    """
    if not isinstance(revisions, list):
        raise DocumentError("revisions", "must be a list")
    before, count = "", 0
    told = _Told()
    for i, write in enumerate(revisions):
        path = f"revisions[{i}]"
        records = write.get("records") if isinstance(write, dict) else None
        if not isinstance(records, list):
            raise DocumentError(path, "is no write: it has no list of records")
        digests = []
        for j, record in enumerate(records):
            count += 1
            here = f"{path}.records[{j}]"
            if not isinstance(record, dict) or record.get("seq") != count:
                raise DocumentError(
                    here, f"is not record {count}: one is missing, or two were swapped"
                )
            try:
                digest = _digest(record)
            except (KeyError, TypeError, ValueError, RecursionError):
                raise DocumentError(
                    here, f"record {count} ({_name(record)}) is not complete"
                ) from None
            if digest != record.get("digest"):
                raise DocumentError(
                    here,
                    f"record {count} ({_name(record)}) does not give its digest: it was altered",
                )
            digests.append(digest)
            told.hear(record, count, here)
        if write.get("hash") != chain.link(before, digests):
            first = f"{path}.records[0]" if records else path
            raise DocumentError(
                first,
                f"write {i + 1} does not give its hash: a record was altered, removed or added",
            )
        before = write["hash"]
    told.compare(plain)
    return Verified(count, before)


def _digest(record: Mapping[str, Any]) -> str:
    if record["record"] != "entry":
        return chain.record_digest(
            {key: value for key, value in record.items() if key not in ("seq", "digest")}
        )
    texts = (
        record["texts"]
        if record.get("erased")
        else chain.texts_digest(record["salt"], *(record[key] for key in _TEXTS))
    )
    return chain.revision_digest(
        record["id"],
        record["number"],
        record["corrects"] or "",
        record["on"],
        record["started"] or "",
        record["amount"],
        record["weight"],
        record["scope"],
        record["outcome"] or "",
        bool(record["withdrawn"]),
        record["posted"] or "",
        record["category"],
        texts,
        record.get("weighted_by", ""),
    )


def _name(record: Mapping[str, Any]) -> str:
    return " ".join(
        str(record[key]) for key in ("record", "id", "cycle", "effective_on") if record.get(key)
    )


class _Told:
    """What the chain says the ledger is: the last word on everything."""

    def __init__(self) -> None:
        self.by_kind: dict[str, dict[str, tuple[dict[str, Any], int]]] = {}

    def hear(self, record: dict[str, Any], seq: int, path: str) -> None:
        kind = record["record"]
        for name, (list_of, key) in _LISTS.items():
            if kind in (name, f"{name}_withdrawn"):
                known = self.by_kind.setdefault(list_of, {})
                named = record.get(key)
                if not isinstance(named, str):
                    raise DocumentError(f"{path}.{key}", "must be a text")
                if kind != name or record.get("withdrawn"):
                    known.pop(named, None)
                else:
                    known[named] = (record, seq)
        if kind == "retainer":
            self.by_kind["retainer"] = {"": (record, seq)}

    def compare(self, plain: Mapping[str, Any]) -> None:
        """Raise `DocumentError` where the ledger says something else than the chain."""
        agreed = self.by_kind.get("retainer", {}).get("")
        if agreed:
            _same(
                {**plain["retainer"], "name": agreed[0].get("name")},
                agreed[0],
                "retainer",
                agreed[1],
            )
        for list_of, key in _LISTS.values():
            known = dict(self.by_kind.get(list_of, {}))
            for i, item in enumerate(plain[list_of]):
                path = f"{list_of}[{i}]"
                if item[key] not in known:
                    raise DocumentError(
                        path, f"is not in the chain: “{item[key]}” was added, or taken out before"
                    )
                record, seq = known.pop(item[key])
                _same(item, record, path, seq)
            for name, (_record, seq) in known.items():
                raise DocumentError(
                    list_of, f"“{name}” is missing; record {seq} of the chain wrote it"
                )


_LISTS = {
    "entry": ("entries", "id"),
    "terms": ("terms", "effective_on"),
    "topup": ("topups", "id"),
    "transfer": ("transfers", "id"),
    "authorisation": ("authorisations", "id"),
    "decision": ("decisions", "id"),
    "close": ("closes", "cycle"),
    "pause": ("pauses", "cycle"),
}
_ASIDE: Mapping[str, Callable[[Any, Any], bool]] = {
    # What was decided, as far as it was still needed.
    "decisions.amount": lambda says, wrote: isinstance(wrote, int) and says <= wrote,
}


def _same(item: Mapping[str, Any], record: Mapping[str, Any], path: str, seq: int) -> None:
    for key, value in item.items():
        if key in _TEXTS and record.get("erased"):
            fits = value == ""
        elif (aside := _ASIDE.get(f"{path.partition('[')[0]}.{key}")) is not None:
            fits = aside(value, record.get(key))
        else:
            fits = value == record.get(key)
        if not fits:
            raise DocumentError(f"{path}.{key}", f"is not what record {seq} of the chain wrote")
