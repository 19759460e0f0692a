"""The console command `hourtab`: Django's management commands under the product's name."""

import os
import sys


def main() -> None:
    """Run the command named on the command line.

    Whatever it writes (the database, mails, backups, exports) is for the user alone it runs as.
    """
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hourtab.settings")
    if sys.argv[1:2] == ["replay"] or any(
        word.partition("=")[0] == "--server" for word in sys.argv[2:]
    ):
        # It checks a document, or speaks to another machine: no database, no keys, no folder of its
        # own.
        os.environ |= {
            "SECRET_KEY": "unused",
            "LINK_KEY": "unused",
            "DATABASE_URL": "sqlite:///:memory:",
        }
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import ManagementUtility

    utility = ManagementUtility(sys.argv)
    utility.prog_name = "hourtab"
    try:
        utility.execute()
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
