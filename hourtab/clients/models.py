"""Who is served, and the people there."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Member, Workspace


class Client(models.Model):
    """The organisation or person served."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="clients")
    name = models.CharField(_("name"), max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="client_once")]

    def __str__(self) -> str:
        return self.name


class Access(models.Model):
    """One client that a limited member may see."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="access")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="access")

    class Meta:
        verbose_name_plural = "access"
        constraints = [models.UniqueConstraint(fields=["member", "client"], name="access_once")]

    def __str__(self) -> str:
        return f"{self.member}: {self.client}"


class Contact(models.Model):
    """A person at a client."""

    class Role(models.TextChoices):
        SPONSOR = "sponsor", _("Sponsor: reads the balance page")
        APPROVER = "approver", _("Approver: decides on extra hours")
        BILLING = "billing", _("Billing: gets the invoices")

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=100)
    email = models.EmailField(_("e-mail address"), blank=True)
    role = models.CharField(_("role"), max_length=8, choices=Role, default=Role.SPONSOR)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
