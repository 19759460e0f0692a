"""How often links are opened: counted in memory by day, written now and then. Nothing is known of
who opened them.
"""

from collections import Counter
from datetime import date

from django.db import close_old_connections, connection, transaction

type Counts = Counter[tuple[int, date]]

_ADD = """
INSERT INTO sharing_viewday (link_id, "on", views)
SELECT %s, %s, %s WHERE EXISTS (SELECT 1 FROM sharing_sharelink WHERE id = %s)
ON CONFLICT (link_id, "on") DO UPDATE SET views = sharing_viewday.views + excluded.views
"""


def write_views(counts: Counts) -> None:
    """Add the views that were counted to those of their days; those of a link that is gone are
    forgotten.
    """
    close_old_connections()
    with transaction.atomic(), connection.cursor() as cursor:
        for (link, on), views in sorted(counts.items()):
            cursor.execute(_ADD, [link, on, views, link])
