"""Every setting, read from the environment. docs/self-hosting.md describes each of them.

A value may also come from a file: `SECRET_KEY_FILE=/run/secrets/key` sets `SECRET_KEY`.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from hourtab.lane.places import PASTED
from hourtab.lib import sentry
from hourtab.lib.database_url import database
from hourtab.lib.keys import key_from


def env(name: str, default: str = "") -> str:
    """Return a setting of the environment, or of the file that `NAME_FILE` points to."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else os.environ.get(name, default)


def env_int(name: str, default: int) -> int:
    """Return a whole number; raise where the setting is something else."""
    value = env(name) or str(default)
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not “{value}”.")
    return int(value)


def sign_in_providers() -> dict[str, dict[str, Any]]:
    """Return the providers people may sign in with beside their address: those whose identity here
    is set.
    """
    identities = {
        "google": (env("GOOGLE_CLIENT_ID"), env("GOOGLE_CLIENT_SECRET")),
        "microsoft": (env("MICROSOFT_CLIENT_ID"), env("MICROSOFT_CLIENT_SECRET")),
    }
    more = {
        "google": {},
        "microsoft": {
            "tenant": env("MICROSOFT_TENANT", "common"),
            "login_url": env("MICROSOFT_LOGIN_URL", "https://login.microsoftonline.com"),
            "graph_url": env("MICROSOFT_GRAPH_URL", "https://graph.microsoft.com"),
        },
    }
    found: dict[str, dict[str, Any]] = {}
    for name, (client, secret) in identities.items():
        if bool(client) != bool(secret):
            raise ImproperlyConfigured(
                f"{name.upper()}_CLIENT_ID and {name.upper()}_CLIENT_SECRET go together."
            )
        if client:
            app = {"client_id": client, "secret": secret, "settings": more[name]}
            found[name] = {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
    return found


RELEASE = "0.1.0"
VAR = Path(env("HOURTAB_VAR", "var")).absolute()
PORT = env_int("PORT", 8000)
SITE_URL = env("SITE_URL", f"http://localhost:{PORT}").rstrip("/")
_SITE = urlsplit(SITE_URL)
_HTTPS = _SITE.scheme == "https"

SECRET_KEY = key_from(env("SECRET_KEY"), VAR / "keys", "SECRET_KEY")
LINK_KEY = key_from(env("LINK_KEY"), VAR / "keys", "LINK_KEY")

DEBUG = False
_LOCAL = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [
    *(host for host in env("ALLOWED_HOSTS").split(",") if host),
    *(_LOCAL if _SITE.hostname in ("localhost", "127.0.0.1", "::1") else []),
    _SITE.hostname or "",
]
CSRF_TRUSTED_ORIGINS = [SITE_URL] if _HTTPS else []
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", 0)
if _HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000

DATABASE_URL = env("DATABASE_URL") or f"sqlite:///{VAR / 'hourtab.sqlite3'}"
DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The limits of signing in live here alone. A worker forgets what has expired; the bound is one that
# nobody reaches, for beyond it limits that still hold are thrown out.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}

ROOT_URLCONF = "hourtab.urls"
WSGI_APPLICATION = None
INSTALLED_APPS = [
    "hourtab",
    "hourtab.worker",
    "hourtab.accounts",
    "hourtab.clients",
    "hourtab.retainers",
    "hourtab.ledger",
    "hourtab.imports",
    "hourtab.outbox",
    "hourtab.overage",
    "hourtab.sharing",
    "hourtab.alerts",
    "hourtab.operating",
    "hourtab.api",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
]
SOCIALACCOUNT_PROVIDERS = sign_in_providers()
if SOCIALACCOUNT_PROVIDERS:
    INSTALLED_APPS += [
        "allauth.socialaccount",
        *(f"allauth.socialaccount.providers.{name}" for name in SOCIALACCOUNT_PROVIDERS),
    ]
MIDDLEWARE = [
    "hourtab.lib.requests.RequestLog",
    "hourtab.lib.requests.AnyHost",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "hourtab.accounts.middleware.WorkspaceMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["hourtab.lib.templatetags.words"],
        },
    }
]

SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
# A form that leads on to a provider is held to this, too.
if "google" in SOCIALACCOUNT_PROVIDERS:
    SECURE_CSP["form-action"].append("https://accounts.google.com")
if "microsoft" in SOCIALACCOUNT_PROVIDERS:
    SECURE_CSP["form-action"].append(
        SOCIALACCOUNT_PROVIDERS["microsoft"]["APPS"][0]["settings"]["login_url"]
    )
TOTP_CSP = SECURE_CSP | {"img-src": [CSP.SELF, "data:"]}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "session", "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "hourtab.lib.errors.csrf_failure"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL, LOGIN_REDIRECT_URL = "account_login", "today"

ACCOUNT_ADAPTER = "hourtab.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "today"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SIGNUP_FORM_CLASS = "hourtab.accounts.forms.SignupForm"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _SITE.scheme or "http"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
# Whoever adds an address of theirs, or connects a provider, can sign in as this person ever after.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_QUERY_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "HourTab"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "hourtab.accounts.second_factor.SignInForm",
    "reauthenticate": "hourtab.accounts.second_factor.ConfirmForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
# Browsers give passkeys to pages on this machine also without TLS.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _HTTPS
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

MAIL_DIR = VAR / "mail"
DEFAULT_FROM_EMAIL = env("MAIL_FROM", f"HourTab <hourtab@{_SITE.hostname}>")
EMAIL_URL = env("EMAIL_URL")
MAILERS: dict[str, dict[str, object]]
if EMAIL_URL:
    _MAIL = urlsplit(EMAIL_URL)
    if _MAIL.scheme not in ("smtp", "smtps", "smtp+tls") or not _MAIL.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp://user:password@host:587 (smtps:// or smtp+tls:// for TLS)."
        )
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {
                "host": _MAIL.hostname,
                "port": _MAIL.port or 25,
                "username": unquote(_MAIL.username or ""),
                "password": unquote(_MAIL.password or ""),
                "use_ssl": _MAIL.scheme == "smtps",
                "use_tls": _MAIL.scheme == "smtp+tls",
                "timeout": 20,
            },
        }
    }
    ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
else:
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": MAIL_DIR},
        }
    }
    ACCOUNT_EMAIL_VERIFICATION = "none"

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
USE_TZ = True
TIME_ZONE = "UTC"
LOCALE_PATHS = [Path(__file__).parent / "locale"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [Path(__file__).parent / "static"]
STATIC_ROOT = VAR / "static" / RELEASE
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

PLAN, PLANS = env("PLAN", "unlimited"), env("PLANS")

IMPORT_MAX_BYTES = 20 * 1024 * 1024
IMPORT_MAX_ROWS = 200_000
DATA_UPLOAD_MAX_MEMORY_SIZE = PASTED
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

LOG_FORMAT = env("LOG_FORMAT", "line")
if LOG_FORMAT not in ("line", "json"):
    raise ImproperlyConfigured(f"LOG_FORMAT must be line or json, not “{LOG_FORMAT}”.")
METRICS_KEY = env("METRICS_KEY")
SENTRY_DSN = env("SENTRY_DSN")
if SENTRY_DSN:
    sentry.start(SENTRY_DSN, RELEASE)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "hourtab.lib.logs.Masked",
            "fmt": "{asctime} {levelname} {name} {message}",
            "style": "{",
        },
        "json": {"()": "hourtab.lib.logs.Json"},
    },
    "handlers": {
        "nowhere": {"class": "logging.NullHandler"},
        "stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT},
    },
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "WARNING")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
        "django.security.RequestDataTooBig": {"handlers": ["nowhere"], "propagate": False},
    },
}
