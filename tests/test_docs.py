"""What exists is documented."""

import re
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).parent.parent
DOCS = {path.name: path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]}
OURS = (
    "accounts",
    "clients",
    "retainers",
    "ledger",
    "imports",
    "outbox",
    "overage",
    "sharing",
    "alerts",
    "operating",
    "api",
    "worker",
)


def test_every_setting_is_described() -> None:
    settings = set(re.findall(r'env(?:_int)?\("(\w+)"', (ROOT / "hourtab/settings.py").read_text()))
    described = set(re.findall(r"^\| `(\w+)` \|", DOCS["self-hosting.md"], re.MULTILINE))
    assert settings == described


def test_every_command_is_described() -> None:
    everything = " ".join(DOCS.values())
    for path in (ROOT / "hourtab/management/commands").glob("[a-z]*.py"):
        assert f"hourtab {path.stem}" in everything, path.stem


@pytest.mark.parametrize("label", OURS)
def test_every_model_is_in_the_glossary(label) -> None:
    for model in apps.get_app_config(label).get_models():
        assert re.search(rf"\b{model.__name__}\b", DOCS["glossary.md"]), model.__name__


def test_every_dependency_has_its_reason() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    named = re.findall(r'^  "([a-z0-9-]+)(?:\[[a-z,]+\])?[>=<]', project, re.MULTILINE)
    assert len(named) > 20
    for name in named:
        assert re.search(rf"(?i)\b{re.escape(name)}\b", DOCS["decisions.md"]), name


def test_every_link_between_documents_leads_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("hourtab/**/*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name} → {target}"


def test_the_example_of_a_ledger_document_replays() -> None:
    import json

    from hourtab.core.document import read
    from hourtab.core.statement import statement

    text = DOCS["ledger-document.md"]
    example = text[text.index("    {") : text.index("## What goes in")]
    document = read.from_json(json.loads(example))
    assert len(statement(document.ledger, document.as_of).cycles) == 6


def test_every_tool_and_every_answer_of_an_import_is_described() -> None:
    from hourtab.imports.reading.readers import TOOLS
    from hourtab.imports.reading.uploads import ANSWERS

    text = DOCS["importing.md"]
    for tool in TOOLS:
        assert tool.label.lower() in text.lower(), tool.label
    for key in set(ANSWERS) - {"routes", "withhold", "only_add", "all_rows"}:
        assert re.search(rf"`{key}=", text), key


def test_every_key_of_the_ledger_document_is_described() -> None:
    from typing import get_type_hints

    from hourtab.core import entries, terms
    from hourtab.core.results import FIGURES

    text = DOCS["ledger-document.md"]
    kinds = (
        terms.Retainer,
        terms.Terms,
        entries.Entry,
        entries.TopUp,
        entries.Transfer,
        entries.Authorisation,
        entries.Hold,
    )
    for name in {name.rstrip("_") for kind in kinds for name in get_type_hints(kind)} | set(
        FIGURES
    ):
        assert f"`{name}" in text, name
