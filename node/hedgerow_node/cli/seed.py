"""seed: make a seed of a folder, judge its file, see its members."""

from pathlib import Path

import click

from hedgerow_node.cli.asked import Asked, Command, common_options, pass_asked
from hedgerow_node.cli.files import given_passphrase
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.wording import Record, count, day, records, size, text, whole
from hedgerow_node.durable import fresh_file
from hedgerow_node.problems import Code, Problem

RUN = "Next: hedgerow run"


@click.group("seed", params=common_options())
def seed_command() -> None:
    """Run a node that others find: make it, look after it."""


@seed_command.command("init", cls=Command)
@click.option("--name", required=True, help="How others know it, such as City library.")
@click.option("--url", required=True, help="Its address from outside, such as https://seed.example.org.")
@click.option("--about", default="", help="What it is for and who runs it.")
@click.option("--contact", default="", help="Where a person answers: a mail address or a page.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Where other nodes are let in [127.0.0.1:8471 behind https, else the address of --url].",
)
@click.option(
    "--health", metavar="HOST:PORT", default="", help="Where /healthz, /readyz and /metrics answer [nowhere]."
)
@pass_asked
def init_command(
    asked: Asked, name: str, url: str, about: str, contact: str, listen: str | None, health: str
) -> None:
    """Make this folder a seed: an identity, and a file seed.toml in which every option is explained."""
    from hedgerow_node.commands.words import line
    from hedgerow_node.commands.words import text as lines
    from hedgerow_node.seed.founding import Founding, check_may_found, found, written

    check_may_found(asked.home)
    file = written(Founding(line(name), url.strip(), lines(about), line(contact), listen, health))
    with asked.session() as session:
        profile = session.call("profile set", {"name": name, "about": about, "machine": True})
        is_running = session.running is not None
    settings = found(asked.home, file)
    asked.screen.value(
        {
            "file": str(asked.home.seed),
            "did": profile["did"],
            "name": settings.name,
            "url": settings.url,
            "address": settings.address,
            "listen": settings.listen.peers,
        }
    )
    asked.screen.line(f"{settings.name} is a seed now: {text(profile['did'])}", "title")
    asked.screen.line(f"Its options, each explained: {asked.home.seed}")
    asked.screen.line("Stop Hedgerow and start it again: hedgerow run" if is_running else RUN, "next")


@seed_command.command("check", cls=Command)
@pass_asked
def check_command(asked: Asked) -> None:
    """Judge seed.toml before the seed is started with it."""
    from hedgerow_node.seed.founding import settings_of
    from hedgerow_node.seed.settings import notices

    settings = settings_of(asked.home)
    found = notices(settings)
    asked.screen.value(
        {
            "ok": True,
            "file": str(asked.home.seed),
            "address": settings.address,
            "notices": [{"title": one.title, "next": one.next} for one in found],
        }
    )
    asked.screen.line(f"ok    {asked.home.seed} is understood: others dial {settings.address}.")
    for one in found:
        asked.screen.line(f"look  {one.title}", "bad")
        asked.screen.line(f"Next: {one.next}", "next", indent=6)


