"""What is known of one tool's exports beyond the names of their columns."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A time tracker or PSA tool.

    A header is one of its reports when, for one of the sets in `signs`, every sign is there: a
    plain heading as the tool writes it, or a field in any language (`@date`, `@duration`).
    `columns` names headings that mean something else here than elsewhere; an empty field says that
    a column is not read. `how_to_export` says where the right report is.
    """

    key: str
    label: str
    how_to_export: str
    signs: Sequence[Set[str]]
    columns: Mapping[str, str] = field(default_factory=dict)
    writes_html: bool = False
    is_guarded: bool = False
    bare_unit: int = 0
    """The seconds of a duration that is a bare number, where its heading names no unit; 0 where
    that is to be found out.
    """
