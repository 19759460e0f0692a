"""Taking a file, and the answers it needs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hourtab.imports.table import LARGEST_FILE


class UploadForm(forms.Form):
    """A file, or its text."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    text = forms.CharField(
        label=_("Or paste its rows"),
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
                _("The file has %(size)s MB; 20 MB are the most.") % {"size": (file.size or 0) // 1_048_576}
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
