"""Changing what pages show of a client."""

from hourtab.accounts.audit import changes_of, fields_of, note
from hourtab.accounts.models import Event, Member
from hourtab.clients.models import Client, Contact
from hourtab.lib.locking import in_order, locked, whole
from hourtab.lib.text import named


@whole
def rename_client(client: Client, name: str, *, by: Member | None = None) -> None:
    """Give the client another name; the pages that show it notice."""
    retainers = in_order(locked(client.retainers.order_by("pk")))
    before = locked(Client.objects.all()).get(pk=client.pk).name
    name = named(name)
    Client.objects.filter(pk=client.pk).update(name=name)
    for retainer in retainers:
        retainer.touch()
    note(
        client.workspace,
        Event.Kind.CLIENT_RENAMED,
        name,
        by=by,
        changes={"name": [before, name]},
    )


@whole
def add_approver(client: Client, name: str, email: str, *, by: Member) -> Contact:
    """Return the client's approver of that address; somebody new becomes a contact."""
    # Two requests at once for somebody new find or make the same contact.
    client = locked(Client.objects.all()).get(pk=client.pk)
    known = client.contacts.filter(role=Contact.Role.APPROVER, email__iexact=email).first()
    if known is not None:
        return known
    contact = Contact.objects.create(
        client=client, name=name, email=email.lower(), role=Contact.Role.APPROVER
    )
    note_contact(contact, by=by)
    return contact


def note_contact(
    contact: Contact, *, by: Member, was: Contact | None = None, is_gone: bool = False
) -> None:
    """Note that a contact was added, changed or removed: contacts decide on hours and get
    invoices.
    """
    names = ["name", "email", "role"]
    before = fields_of(was, names) if was else {}
    after = dict.fromkeys(names, "") if is_gone else fields_of(contact, names)
    if changes := changes_of(before, after):
        note(
            contact.client.workspace,
            Event.Kind.CONTACT,
            f"{contact.client} · {contact.name}",
            by=by,
            changes=changes,
        )
