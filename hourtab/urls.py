"""The site map."""

from allauth.mfa.totp.views import activate_totp
from django.conf import settings
from django.urls import include, path, re_path
from django.views.decorators.csp import csp_override

from hourtab.lib import addresses as _addresses  # noqa: F401  (it registers <number:…>)
from hourtab.pages import operating, today
from hourtab.pages.api import imports as api_imports
from hourtab.pages.api import log as api_log
from hourtab.pages.clients import clients
from hourtab.pages.imports import files, sources
from hourtab.pages.public import approvals, digests, landing, mute, robots, shown
from hourtab.pages.retainers import (
    agreement,
    alerts,
    links,
    log,
    opening,
    plans,
    requests,
    retainer,
    statements,
    trail,
    weights,
)
from hourtab.pages.settings import audit, leaving, mail, members, terms, workspace
from hourtab.pages.you import entries, keys, workspaces

retainer_urls = [
    path("", retainer.retainer, name="retainer"),
    path("cycles", retainer.retainer_cycles, name="retainer_cycles"),
    path("terms", retainer.retainer_terms, name="retainer_terms"),
    path("links", links.retainer_links, name="retainer_links"),
    path("links/add", links.add_link, name="add_link"),
    path("log", log.log_time, name="log_time"),
    path("log.csv", log.log_csv, name="log_csv"),
    path("top-up", log.top_up, name="top_up"),
    path("plan", plans.plan_work, name="plan_work"),
    path("plan/<number:pk>/clear", plans.clear_hold, name="clear_hold"),
    path("requests", requests.retainer_requests, name="retainer_requests"),
    path("requests/ask", requests.ask_for_hours, name="ask_for_hours"),
    path("requests/emergency", requests.start_emergency, name="start_emergency"),
    path("requests/terms", requests.overage_terms, name="overage_terms"),
    path("requests/<number:number>", requests.show_request, name="show_request"),
    path("requests/<number:number>/withdraw", requests.withdraw_request, name="withdraw_request"),
    path("requests/<number:number>/decision", requests.note_decision, name="note_decision"),
    path("alerts", alerts.retainer_alerts, name="retainer_alerts"),
    path("alerts/change", alerts.change_alerts, name="change_alerts"),
    path("trail", trail.retainer_trail, name="retainer_trail"),
    path("trail.csv", trail.trail_csv, name="trail_csv"),
    path("terms/change", agreement.change_terms, name="change_terms"),
    path("terms/<str:on>/withdraw", agreement.withdraw_terms, name="withdraw_terms"),
    path("hours", agreement.change_cap, name="change_cap"),
    path("end", agreement.end_retainer, name="end_retainer"),
    path("cycles/<str:on>/pause", agreement.pause_cycle, name="pause_cycle"),
    path("cycles/<str:on>/close", statements.close_cycle, name="close_cycle"),
    path("cycles/<str:on>/decide", statements.decide, name="decide"),
    path("cycles/<str:on>/convert", statements.convert_lines, name="convert_lines"),
    path("weights", weights.weights, name="weights"),
    path("weights/hours", weights.office_hours, name="office_hours"),
    path("weights/<number:pk>/remove", weights.remove_weight, name="remove_weight"),
    path("cycles/<str:on>/reopen", statements.reopen_cycle, name="reopen_cycle"),
    path("history", statements.retainer_history, name="retainer_history"),
    path("history.csv", statements.history_csv, name="history_csv"),
    path("ledger.json", statements.ledger_json, name="ledger_json"),
    path("import", files.upload_import, name="upload_import"),
    path("entries/<number:pk>", log.entry_history, name="entry_history"),
    path("entries/<number:pk>/edit", log.edit_entry, name="edit_entry"),
    path("entries/<number:pk>/withdraw", log.withdraw_entry, name="withdraw_entry"),
    path("entries/<number:pk>/erase", statements.erase_texts, name="erase_texts"),
    path("entries/<number:pk>/restore", log.restore_entry, name="restore_entry"),
    path("entries/<number:pk>/know-category", log.know_category, name="know_category"),
]

import_urls = [
    path("", files.show_import, name="import"),
    path("answers", files.answer_import, name="answer_import"),
    path("apply", files.apply_import, name="apply_import"),
    path("undo", files.undo_import, name="undo_import"),
    path("discard", files.discard_import, name="discard_import"),
]

source_urls = [
    path("", sources.show_source, name="source"),
    path("forget", sources.forget_answers, name="forget_answers"),
    path("rules/add", sources.add_rule, name="add_rule"),
]

rule_urls = [
    path("", sources.edit_rule, name="edit_rule"),
    path("remove", sources.remove_rule, name="remove_rule"),
    path("raise", sources.raise_rule, name="raise_rule"),
]

