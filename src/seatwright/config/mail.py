"""How mail leaves the installation: by the SMTP server of the settings, or onto standard output where none is named."""

from typing import Any

from seatwright.config.environment import Environment

TIMEOUT_S = 15


def mailer(environment: Environment) -> dict[str, Any]:
    """Django's MAILERS entry; with `smtp_tls` the connection is upgraded before the password is sent."""
    if not environment.smtp_host:
        return {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": environment.smtp_host,
            "port": environment.smtp_port,
            "username": environment.smtp_username,
            "password": environment.smtp_password.get_secret_value(),
            "use_tls": environment.smtp_tls,
            "timeout": TIMEOUT_S,
        },
    }
