"""Filters of every template."""

import secrets
from typing import Any

from django import template
from django.utils.html import format_html

from hourtab.lib.once import FIELD
from hourtab.lib.text import visible as visible_text
from hourtab.lib.words import Words

register = template.Library()


@register.simple_tag
def once() -> str:
    """Write the hidden field that tells one rendering of a form from another."""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', FIELD, secrets.token_urlsafe(12)
    )


@register.filter
def amount(seconds: int, words: Words) -> str:
    """Write an amount as this reader reads it."""
    return words.amount(seconds)


@register.filter
def left(amount: int, words: Words) -> str:
    """Write what is left, or how far over."""
    return words.left(amount)


@register.filter
def signed(amount: int, words: Words) -> str:
    """Write a difference."""
    return words.signed(amount)


@register.filter
def day(on: Any, words: Words) -> str:
    """Write a day."""
    return words.day(on)


@register.filter
def full_day(on: Any, words: Words) -> str:
    """Write a day with its year."""
    return words.full_day(on)


@register.filter
def before_bar(text: str) -> str:
    """Return what stands before the first `|`: the label of an action in a message."""
    return text.partition("|")[0]


@register.filter
def after_bar(text: str) -> str:
    """Return what stands after the first `|`: the address of an action in a message."""
    return text.partition("|")[2].partition(" ")[0]


@register.filter
def one_line(text: str) -> str:
    """Return a text in one line, for mail in plain text."""
    return " ".join(str(text).split())


@register.filter
def visible(text: str) -> str:
    """Return a text without what steers or hides letters when it is shown."""
    return visible_text(str(text))
