"""The log, as an operator sees it."""

import io


class Lines:
    """What the node logged, at info and above."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream
        self._forgotten: list[str] = []
        self._begin = 0

    def of(self, event: str, why: str = "") -> list[str]:
        """The lines of one event and reason."""
        words = f'why="{why}"' if why else ""
        return [line for line in self.all() if f" {event}" in line and words in line]

    def all(self) -> list[str]:
        """Every line, but for those that were forgotten."""
        lines = self._stream.getvalue()[self._begin :].splitlines()
        return [line for line in lines if not any(event in line for event in self._forgotten)]

    def forget(self, event: str = "") -> None:
        """Look no more at what was logged so far, or at any line of this event."""
        if event:
            self._forgotten.append(event)
        else:
            self._begin = len(self._stream.getvalue())
