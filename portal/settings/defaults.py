"""What every Django process of Gatehouse shares: the portal, the Celery worker and beat, management commands, the tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import environ

from apps.core.environment import read_environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = read_environment(os.environ)

SECRET_KEY = ENVIRONMENT.derived_key("django").hex()
SEALING_KEY = ENVIRONMENT.derived_key("sealing")
DOCUMENT_SECRETS_KEY = ENVIRONMENT.derived_key("document-secrets")
SESSION_TOKEN_KEY = ENVIRONMENT.derived_key("session-tokens")
RECOVERY_CODE_KEY = ENVIRONMENT.derived_key("recovery-codes")
API_KEY_DIGEST_KEY = ENVIRONMENT.derived_key("api-key-digest")
DEBUG = ENVIRONMENT.debug
# Without names of its own, the portal answers to the loopback names and to the address it listens on.
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts) or ["127.0.0.1", "localhost", "[::1]", ".localhost", ENVIRONMENT.bind]
REDIS_URL = ENVIRONMENT.effective_redis_url

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "django_htmx",
    "rest_framework",
    "oauth2_provider",
    "apps.accounts",
    "apps.identity",
    "apps.rest_apis",
    "apps.v2_apis",
    "apps.deployments",
    "apps.usage_plans",
    "apps.metering",
    "apps.portals",
    "apps.client_certificates",
    "apps.vpc_links",
    "apps.domain_names",
    "apps.functions",
    "apps.control_plane",
    "portal.console",
    "portal.developer",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "apps.control_plane.wire.middleware.signed_requests",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.only_text.OnlyText",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "portal.console.second_step.guarded_staff_admin",
]

ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# AWS's paths have no trailing slash and must never be redirected to one.
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.developer.brand.brand_in_pages",
            ],
        },
    },
]


def _database(url: str) -> dict[str, Any]:
    configuration: dict[str, Any] = environ.Env.db_url_config(url)
    if configuration["ENGINE"].endswith("sqlite3"):
        # IMMEDIATE takes the write lock at BEGIN: two writers queue up instead of failing half-way.
        configuration["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
        }
    else:
        # Each request has a thread of its own, with whose end nobody would use its connection again: kept ones pile up
        # until the server takes no more.
        configuration["CONN_MAX_AGE"] = 0
    return configuration


DATABASES = {"default": _database(ENVIRONMENT.effective_database_url)}

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "apps.identity.hashers.RandomSecretHasher",  # of OAuth clients
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "portal.developer.account_pages.locked_out"

# The built-in OpenID provider (`portal/oidc`): codes with PKCE and client credentials, by the rules of RFC 9700.
OAUTH2_PROVIDER_APPLICATION_MODEL = "identity.OAuthClient"
OIDC_TOKEN_SECONDS = 3600
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OAUTH2_VALIDATOR_CLASS": "portal.oidc.validator.Validator",
    "CLIENT_SECRET_HASHER": "pbkdf2_sha256_random",
    "SCOPES_BACKEND_CLASS": "portal.oidc.scopes.ClientScopes",
    "ACCESS_TOKEN_GENERATOR": "portal.oidc.tokens.access_token",
    "REFRESH_TOKEN_GENERATOR": "portal.oidc.tokens.refresh_token",
    "ACCESS_TOKEN_EXPIRE_SECONDS": OIDC_TOKEN_SECONDS,
    "ID_TOKEN_EXPIRE_SECONDS": OIDC_TOKEN_SECONDS,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 30 * 24 * 3600,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "PKCE_REQUIRED": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_PUBLIC_HTTPS = ENVIRONMENT.portal_url.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _PUBLIC_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if _PUBLIC_HTTPS else 0
CSRF_TRUSTED_ORIGINS = [ENVIRONMENT.portal_url]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    },
    # Staff admin is unfold's: its own scripts need more than ours do.
    "EXCLUDE_URL_PREFIXES": ("/admin/",),
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1) if REDIS_URL.startswith("unix://") else REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "global_keyprefix": "gatehouse:celery:",
    # An operation hands work over after its commit and must not wait for a broker that is away.
    "socket_connect_timeout": 1,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A beat that nobody took in time is dropped: the next one does the same work, so that no backlog piles up.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "usage": {"task": "apps.metering.tasks.drain_usage", "schedule": 0.5, "options": {"expires": 0.5}},
    "configuration": {
        "task": "apps.deployments.tasks.catch_up_configuration",
        "schedule": 1.0,
        "options": {"expires": 1.0},
    },
    "quota-counters": {"task": "apps.metering.tasks.seed_quota_counters", "schedule": 2.0, "options": {"expires": 2.0}},
    "references": {
        "task": "apps.portals.tasks.publish_missing_references",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "portals": {
        "task": "apps.portals.tasks.publish_waiting_portals",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "mail": {"task": "apps.portals.tasks.send_mail_that_waits", "schedule": 15.0, "options": {"expires": 15.0}},
    "webhooks": {
        "task": "apps.control_plane.gatehouse.webhook_delivery.deliver_what_waits",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "canaries": {
        "task": "apps.control_plane.gatehouse.canary_guards.watch_canaries",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "quota-alerts": {
        "task": "portal.developer.quota_alerts.tell_of_quotas",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "leftovers": {
        "task": "apps.deployments.tasks.collect_configuration",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "old-rows": {"task": "apps.metering.tasks.prune", "schedule": 3600.0, "options": {"expires": 3600.0}},
}

ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_ADAPTER = "portal.developer.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "portal.developer.account_forms.SignUpForm",
    "login": "portal.developer.account_forms.SignInForm",
    "reset_password": "portal.developer.account_forms.AskForResetForm",
    "reset_password_from_key": "portal.developer.account_forms.ResetForm",
    "change_password": "portal.developer.account_forms.ChangeForm",
}
ACCOUNT_CONFIRM_EMAIL_ON_GET = True
# Only in the browser that signed up: the link alone signs nobody in.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Links in messages: a proxy that ends TLS speaks plain HTTP to the portal.
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _PUBLIC_HTTPS else "http"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Failed attempts are counted once, by axes, for both rooms.
ACCOUNT_RATE_LIMITS = {"login_failed": None}
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.mail_from
if ENVIRONMENT.mail_url:
    vars().update(environ.Env.email_url_config(ENVIRONMENT.mail_url))
    EMAIL_TIMEOUT = 10
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.developer.api_access.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "EXCEPTION_HANDLER": "portal.developer.api_errors.answer_errors",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.only_text.TextJSONParser"],
}

UNFOLD = {
    "SITE_TITLE": "Gatehouse",
    "SITE_HEADER": "Gatehouse administration",
    "SITE_SYMBOL": "castle",
    "SITE_URL": "/console/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: "/static/gatehouse/favicon.svg"}],
    "COLORS": {
        # The ramp of static/gatehouse/tokens.css (verdigris).
        "primary": {
            "50": "#e8f4f0", "100": "#cee8e0", "200": "#a2d4c6", "300": "#74c2ae", "400": "#45a890", "500": "#1f8672",
            "600": "#0e6c5b", "700": "#0a574a", "800": "#0a443a", "900": "#09332c", "950": "#06231d",
        },
    },
}  # fmt: skip

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"gatehouse": {"level": "INFO"}},
}
