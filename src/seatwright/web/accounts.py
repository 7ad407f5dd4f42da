"""How people sign in: django-allauth with sign-up closed, since people are invited and never register themselves."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closed sign-up, and no messages for what the page itself already shows."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody registers themselves."""
        return False

    def populate_username(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """People sign in by e-mail address and have no user name."""

    def format_email_subject(self, subject: str) -> str:
        """The subject with the product's name instead of the host's."""
        return f"Seatwright: {subject}"


class NewPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    """Sends the link to those who have an account, and nothing to anybody else; the page answers both alike (S34)."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send the link and return the address as typed."""
        if not self.users:
            return str(self.cleaned_data["email"])
        return str(super().save(request, **kwargs))