link_urls = [
    path("change", links.change_link, name="change_link"),
    path("preview", links.preview_link, name="preview_link"),
    path("rotate", links.rotate_link, name="rotate_link"),
    path("revoke", links.revoke_link, name="revoke_link"),
    path("subscriptions/<number:subscription>/end", links.end_digests, name="end_digests"),
    path("qr.svg", links.link_qr, name="link_qr"),
]

client_urls = [
    path("", clients.client, name="client"),
    path("rename", clients.rename_client, name="rename_client"),
    path("contacts/add", clients.add_contact, name="add_contact"),
]

urlpatterns = [
    path("", today.today, name="today"),
    path("log", today.log_quick_line, name="log_quick_line"),
    path("retainers/open", opening.open_retainer, name="open_retainer"),
    path("retainers/<slug:ref>/", include(retainer_urls)),
    path("imports/", files.import_list, name="imports"),
    path("imports/<slug:ref>/", include(import_urls)),
    path("sources/", sources.source_list, name="sources"),
    path("sources/<number:pk>/", include(source_urls)),
    path("rules/<number:pk>/", include(rule_urls)),
    path("links/<number:pk>/", include(link_urls)),
    path("clients/", clients.client_list, name="clients"),
    path("clients/<number:pk>/", include(client_urls)),
    path("contacts/<number:pk>/edit", clients.edit_contact, name="edit_contact"),
    path("contacts/<number:pk>/remove", clients.remove_contact, name="remove_contact"),
    path("settings", workspace.workspace_settings, name="settings"),
    path("settings/members", members.members, name="members"),
    path("settings/members/<number:pk>", members.change_member, name="change_member"),
    path("settings/members/<number:pk>/remove", members.remove_member, name="remove_member"),
    path(
        "settings/members/<number:pk>/owner", members.transfer_ownership, name="transfer_ownership"
    ),
    path(
        "settings/invitations/<number:pk>/withdraw",
        members.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("you", workspaces.you, name="you"),
    path("you/entries", entries.own_entries, name="own_entries"),
    path("keys", keys.keys, name="keys"),
    path("keys/<number:pk>/revoke", keys.revoke_key, name="revoke_key"),
    path("leave", workspaces.leave_workspace, name="leave_workspace"),
    path("workspaces/<number:pk>/switch", workspaces.switch_workspace, name="switch_workspace"),
    path("join/<str:token>", workspaces.join, name="join"),
    path("settings/mail", mail.mail, name="mail"),
    path("settings/mail/<number:pk>/again", mail.send_mail_again, name="send_mail_again"),
    path("settings/terms", terms.default_terms, name="default_terms"),
    path("settings/audit", audit.audit, name="audit"),
    path("settings/audit.csv", audit.audit_csv, name="audit_csv"),
    path("settings/erase", leaving.erase_person, name="erase_person"),
    path("settings/export", leaving.export_everything, name="export_everything"),
    path("settings/delete", leaving.delete_workspace, name="delete_workspace"),
    path("settings/keep", leaving.keep_workspace, name="keep_workspace"),
    # Its picture of the code to scan is a data: address, allowed there alone.
    path(
        "accounts/2fa/totp/activate/",
        csp_override(settings.TOTP_CSP)(activate_totp),
        name="mfa_activate_totp",
    ),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("api/v1/log", api_log.log, name="api_log"),
    path("api/v1/imports", api_imports.imports, name="api_imports"),
    path("demo", links.demo, name="demo"),
    path("for/<slug:slug>", landing.profession, name="profession"),
    path("r/<str:token>", shown.public_page, name="public_page"),
    path("s/<str:address>", shown.public_statement, name="public_statement"),
    path("a/<str:token>", approvals.approval, name="approval"),
    path("m/<str:token>", mute.mute, name="mute"),
    path("d/<str:token>", digests.subscription, name="subscription"),
    path("d/<str:token>/end", digests.end_subscription, name="end_subscription"),
    re_path(r"^look/(?P<colour>[0-9a-f]{6})\.css$", shown.look, name="look"),
    path("robots.txt", robots.robots, name="robots"),
    path("healthz", operating.healthz, name="healthz"),
    path("metrics", operating.metrics, name="metrics"),
    path("readyz", operating.readyz, name="readyz"),
]

if settings.SOCIALACCOUNT_PROVIDERS:
    urlpatterns += [
        path("accounts/with/", include("allauth.socialaccount.urls")),
        *(
            path("accounts/with/", include(f"allauth.socialaccount.providers.{name}.urls"))
            for name in settings.SOCIALACCOUNT_PROVIDERS
        ),
    ]

handler400 = "hourtab.lib.errors.bad_request"
handler403 = "hourtab.lib.errors.forbidden"
handler404 = "hourtab.lib.errors.not_found"
handler500 = "hourtab.lib.errors.server_error"
