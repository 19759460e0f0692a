"""What the watcher of open pages asks the database: the only SQL it knows."""

LINK = """
SELECT l.id, l.version, w.id, w.version, l.expires_at
FROM sharing_sharelink l JOIN accounts_workspace w ON w.id = l.workspace_id
WHERE l.revoked_at IS NULL AND l.token_digest = %s
"""
FORMER = """
SELECT l.token_digest, f.until
FROM sharing_formeraddress f JOIN sharing_sharelink l ON l.id = f.link_id WHERE f.token_digest = %s
"""
SHOWN = """
SELECT r.id, r.version, r.zone FROM sharing_shown s JOIN retainers_retainer r ON r.id = s.retainer_id
WHERE s.link_id = %s ORDER BY s.position, s.id
"""
TABLES = {"w": "accounts_workspace", "l": "sharing_sharelink", "r": "retainers_retainer"}
_SINCE = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || %s || ' seconds')",
    "postgresql": "statement_timestamp() - make_interval(secs => %s)",
}


def changed(vendor: str) -> str:
    """Return the query for versions that changed a short while ago."""
    return " UNION ALL ".join(
        f"SELECT '{kind}', id, version FROM {table} WHERE changed_at > {_SINCE[vendor]}"  # noqa: S608
        for kind, table in TABLES.items()
    )
