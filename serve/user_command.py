"""`footfall user`: who may use the API and the live page, and what each of them sees."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from footfall.config import check
from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.moments import moment
from gateway.config import load_gateway, load_site
from gateway.site import Site
from serve.config import USERS
from serve.roles import Role, is_below
from serve.tokens import ID_BYTES, SECRET_BYTES, digest, spelled
from serve.users import Token, User, UserFile

app = typer.Typer(no_args_is_help=True, help="Who may use the API and the live page: users, their roles and tokens.")

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The gateway's configuration.", envvar="FOOTFALL_GATEWAY_CONFIG")]
FileOption = Annotated[Path | None, typer.Option("--users-file", help="The file of users; else users.json in the gateway's state_dir.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user: letters, digits and . _ @ -")]
ExpiresOption = Annotated[str, typer.Option("--expires", help="When the token ends: 90d, or 2027-01-01T00:00:00+08:00; else never.")]
DEFAULT_CONFIG: Final = Path("gateway.toml")


@app.command()
def add(
    name: NameArgument,
    role: Annotated[Role, typer.Option("--role", help="What the user does for the brand.")],
    store: Annotated[list[str] | None, typer.Option("--store", help="A store of the user; repeat it for several.")] = None,
    path: Annotated[list[str] | None, typer.Option("--path", help="A path whose stores an area answers for, such as acme/north.")] = None,
    agent: Annotated[list[str] | None, typer.Option("--agent", help="A publisher in whose name it sends; else any of its stores.")] = None,
    expires: ExpiresOption = "",
    config: ConfigOption = DEFAULT_CONFIG, users_file: FileOption = None,
) -> None:  # fmt: skip
    """Add a user, and print the token. It is shown once: only its hash is kept.

    [bold]Examples[/]

    footfall user add ann --role headquarters

    footfall user add shop-7 --role store --store flagship --expires 90d

    footfall user add crm --role integrator --store webshop --agent crm
    """
    where, site = _places(config, users_file)
    given = {"name": name, "role": role, "stores": tuple(store or ()), "paths": tuple(path or ()), "agents": tuple(agent or ())}
    token, kept = _new_token(role, expires)
    user = check(given | {"tokens": (kept.model_dump(),)}, User, f"user {name}")
    if site is not None:
        _check_places(user, site)

    def added(users: Sequence[User]) -> Sequence[User]:
        if any(each.name == name for each in users):
            raise ConfigError(f"there is a user {name!r} already: footfall user rotate makes a new token, footfall user remove ends it")
        return [*users, user]

    UserFile(where).change(added)
    typer.echo(token)


@app.command("list")
def list_(
    config: ConfigOption = DEFAULT_CONFIG, users_file: FileOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each user.")] = False,
) -> None:  # fmt: skip
    """List the users with their roles and when their tokens end. No token is shown: nobody has it but its user."""
    where, _ = _places(config, users_file)
    for user in UserFile(where).current().all:
        typer.echo(json.dumps(_as_object(user), ensure_ascii=False) if as_json else _line(user))


@app.command()
def rotate(
    name: NameArgument, expires: ExpiresOption = "",
    grace_hours: Annotated[float, typer.Option("--grace-hours", min=0, max=720, help="So long the old token opens, too.")] = 0.0,
    config: ConfigOption = DEFAULT_CONFIG, users_file: FileOption = None,
) -> None:  # fmt: skip
    """Print a new token of a user; the old one ends at once, or after --grace-hours.

    [bold]Example:[/] footfall user rotate crm --grace-hours 24
    """
    where, _ = _places(config, users_file)
    until = datetime.now(UTC) + timedelta(hours=grace_hours)
    made: list[str] = []

    def rotated(users: Sequence[User]) -> Sequence[User]:
        user = _named(users, name)
        token, kept = _new_token(user.role, expires)
        made.append(token)
        old = tuple(each.model_copy(update={"expires": min(each.expires or until, until)}) for each in user.tokens[-1:])
        changed = user.model_copy(update={"tokens": (*old, kept)})
        return [changed if each.name == name else each for each in users]

    UserFile(where).change(rotated)
    typer.echo(made[0])


@app.command()
def remove(name: NameArgument, config: ConfigOption = DEFAULT_CONFIG, users_file: FileOption = None) -> None:
    """Remove a user: its tokens open nothing any more, from the next request on."""
    where, _ = _places(config, users_file)

    def without(users: Sequence[User]) -> Sequence[User]:
        gone = _named(users, name)
        return [each for each in users if each is not gone]

    UserFile(where).change(without)
    typer.echo(f"{name} is removed")


def _places(config: Path, users_file: Path | None) -> tuple[Path, Site | None]:
    """Return where the users are, and the estate. Raise ConfigError if they cannot be."""
    if users_file is not None and not config.exists():
        return users_file, None
    settings = load_gateway(config)
    return users_file or settings.state_dir / USERS, load_site(settings.site)


def _new_token(role: Role, expires: str) -> tuple[str, Token]:
    now = datetime.now(UTC)
    token_id = secrets.token_hex(ID_BYTES)
    token = spelled(role, token_id, secrets.token_urlsafe(SECRET_BYTES))
    return token, Token(id=token_id, sha256=digest(token), created=now, expires=_expiry(expires, now))


def _expiry(text: str, now: datetime) -> datetime | None:
    """Return when a token ends. Raise ConfigError for what is no time to come."""
    if not text:
        return None
    days = text.removesuffix("d")
    try:
        found = now + timedelta(days=int(days)) if days != text and days.isdigit() and len(days) < 6 else moment(text)
    except ValueError as error:
        raise ConfigError(f"--expires {text!r}: write days, such as 90d, or a time with its offset: {error}") from None
    if not isinstance(found, datetime) or found <= now:
        raise ConfigError(f"--expires {text!r}: write days, such as 90d, or a time to come with its offset")
    return found


def _check_places(user: User, site: Site) -> None:
    """Raise ConfigError for a store, a path or a publisher that site.toml does not have: most likely it is mistyped."""
    paths = {"/".join(parts[:n]) for store in site.stores for parts in [store.path.split("/")] for n in range(1, len(parts) + 1)}
    _check("--store", user.stores, {store.name for store in site.stores})
    _check("--path", user.paths, paths - {""})
    own = {listed.name for store, listed in site.agents() if store.name in user.stores or is_below(store.path, user.paths)}
    _check("--agent", user.agents, own)


def _check(option: str, names: Iterable[str], there: set[str]) -> None:
    for name in names:
        if name not in there:
            raise ConfigError(unknown(f"{option} {name!r} is not in site.toml", name, there, f"it has {', '.join(sorted(there)[:20])}"))


def _named(users: Sequence[User], name: str) -> User:
    """Return a user. Raise ConfigError if there is none of this name."""
    found = next((each for each in users if each.name == name), None)
    if found is None:
        names = [each.name for each in users]
        raise ConfigError(unknown(f"there is no user {name!r}", name, names, f"there is {', '.join(names) or 'nobody'}"))
    return found


def _as_object(user: User) -> dict[str, Any]:
    values = user.model_dump(mode="json", exclude={"tokens": {"__all__": {"sha256"}}})
    return {key: value for key, value in values.items() if value}


def _line(user: User) -> str:
    of = [*user.stores, *user.paths, *(f"as {agent}" for agent in user.agents)]
    ends = user.tokens[-1].expires if user.tokens else None
    until = f", until {ends.isoformat(timespec='minutes')}" if ends else ""
    return f"{user.name}: {user.role}" + (f" of {', '.join(of)}" if of else "") + until
