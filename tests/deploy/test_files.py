"""What the files in `deploy` name is there: options, commands, paths, ports; and each reader can read its file."""

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from deploy import guide
from deploy.stage import Stage, needed
from hedgerow_node.cli.program import program
from hedgerow_node.seed import settings
from hedgerow_node.seed.founding import FORM, Founding, written
from house.test_documents import CODE

EXAMPLE = guide.DEPLOY / "seed.toml"
UNIT = (guide.DEPLOY / "hedgerow-seed.service").read_text()
CONTAINER = (guide.DEPLOY / "Containerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((guide.DEPLOY / "compose.yaml").read_text())
HEALTH = "127.0.0.1:8472"
SAFE_ENOUGH = 2.0
"""Of ten, by the measure of systemd."""
PARENT_OF_HOME = "/var/lib/"


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def is_accepted(words: list[str]) -> bool:
    """Whether the command line takes this, up to what is done with it."""
    command: click.Command = program
    context = click.Context(program)
    try:
        while isinstance(command, click.Group):
            _, words, _ = command.make_parser(context).parse_args(words)
            if not words:
                return command.invoke_without_command
            _, found, words = command.resolve_command(context, words)
            assert found is not None
            command, context = found, click.Context(found, parent=context)
        command.make_context(command.name, words)
    except click.ClickException:
        return False
    return True


# --- seed.toml -------------------------------------------------------------------------------------------


def test_the_example_of_a_seed_is_a_file_as_the_program_makes_it() -> None:
    made = written(Founding("City library", "https://seed.example.org", health=HEALTH))
    example = EXAMPLE.read_text()
    assert list(flat(tomllib.loads(example))) == list(flat(tomllib.loads(made)))
    assert flat(tomllib.loads(example)) | {"about": "", "contact": ""} == flat(tomllib.loads(made))
    comments = [line for line in FORM.read_text().splitlines() if line.startswith("#")][1:]
    assert [line for line in comments if line not in example.splitlines()] == []


def test_nothing_of_the_example_has_to_be_looked_at_again() -> None:
    assert settings.notices(settings.read(EXAMPLE)) == []


# --- README ----------------------------------------------------------------------------------------------


def test_every_file_that_the_guide_names_is_there() -> None:
    typed = "\n".join(map(guide.commands, guide.with_commands())) + "\n".join(guide.of_containers())
    named = set(re.findall(r"\bdeploy/[\w.-]+", typed)) - {"deploy/Caddyfile.mine"}
    assert named >= {"deploy/Caddyfile", "deploy/nginx.conf", "deploy/hedgerow-seed.service"}
    assert [name for name in named if not (guide.ROOT / name).is_file()] == []
    assert {file.name for file in guide.DEPLOY.iterdir()} - {"Caddyfile.mine"} == {
        "README.md",
        "Caddyfile",
        "nginx.conf",
        "hedgerow-seed.service",
        "seed.toml",
        "Containerfile",
        "compose.yaml",
    }


def calls() -> list[list[str]]:
    """The words of each call of the program that is typed in the guide, or named in a sentence of it."""
    typed = "".join(map(guide.commands, sorted(guide.with_commands()))).replace("\\\n", "")
    lines = [*typed.splitlines(), *guide.of_containers(), *CODE.findall(guide.README.read_text())]
    words = [shlex.split(line, comments=True) for line in lines]
    return [line[1:] for line in words if line[:1] == ["hedgerow"] and len(line) > 1]


@pytest.mark.parametrize("words", calls(), ids=" ".join)
def test_every_command_of_the_guide_is_accepted(words: list[str]) -> None:
    assert is_accepted(words)


def test_a_command_that_is_none_is_not_accepted() -> None:
    wrong = (
        ["seed", "grow"],
        ["invite", "--much"],
        ["seed", "init", "--name", "x"],
        ["invite", "--uses", "x"],
    )
    assert [words for words in wrong if is_accepted(words)] == []


# --- Ports -----------------------------------------------------------------------------------------------


def test_each_file_looks_for_the_seed_where_it_is() -> None:
    peers = settings.Listening().peers
    assert settings.read(EXAMPLE).listen.peers == peers
    assert re.findall(r"reverse_proxy (\S+)", (guide.DEPLOY / "Caddyfile").read_text()) == [peers]
    assert re.findall(r"proxy_pass http://(\S+);", (guide.DEPLOY / "nginx.conf").read_text()) == [peers]
    assert f"http://{HEALTH}/readyz" in CONTAINER
    assert f"EXPOSE {peers.rpartition(':')[2]}\n" in CONTAINER
    assert settings.read(EXAMPLE).listen.health == HEALTH


# --- The service -----------------------------------------------------------------------------------------


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit where the guide puts it, with the program in place."""
    stage = Stage(tmp_path / "machine")
    bin_folder = stage.root / "opt/hedgerow/bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "hedgerow").symlink_to(needed("true"))
    return stage.root / "repository/deploy/hedgerow-seed.service"


def test_systemd_has_nothing_to_say_against_the_unit(unit: Path) -> None:
    told = subprocess.run(
        [needed("systemd-analyze"), "verify", "--man=no", str(unit)], capture_output=True, text=True
    )
    assert (told.returncode, told.stdout + told.stderr) == (0, "")


def test_systemd_finds_the_service_well_shut_in(unit: Path) -> None:
    most = str(int(10 * SAFE_ENOUGH))
    told = subprocess.run(
        [needed("systemd-analyze"), "security", "--offline=true", f"--threshold={most}", str(unit)],
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stdout[-2_000:]


def test_the_service_runs_the_program_in_its_own_folder() -> None:
    [command] = re.findall(r"^ExecStart=(.+)$", UNIT, re.MULTILINE)
    assert is_accepted(shlex.split(command)[1:])
    [folder] = re.findall(r"^StateDirectory=(.+)$", UNIT, re.MULTILINE)
    assert f"--home {PARENT_OF_HOME}{folder} " in command
    assert f" {PARENT_OF_HOME}{folder} " in guide.commands("Install")


# --- Containers ------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Containerfile with what it says."""
    lines = [line for line in CONTAINER.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in joined.splitlines() if line]


def said(name: str) -> list[str]:
    """What every instruction of this name says."""
    return [words for one, words in instructions() if one == name]


def test_the_container_is_made_of_what_is_there() -> None:
    known = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL"}
    assert {name for name, _ in instructions()} == known | {"HEALTHCHECK", "ENTRYPOINT", "CMD"}
    copied = [words.split()[:-1] for words in said("COPY") if not words.startswith("--from=build")]
    assert [name for names in copied for name in names if not (guide.ROOT / name).exists()] == []
    packages = tomllib.loads((guide.ROOT / "pyproject.toml").read_text())
    wheel = packages["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    given = {name for names in copied for name in names}
    assert {Path(name).parts[0] for name in wheel} <= given
    assert {packages["project"]["readme"], *packages["project"]["license-files"]} <= given


def test_the_container_runs_the_program_as_nobody_special() -> None:
    [user] = said("USER")
    assert f" {user}" in " ".join(said("RUN"))
    [entry], [command] = said("ENTRYPOINT"), said("CMD")
    assert yaml.safe_load(entry) == [re.findall(r"ExecStart=(\S+)", UNIT)[0]]
    assert is_accepted(yaml.safe_load(command))


def test_the_check_of_health_asks_for_readiness() -> None:
    [check] = said("HEALTHCHECK")
    words = yaml.safe_load(check.partition("CMD ")[2])
    assert words[0].startswith(str(Path(yaml.safe_load(said("ENTRYPOINT")[0])[0]).parent))
    compile(words[2], "HEALTHCHECK", "exec")


def test_volumes_of_the_composition_are_those_of_the_container_and_its_files_are_there() -> None:
    services = COMPOSE["services"]
    targets = [one.split(":")[1] for one in services["seed"]["volumes"]]
    assert targets == yaml.safe_load(said("VOLUME")[0])
    assert f"HEDGEROW_HOME={targets[0]} " in said("ENV")[0]
    named = {
        one.split(":")[0] for service in services.values() for one in service["volumes"] if one[0] not in "./"
    }
    assert named == set(COMPOSE["volumes"])
    build = services["seed"]["build"]
    assert (guide.DEPLOY / build["context"] / build["dockerfile"]).is_file()
    assert "> deploy/Caddyfile.mine" in "\n".join(guide.of_containers())
    assert set(services["caddy"]["depends_on"]) <= set(services)


def test_each_container_is_shut_in() -> None:
    for service in COMPOSE["services"].values():
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["network_mode"] == "host"
        assert "ports" not in service, "the network of the machine has no ports of its own to lead anywhere"
    assert COMPOSE["services"]["seed"]["read_only"] is True


ORDERS = {"build", "run", "up", "exec", "ps", "cp", "restart", "stop", "logs"}


def of_compose() -> list[list[str]]:
    """The words behind `docker compose` wherever the guide says it."""
    lines = [*guide.of_containers(), *CODE.findall(guide.README.read_text())]
    found = [line.partition("docker compose ")[2].rstrip("'") for line in lines if "docker compose " in line]
    return [shlex.split(line) for line in found]


@pytest.mark.parametrize("words", of_compose(), ids=" ".join)
def test_every_order_to_the_composition_names_a_service_of_it(words: list[str]) -> None:
    assert words[0] in ORDERS
    rest = [word for word in words[1:] if not word.startswith("-") and "$PWD" not in word]
    for word in rest[:1]:
        assert word.partition(":")[0] in {*COMPOSE["services"], "."}, words
    if words[0] == "run":
        assert is_accepted(words[words.index("seed") + 1 :])


# --- Proxies ---------------------------------------------------------------------------------------------


def test_caddy_understands_its_file(tmp_path: Path) -> None:
    told = subprocess.run(
        [needed("caddy"), "adapt", "--adapter", "caddyfile", "--config", str(guide.DEPLOY / "Caddyfile")],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert told.returncode == 0, told.stderr
    assert '"warn"' not in told.stderr
