"""The mail to the owners of a workspace that is going to be deleted."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from hourtab.accounts.models import Member, Role
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.outbox.channels.mail import Mail
from hourtab.outbox.models import Delivery


def deletion_mail(message: Delivery) -> Mail | None:
    """Return the mail about a deletion; None where that was called off, or asked for anew since, or
    they no longer own the workspace.
    """
    workspace = message.workspace
    owners = Member.objects.standing().filter(workspace=workspace, role=Role.OWNER)
    if not owners.filter(user__email=message.target).exists():
        return None
    if (
        workspace.delete_after is None
        or f"{workspace.delete_after:%Y%m%d%H%M%S}" not in message.occasion
    ):
        return None
    words = Words(workspace.locale)
    with translation.override(words.language):
        provider = visible(workspace.name)
        context = {
            "provider": provider,
            "client": provider,
            "day": words.full_day(
                workspace.delete_after.astimezone(ZoneInfo(workspace.zone)).date()
            ),
            "url": f"{settings.SITE_URL}{reverse('settings')}#delete",
            "language": words.language,
        }
        text, html = (
            render_to_string(f"mail/deletion.{form}", context).strip() + "\n"
            for form in ("txt", "html")
        )
        subject = _("%(provider)s will be deleted on %(day)s") % {
            "provider": provider,
            "day": context["day"],
        }
        return Mail(subject, text, html)
