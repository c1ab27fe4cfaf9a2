"""Django's settings, made from the service's configuration (`service/config.py`)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from kontobro.service.config import config, session_secret
from kontobro.store.database import database_entry

_config = config()
_host = urlsplit(_config.public_url)
_https = _host.scheme == "https"

SECRET_KEY = session_secret(_config)
DEBUG = False
ALLOWED_HOSTS = sorted({_host.hostname or "", *(["127.0.0.1", "localhost", "[::1]"] if _config.local else [])})
CSRF_TRUSTED_ORIGINS = [f"{_host.scheme}://{_host.netloc}"]
ROOT_URLCONF = "kontobro.web.urls"
WSGI_APPLICATION = "kontobro.web.server.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "kontobro.web",
    "kontobro.store",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "kontobro.web.middleware.Request",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "kontobro.web.language.BrowserLanguage",
    "kontobro.web.middleware.Readable",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kontobro.web.language.PersonLanguage",
    "kontobro.web.middleware.FaultPages",
    "kontobro.web.back.BackToPage",
    "kontobro.web.back.SignedOut",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent],  # a page's template is beside its view
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kontobro.web.context.page",
            ],
            "builtins": ["kontobro.web.templatetags.kontobro", "kontobro.web.templatetags.remedies"],
        },
    }
]

# One database with the store. Pages hold no transaction while they ask the store or anybody else.
DATABASES = {"default": database_entry(_config.database)}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kontobro_web_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # what is culled beyond may still be waited for
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
USE_TZ = True
TIME_ZONE = "UTC"

# ---- in which language (`web/language.py`); the catalogues are in `locale/`, allauth and Django bring their own

USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("da", "Dansk"), ("de", "Deutsch"), ("en", "English"), ("fr", "Français"), ("sv", "Svenska")]
LOCALE_PATHS = [Path(__file__).parent / "locale"]

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

# ---- who someone is

AUTH_USER_MODEL = "kontobro_web.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "kontobro.web.members.accounts.Accounts"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_FORMS = {"signup": "kontobro.web.members.signing_up.SigningUp"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if _config.mail_url.get_secret_value() else "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Kontobro: "
# A key is an account and the reader's address (`members/guesses.py`), but for the last factor's: by account, far apart.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,100/h/key",
    "guess": "5/5m/key",
    "reset_password": "5/m/ip,20/h/ip",
}
MFA_FORMS = {"authenticate": "kontobro.web.members.guesses.CodeForm"}
MFA_TOTP_ISSUER = "Kontobro"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

# ---- what browsers are told

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # Pleo sends the browser back to us: a strict cookie would not come along
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = False  # the proxy's business: health checks come without TLS
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _config.behind_proxy else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}


EMAIL_BACKEND = "kontobro.web.members.accounts.Mail"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _config.mail_from
LOGGING_CONFIG = None
ASIDE_PATIENCE = 3.0  # seconds that a page waits for Pleo or an accounting system before it shows progress
CSRF_FAILURE_VIEW = "kontobro.web.site.errors.csrf_failure"
