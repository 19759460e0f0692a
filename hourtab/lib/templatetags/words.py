"""Filters of every template."""

from typing import Any

from django import template

from hourtab.lib.words import Words

register = template.Library()


@register.filter
def amount(seconds: int, words: Words) -> str:
    """Write an amount as this reader reads it."""
    return words.amount(seconds)


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
