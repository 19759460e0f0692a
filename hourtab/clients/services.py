"""Changing what pages show of a client."""

from django.db import transaction

from hourtab.clients.models import Client


@transaction.atomic
def rename_client(client: Client, name: str) -> None:
    """Give the client another name; the pages that show it notice."""
    Client.objects.filter(pk=client.pk).update(name=name)
    for retainer in client.retainers.all():
        retainer.touch()
