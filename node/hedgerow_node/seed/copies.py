"""Where the copies for a backup lie until its file is made."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from hedgerow_node import durable
from hedgerow_node.config import Home

FOLDER = "backing-up-"
"""How the name of a folder begins in which the copies lie meanwhile."""


def make_folder(home: Home) -> Path:
    """A folder of its own for each backup, for its owner alone."""
    with durable.in_words(home.path):
        return Path(mkdtemp(prefix=FOLDER, dir=home.path))


def forget_unfinished(home: Home) -> None:
    """Remove the copies of backups that did not come to their end: they hold what may have been withdrawn since."""
    for folder in home.path.glob(f"{FOLDER}*"):
        shutil.rmtree(folder, ignore_errors=True)
