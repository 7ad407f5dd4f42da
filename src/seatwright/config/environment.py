"""The installation's settings, read once from the environment; `docs/reference/settings.md` explains each."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(BaseSettings):
    """Every setting of an installation; names in the environment are upper case with the prefix SEATWRIGHT_."""

    model_config = SettingsConfigDict(env_prefix="SEATWRIGHT_", env_file=None, extra="forbid", populate_by_name=True)

    profile: Literal["production", "demo", "test"] = "production"
    data_dir: Path = Path("data")
    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    secret_key: SecretStr = SecretStr("")
    allowed_hosts: str = "localhost"
    base_url: str = "http://localhost:8000"
    trusted_proxy: bool = False
    test_clock: bool = False
    api_requests_per_minute: int = 600
    worker_poll_s: float = 1.0
    worker_takeover_s: int = 10
    worker_settle_s: int = 120
    worker_deadline_s: int = 86400
    sync_every_s: int = 3600
    vendor_partner_tenant_id: str = ""
    vendor_client_id: str = ""
    vendor_client_secret: SecretStr = SecretStr("")
    vendor_partner_base_url: str = "https://api.partnercenter.microsoft.com"
    vendor_graph_base_url: str = "https://graph.microsoft.com"
    vendor_login_base_url: str = "https://login.microsoftonline.com"
    vendor_ca_file: str = ""
    vendor_timeout_s: float = 30.0
    simulator_admin_url: str = ""
    simulator_admin_token: SecretStr = SecretStr("")
    log_level: str = "INFO"
    log_json: bool = True
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: bool = True
    mail_from: str = "Seatwright <seatwright@localhost>"


def read() -> Environment:
    """The settings of this process; raises pydantic's ValidationError naming the variable that is wrong."""
    return Environment()


WEAK_SECRETS = ("", "change-me", "secret", "django-insecure")


def problems(environment: Environment) -> list[str]:
    """Why this configuration may not serve real customers, one sentence each; empty when it may (S53)."""
    found = []
    key = environment.secret_key.get_secret_value()
    if key in WEAK_SECRETS or len(key) < 50:
        found.append("SEATWRIGHT_SECRET_KEY must be a random text of at least 50 characters.")
    if "*" in environment.allowed_hosts:
        found.append("SEATWRIGHT_ALLOWED_HOSTS must name the hosts and may not hold '*'.")
    if not environment.base_url.startswith("https://"):
        found.append("SEATWRIGHT_BASE_URL must start with https://, because cookies are sent over TLS only.")
    if environment.test_clock or environment.simulator_admin_url:
        found.append(
            "SEATWRIGHT_TEST_CLOCK and SEATWRIGHT_SIMULATOR_ADMIN_URL are for demo and test installations only."
        )
    return found
