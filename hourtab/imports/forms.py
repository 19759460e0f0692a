"""Taking a file, and the rules of a source."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.accounts.models import Workspace
from hourtab.imports.models import SourceRule
from hourtab.imports.reading.table import LARGEST_FILE
from hourtab.lib.forms import SavesWhatChanged
from hourtab.lib.text import clean
from hourtab.retainers.models import Retainer


class UploadForm(forms.Form):
    """A file, or its text."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(
            attrs={"accept": ".csv,.tsv,.txt,.xlsx,.ics,text/csv,text/calendar"}
        ),
    )
    text = forms.CharField(
        label=_("Or paste its rows, with their header"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        max_length=LARGEST_FILE,
    )

    def clean_file(self) -> Any:
        """Refuse a file beyond the bound."""
        file = self.cleaned_data["file"]
        if file and (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(
                _("The file has %(size)s MB; 20 MB are the most.")
                % {"size": (file.size or 0) // 1_048_576}
            )
        return file

    def clean(self) -> dict[str, Any]:
        """Want exactly one of the two."""
        fields = super().clean() or self.cleaned_data
        if not self.errors and not fields.get("file") and not (fields.get("text") or "").strip():
            self.add_error("file", _("Choose a file, or paste its rows below."))
        return fields

    def content(self) -> tuple[str, bytes]:
        """Return the file's name and bytes."""
        file = self.cleaned_data["file"]
        if file:
            return file.name, file.read()
        return str(_("pasted rows")), self.cleaned_data["text"].encode()


class PrivateWordsForm(SavesWhatChanged):
    """The words a workspace does not want its clients to read."""

    class Meta:
        model = Workspace
        fields = ["private_words"]
        labels = {"private_words": _("Private words, one a line")}
        help_texts = {
            "private_words": _(
                "A row whose text holds one of them is only shown to a client after you have said so."
            )
        }
        widgets = {"private_words": forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})}

    def clean_private_words(self) -> str:
        """Return the words as they may be stored."""
        return clean(self.cleaned_data["private_words"])


NOWHERE = "none"


class RuleForm(forms.Form):
    """One rule: what must hold of a row, and what follows. Several texts of one condition stand on
    lines of their own.
    """

    client = forms.CharField(
        label=_("Client is"), required=False, widget=forms.Textarea(attrs={"rows": 1})
    )
    project = forms.CharField(
        label=_("Project is"), required=False, widget=forms.Textarea(attrs={"rows": 1})
    )
    task = forms.CharField(
        label=_("Task is"), required=False, widget=forms.Textarea(attrs={"rows": 1})
    )
    tag = forms.CharField(
        label=_("One of the tags is"), required=False, widget=forms.Textarea(attrs={"rows": 1})
    )
    person = forms.CharField(
        label=_("Person is"), required=False, widget=forms.Textarea(attrs={"rows": 1})
    )
    contract = forms.CharField(
        label=_("Contract is"), required=False, widget=forms.Textarea(attrs={"rows": 1})
    )
    text = forms.CharField(
        label=_("Description holds"), required=False, widget=forms.Textarea(attrs={"rows": 1})
    )
    billable = forms.ChoiceField(
        label=_("Billable is"),
        required=False,
        choices=[
            ("", _("anything")),
            ("yes", _("yes")),
            ("no", _("no")),
            ("no_charge", _("no charge")),
            ("not_no", _("yes, no charge, or not said")),
        ],
    )
    retainer = forms.ChoiceField(label=_("The row goes to"), required=False)
    scope = forms.ChoiceField(
        label=_("and counts as"),
        required=False,
        choices=[
            ("", _("what other rules say")),
            ("retainer", _("time against the hours")),
            ("project", _("project work, billed apart")),
            ("courtesy", _("at no charge")),
        ],
    )
    category = forms.CharField(label=_("as this kind of work"), required=False, max_length=60)

    conditions = ("client", "project", "task", "tag", "person", "contract", "text")

    def __init__(self, data: Any, *, rule: SourceRule, retainers: Sequence[Retainer]) -> None:
        self.rule, self.retainers = rule, {retainer.ref: retainer for retainer in retainers}
        said = rule.conditions
        initial = {name: "\n".join(said.get(name, [])) for name in self.conditions}
        billable = said.get("billable", [])
        initial["billable"] = "not_no" if len(billable) > 1 else billable[0] if billable else ""
        initial["retainer"] = (
            NOWHERE if rule.leaves_out else rule.retainer.ref if rule.retainer else ""
        )
        super().__init__(data, initial=initial | {"scope": rule.scope, "category": rule.category})
        choices: Any = [
            ("", _("where other rules say")),
            *((ref, str(retainer)) for ref, retainer in self.retainers.items()),
            (NOWHERE, _("nowhere: it is left out")),
        ]
        field: Any = self.fields["retainer"]
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Want a condition and a consequence."""
        fields = super().clean() or self.cleaned_data
        if not any(fields.get(name) for name in (*self.conditions, "billable")):
            self.add_error(
                "client",
                _(
                    "Say at least one thing that must hold; a rule for every row would take other clients' rows too."
                ),
            )
        if not any(fields.get(name) for name in ("retainer", "scope", "category")):
            self.add_error(
                "retainer",
                _("Say what follows: where the row goes, what it counts as, or its kind of work."),
            )
        return fields

    def changed_rule(self) -> SourceRule:
        """Return the rule as the form says it, not stored."""
        fields, rule = self.cleaned_data, self.rule
        rule.conditions = {
            name: texts
            for name in self.conditions
            if (texts := [clean(text.strip()) for text in fields[name].split("\n") if text.strip()])
        }
        if fields["billable"]:
            rule.conditions["billable"] = (
                ["yes", "no_charge", ""] if fields["billable"] == "not_no" else [fields["billable"]]
            )
        rule.leaves_out = fields["retainer"] == NOWHERE
        rule.retainer = self.retainers.get(fields["retainer"])
        rule.scope, rule.category = fields["scope"], clean(fields["category"].strip())
        return rule
