"""Which version of the terms is valid on a day."""

from collections.abc import Sequence
from datetime import date

from hourtab.core.terms import Terms
from hourtab.retainers.models import Retainer


def terms_at(retainer: Retainer, on: date) -> Terms:
    """Return the terms valid at `on`: the latest version effective by then."""
    return version_at(retainer.versions(), on)


def version_at(versions: Sequence[Terms], on: date) -> Terms:
    """Return the one of these versions that is valid at `on`."""
    return next(
        (version for version in reversed(versions) if version.effective_on <= on), versions[0]
    )
