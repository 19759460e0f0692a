"""Clients and their contacts."""

from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from hourtab.accounts.access import (
    MemberRequest,
    acts_on,
    editor_required,
    member_required,
    of_all_clients,
)
from hourtab.clients import services
from hourtab.clients.access import clients_of
from hourtab.clients.forms import ClientForm, ContactForm
from hourtab.clients.models import Client, Contact
from hourtab.lib.locking import locked
from hourtab.lib.notices import tell
from hourtab.lib.once import once


def _client(request: MemberRequest, pk: int) -> Client:
    return get_object_or_404(clients_of(request), pk=pk)


def _contact(request: MemberRequest, pk: int) -> Contact:
    return get_object_or_404(Contact, pk=pk, client__in=clients_of(request))


@member_required
def client_list(request: MemberRequest) -> HttpResponse:
    """List the clients."""
    clients = clients_of(request).annotate(count=Count("retainers"))
    return render(request, "clients/list.html", {"clients": clients})


@member_required
def client(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a client: contacts and retainers."""
    found = _client(request, pk)
    return render(
        request,
        "clients/client.html",
        {"client": found, "form": ContactForm(), "retainers": found.retainers.all()},
    )


@editor_required
@of_all_clients
def rename_client(request: MemberRequest, pk: int) -> HttpResponse:
    """Give a client another name."""
    found = _client(request, pk)
    form = ClientForm(
        request.POST or None,
        instance=Client(pk=found.pk, name=found.name),
        workspace=request.workspace,
    )
    if request.method == "POST" and form.is_valid():
        services.rename_client(found, form.cleaned_data["name"], by=request.member)
        tell(request, _("Renamed."))
        return redirect("client", pk=pk)
    return render(
        request,
        "parts/form_page.html",
        {
            "title": _("Rename %(client)s") % {"client": found.name},
            "form": form,
            "button": _("Rename"),
        },
    )


@editor_required
@acts_on(_client)
@once
def add_contact(request: MemberRequest, pk: int) -> HttpResponse:
    """Store a contact."""
    found = _client(request, pk)
    form = ContactForm(request.POST, instance=Contact(client=found))
    if form.is_valid():
        with transaction.atomic():
            services.note_contact(form.save(), by=request.member)
        tell(request, _("%(name)s was added.") % {"name": form.instance.name})
        return redirect("client", pk=pk)
    return render(
        request,
        "clients/client.html",
        {"client": found, "form": form, "retainers": found.retainers.all()},
        status=422,
    )


@editor_required
def edit_contact(request: MemberRequest, pk: int) -> HttpResponse:
    """Change a contact."""
    contact = _contact(request, pk)
    form = ContactForm(request.POST or None, instance=contact)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            was = get_object_or_404(locked(Contact.objects.all()), pk=pk)
            services.note_contact(form.save(), by=request.member, was=was)
        return redirect("client", pk=contact.client_id)
    return render(
        request, "parts/form_page.html", {"title": contact.name, "form": form, "button": _("Save")}
    )


@editor_required
@acts_on(_contact)
def remove_contact(request: MemberRequest, pk: int) -> HttpResponse:
    """Remove a contact."""
    contact = _contact(request, pk)
    with transaction.atomic():
        services.note_contact(contact, by=request.member, was=contact, is_gone=True)
        contact.delete()
    tell(request, _("%(name)s was removed.") % {"name": contact.name})
    return redirect("client", pk=contact.client_id)
