"""The mail that invites somebody into a workspace."""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from hourtab.accounts.models import Invitation
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.outbox.channels.mail import Mail
from hourtab.outbox.models import Delivery


def invitation_mail(message: Delivery) -> Mail | None:
    """Return the mail of an invitation; None where it was used or withdrawn, or is over.

    It goes to somebody who knows nothing of the workspace yet: so it speaks in the name of this
    site, never in one that the workspace chose, and takes no answers there.
    """
    row = (
        Invitation.objects.select_related("workspace", "by__user").filter(pk=message.about).first()
    )
    if row is None or not row.stands(timezone.now()):
        return None
    words = Words(row.workspace.locale)
    with translation.override(words.language):
        provider = visible(row.workspace.name)
        context = {
            "provider": provider,
            "client": provider,
            "by": visible(str(row.by)) if row.by else provider,
            "role": row.get_role_display(),
            "until": words.full_day(row.expires_at.date()),
            "url": f"{settings.SITE_URL}{row.path}",
            "language": words.language,
        }
        text, html = (
            render_to_string(f"mail/invitation.{form}", context).strip() + "\n"
            for form in ("txt", "html")
        )
        return Mail(_("Join %(provider)s on HourTab") % {"provider": provider}, text, html)
