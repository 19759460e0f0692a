"""What a browser sends when somebody presses the button of a form without touching it."""

from html.parser import HTMLParser


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.select = ""
        self.textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name, value = said.get("name") or "", said.get("value") or ""
        if tag == "select":
            self.select = name
        elif tag == "option" and ("selected" in said or self.select not in self.values):
            # The first of a list is what a browser sends where none is selected.
            self.values[self.select] = [value]
        elif tag == "textarea":
            self.textarea = name
            self.values[name] = [""]
        elif tag == "input" and name:
            is_box = said.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in said:
                self.values.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.values[self.textarea][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.textarea = ""


def untouched(html: str) -> dict[str, str | list[str]]:
    """Return the values of the fields of a piece of HTML as a browser sends them."""
    form = _Form()
    form.feed(html)
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in form.values.items()
        if name not in ("csrfmiddlewaretoken", "once")
    }
