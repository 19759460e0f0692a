"""Parts of addresses."""

from django.urls import register_converter


class Number:
    """A number that fits into a column: one with more digits is no address of ours."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Write the number."""
        return str(value)


register_converter(Number, "number")
