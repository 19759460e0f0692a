"""The site map."""

from allauth.mfa.totp.views import activate_totp
from django.conf import settings
from django.urls import include, path, re_path
from django.views.decorators.csp import csp_override

from hourtab.lib import addresses as _addresses  # noqa: F401  (it registers <number:…>)
from hourtab.pages import operating as operating
from hourtab.pages.api import imports as api_imports
from hourtab.pages.api import log as api_log
from hourtab.pages.clients import clients as clients
from hourtab.pages.imports import files as imports
from hourtab.pages.imports import sources
from hourtab.pages.public import approvals, digests
from hourtab.pages.public import robots as plain
from hourtab.pages.public import shown as public
from hourtab.pages.retainers import agreement, plans, requests, statements, weights
from hourtab.pages.retainers import alerts as alerts
from hourtab.pages.retainers import links as sharing
from hourtab.pages.retainers import log as ledger
from hourtab.pages.retainers import retainer as retainers
from hourtab.pages.settings import audit, leaving
from hourtab.pages.settings import mail as outbox
from hourtab.pages.settings import members as team
from hourtab.pages.settings import workspace as accounts
from hourtab.pages.you import entries as own
from hourtab.pages.you import keys as api_keys

retainer_urls = [
    path("", retainers.retainer, name="retainer"),
    path("cycles", retainers.retainer_cycles, name="retainer_cycles"),
    path("terms", retainers.retainer_terms, name="retainer_terms"),
    path("links", sharing.retainer_links, name="retainer_links"),
    path("links/add", sharing.add_link, name="add_link"),
    path("log", ledger.log_time, name="log_time"),
    path("log.csv", ledger.log_csv, name="log_csv"),
    path("top-up", ledger.top_up, name="top_up"),
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
    path("trail", alerts.retainer_trail, name="retainer_trail"),
    path("trail.csv", alerts.trail_csv, name="trail_csv"),
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
    path("import", imports.upload_import, name="upload_import"),
    path("entries/<number:pk>", ledger.entry_history, name="entry_history"),
    path("entries/<number:pk>/edit", ledger.edit_entry, name="edit_entry"),
    path("entries/<number:pk>/withdraw", ledger.withdraw_entry, name="withdraw_entry"),
    path("entries/<number:pk>/erase", statements.erase_texts, name="erase_texts"),
    path("entries/<number:pk>/restore", ledger.restore_entry, name="restore_entry"),
    path("entries/<number:pk>/know-category", ledger.know_category, name="know_category"),
]

import_urls = [
    path("", imports.show_import, name="import"),
    path("answers", imports.answer_import, name="answer_import"),
    path("apply", imports.apply_import, name="apply_import"),
    path("undo", imports.undo_import, name="undo_import"),
    path("discard", imports.discard_import, name="discard_import"),
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
    path("change", sharing.change_link, name="change_link"),
    path("preview", sharing.preview_link, name="preview_link"),
    path("rotate", sharing.rotate_link, name="rotate_link"),
    path("revoke", sharing.revoke_link, name="revoke_link"),
    path("subscriptions/<number:subscription>/end", sharing.end_digests, name="end_digests"),
    path("qr.svg", sharing.link_qr, name="link_qr"),
]

client_urls = [
    path("", clients.client, name="client"),
    path("rename", clients.rename_client, name="rename_client"),
    path("contacts/add", clients.add_contact, name="add_contact"),
]

urlpatterns = [
    path("", retainers.today, name="today"),
    path("log", retainers.log_quick_line, name="log_quick_line"),
    path("retainers/open", retainers.open_retainer, name="open_retainer"),
    path("retainers/<slug:ref>/", include(retainer_urls)),
    path("imports/", imports.import_list, name="imports"),
    path("imports/<slug:ref>/", include(import_urls)),
    path("sources/", sources.source_list, name="sources"),
    path("sources/<number:pk>/", include(source_urls)),
    path("rules/<number:pk>/", include(rule_urls)),
    path("links/<number:pk>/", include(link_urls)),
    path("clients/", clients.client_list, name="clients"),
    path("clients/<number:pk>/", include(client_urls)),
    path("contacts/<number:pk>/edit", clients.edit_contact, name="edit_contact"),
    path("contacts/<number:pk>/remove", clients.remove_contact, name="remove_contact"),
    path("settings", accounts.workspace_settings, name="settings"),
    path("settings/members", team.members, name="members"),
    path("settings/members/<number:pk>", team.change_member, name="change_member"),
    path("settings/members/<number:pk>/remove", team.remove_member, name="remove_member"),
    path("settings/members/<number:pk>/owner", team.transfer_ownership, name="transfer_ownership"),
    path(
        "settings/invitations/<number:pk>/withdraw",
        team.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("you", team.you, name="you"),
    path("you/entries", own.own_entries, name="own_entries"),
    path("keys", api_keys.keys, name="keys"),
    path("keys/<number:pk>/revoke", api_keys.revoke_key, name="revoke_key"),
    path("leave", team.leave_workspace, name="leave_workspace"),
    path("workspaces/<number:pk>/switch", team.switch_workspace, name="switch_workspace"),
    path("join/<str:token>", team.join, name="join"),
    path("settings/mail", outbox.mail, name="mail"),
    path("settings/mail/<number:pk>/again", outbox.send_mail_again, name="send_mail_again"),
    path("settings/terms", retainers.default_terms, name="default_terms"),
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
    path("demo", sharing.demo, name="demo"),
    path("for/<slug:slug>", retainers.profession, name="profession"),
    path("r/<str:token>", public.public_page, name="public_page"),
    path("s/<str:address>", public.public_statement, name="public_statement"),
    path("a/<str:token>", approvals.approval, name="approval"),
    path("m/<str:token>", alerts.mute, name="mute"),
    path("d/<str:token>", digests.subscription, name="subscription"),
    path("d/<str:token>/end", digests.end_subscription, name="end_subscription"),
    re_path(r"^look/(?P<colour>[0-9a-f]{6})\.css$", public.look, name="look"),
    path("robots.txt", plain.robots, name="robots"),
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
