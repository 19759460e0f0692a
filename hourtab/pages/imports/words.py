"""What both kinds of pages say alike."""

from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest
from hourtab.imports.reading.readers import BY_KEY, OTHER
from hourtab.ledger.models import Source
from hourtab.lib.words import Words


def words_of(request: MemberRequest) -> Words:
    """Return how the workspace writes durations and dates."""
    return Words(request.workspace.locale, request.workspace.hour_format)


def field_labels() -> dict[str, str]:
    """Return what the columns of a file may hold, in the user's words."""
    return {
        "date": _("Day"),
        "start": _("Start"),
        "end": _("End"),
        "duration": _("Time worked"),
        "client": _("Client"),
        "project": _("Project"),
        "task": _("Task"),
        "description": _("Description, shown to your client"),
        "person": _("Person"),
        "billable": _("Billable"),
        "tags": _("Tags"),
        "contract": _("Contract"),
    }


def source_label(source: Source) -> str:
    """Return what a source is called."""
    tool = BY_KEY.get(source.tool, OTHER).label
    return f"{tool}: {source.name}" if source.name else tool