@seed_command.command("backup", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--sealed", is_flag=True, help="Seal it with a passphrase that is typed unseen.")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    help="Seal it with the passphrase on the first line of this file.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@pass_asked
def backup_command(
    asked: Asked, file: Path, sealed: bool, passphrase_file: Path | None, overwrite: bool
) -> None:
    """Write this whole node into FILE, while it runs: keys, members, messages, what was decided."""
    if file.exists() and not overwrite:
        raise Problem(Code.FILE_THERE, str(file))
    is_sealed = sealed or passphrase_file is not None
    passphrase = (
        given_passphrase(passphrase_file, "A passphrase for the backup", twice=True) if is_sealed else ""
    )
    with (
        asked.session() as session,
        asked.screen.progress("Writing bytes") as progress,
        fresh_file(file) as opened,
    ):
        session.download("seed backup", {"passphrase": passphrase}, opened, progress.step)
    written = file.stat().st_size
    asked.screen.value({"file": str(file.absolute()), "bytes": written, "sealed": is_sealed})
    asked.screen.line(f"This whole node is in {file} ({size(written)}).")
    if not is_sealed:
        asked.screen.line("Its keys are in it, open: keep the file as you keep the folder.", "bad")
    asked.screen.line(f"Bring it back elsewhere: hedgerow --home DIR seed restore {file}", "next")


@seed_command.command("restore", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    help="Open it with the passphrase on the first line of this file.",
)
@click.option("--original-is-gone", is_flag=True, help="What was backed up will never run again.")
@pass_asked
def restore_command(asked: Asked, file: Path, passphrase_file: Path | None, original_is_gone: bool) -> None:
    """Bring a backup back into an empty folder (--home)."""
    from hedgerow_node.seed.restoring import needs_passphrase, restore

    passphrase = ""
    if passphrase_file is not None or needs_passphrase(file):
        passphrase = given_passphrase(
            passphrase_file, "Passphrase of the backup", next_step=Code.BACKUP_SEALED.next_step
        )
    with asked.screen.progress("Reading bytes") as progress:
        about = restore(asked.home, file, passphrase, progress.step)
    if original_is_gone:
        with asked.session() as session:
            session.call("identity adopt", {"original_is_gone": True})
    asked.screen.value(
        {"did": about.did, "made": about.made, "seed": about.seed, "restored_copy": not original_is_gone}
    )
    asked.screen.line(f"{about.did} is here as it was on {day(about.made)}.", "title")
    if original_is_gone:
        asked.screen.line(RUN, "next")
        return
    asked.screen.line("It is a copy: it answers other nodes, and publishes nothing while the original may.")
    asked.screen.line(
        "If that will never run again: hedgerow sync, then hedgerow identity adopt --original-is-gone.",
        "next",
    )


@seed_command.command("members", cls=Command)
@pass_asked
def members_command(asked: Asked) -> None:
    """The members, and the invites by which they come."""
    with asked.session() as session:
        answer = session.call("seed members")
    asked.screen.value(answer)
    for member in records(answer["members"]):
        _show_member(asked.screen, member)
    if not answer["members"]:
        asked.screen.line("There are no members yet.")
    invites = [one for one in records(answer["invites"]) if one["open"]]
    asked.screen.line(count(len(invites), "open invite") + (":" if invites else "."), "title")
    for invite in invites:
        _show_invite(asked.screen, invite)
    asked.screen.line("Next: hedgerow invite --uses 30 --days 60", "next")


@seed_command.command("remove-member", cls=Command)
@click.argument("did")
@pass_asked
def remove_member_command(asked: Asked, did: str) -> None:
    """End the membership of DID. What is here of them stays until it is taken down."""
    with asked.session() as session:
        answer = session.call("seed remove-member", {"did": did})
    asked.screen.value(answer)
    asked.screen.line(f"{text(answer['did'])} is no member any more.")
    if answer["still_followed"]:
        asked.screen.line("The seed follows them, and so carries them still: hedgerow unfollow DID", "bad")
    asked.screen.line(
        "They can come back with an invite that is open. To keep them out: hedgerow seed end-invite, or block "
        "them in seed.toml.",
        "next",
    )


@seed_command.command("end-invite", cls=Command)
@click.argument("invite")
@pass_asked
def end_invite_command(asked: Asked, invite: str) -> None:
    """End INVITE before its time, named by its first letters as `seed members` shows them."""
    with asked.session() as session:
        answer = session.call("seed end-invite", {"invite": invite})
    asked.screen.value(answer)
    used = count(whole(answer["used"]), "person", "people")
    asked.screen.line(f"Nobody can join by this invite any more; {used} did.")


def _show_member(screen: Screen, member: Record) -> None:
    name = text(member["name"]) or "(no name)"
    screen.line(f"{name}   {text(member['did'])}", "title")
    here = count(whole(member["messages"]), "message")
    screen.line(f"member since {day(member['since'])} · {here} here", "quiet", indent=2)


def _show_invite(screen: Screen, invite: Record) -> None:
    left = f"{whole(invite['used'])} of {whole(invite['uses'])} used"
    kind = "makes members" if invite["member"] else "makes friends"
    words = f"{text(invite['invite'])[:8]}   {left} · until {day(invite['expires'])} · {kind}"
    screen.line(words, indent=2)
