"""The tokens of programs at the command line: `seatwright token create`, `token list` and `token revoke`."""

import datetime as dt
import uuid
from typing import Annotated, Literal, NoReturn

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="API tokens: make, list and revoke them.")
Email = Annotated[str, typer.Option("--user", help="E-mail address of the person for whom the program acts.")]


@app.command()
def create(
    user: Email,
    label: Annotated[str, typer.Option(help="What the token is for; shown in lists and in the audit.")],
    scope: Annotated[Literal["read", "write"], typer.Option(help="`write` can also order and settle.")] = "read",
    customer: Annotated[
        uuid.UUID | None,
        typer.Option(help="Id of the one customer that the token reaches; without it all of the user's."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="After how many days it ends by itself.")] = 90,
) -> None:
    """Make a token and print its secret, this once, on standard output."""
    _set_up()
    from seatwright.access import actors, permissions, tokens
    from seatwright.customers import queries as customers
    from seatwright.operations import clock

    at, user_id = clock.now(), _user_id(user)
    if not label.strip():
        _refuse("Say with --label what the token is for.")
    reseller_id = None
    if customer is not None:
        person = customers.actor(user_id=user_id, channel="cli", request_ref="")
        try:
            reseller_id = customers.customer(
                seen_by=person or actors.Actor(kind="user", label=""), customer_id=customer
            ).reseller_id
        except (permissions.Unknown, permissions.NotAllowed):
            _refuse("This person has no such customer.")
    made = tokens.create(
        by=actors.operator(label="command line"),
        user_id=user_id,
        label=label,
        scope=scope,
        expires_at=at + dt.timedelta(days=days),
        at=at,
        reseller_id=reseller_id,
        customer_id=customer,
    )
    typer.echo(f"Token {made.token_id}; its secret is shown this once:", err=True)
    typer.echo(made.secret)


@app.command()
def revoke(token_id: Annotated[uuid.UUID, typer.Argument(help="Id of the token, as `list` shows it.")]) -> None:
    """End a token; its next request is refused."""
    _set_up()
    from seatwright.access import actors, permissions, tokens
    from seatwright.operations import clock

    try:
        tokens.revoke(by=actors.operator(label="command line"), token_id=token_id, at=clock.now())
    except permissions.Unknown:
        _refuse("There is no token with this id.")
    typer.echo("The token is revoked.")


@app.command("list")
def list_tokens(user: Email) -> None:
    """Show a person's tokens, without their secrets."""
    _set_up()
    from seatwright.access import actors, tokens

    for token in tokens.tokens(seen_by=actors.operator(label="command line"), user_id=_user_id(user)):
        ended = f"revoked {token.revoked_at:%Y-%m-%d}" if token.revoked_at else f"ends {token.expires_at:%Y-%m-%d}"
        used = f"used {token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never used"
        place = f"customer {token.customer_id}" if token.customer_id else "all customers of the user"
        typer.echo(f"{token.token_id}  ...{token.hint}  {token.scope}  {place}  {ended}  {used}  {token.label}")


def _user_id(email: str) -> int:
    from seatwright.access import tokens

    found = tokens.holder(email=email)
    if found is None:
        _refuse("There is no active user with this e-mail address.")
    return found.user_id


def _set_up() -> None:
    import django

    django.setup()


def _refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
