"""Where a training stands, in words of the reader, at least every 15 seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

SECONDS = 15.0


class Progress:
    """Tells the steps of one training after another; what they took tells how long the next ones may take.

    Called with a text, it passes the text on to the log.
    """

    def __init__(self, log: Callable[[str], None] = lambda _: None, seconds: float = SECONDS):
        self.log, self.seconds = log, seconds
        self.title, self.steps = "", list[str]()
        self.took: dict[str, float] = {}

    def __call__(self, text: str) -> None:
        """Pass a text on."""
        self.log(text)

    def begin(self, title: str, steps: Sequence[str]) -> None:
        """Name what begins, such as "training 1 of 2 (evaluation)", and its steps."""
        self.title, self.steps = title, list(steps)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Inside, the step goes on: say so when it begins and after every so many seconds."""
        started, done = time.monotonic(), threading.Event()

        def tell() -> None:
            self.log(self.line(name, 0.0))
            while not done.wait(self.seconds):
                self.log(self.line(name, time.monotonic() - started))

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        try:
            yield
        finally:
            done.set()
            teller.join()
        self.took[name] = time.monotonic() - started

    def line(self, name: str, passed: float) -> str:
        """What is said of a step after so many seconds."""
        text = f"two_tower: {self.title}: " if self.title else "two_tower: "
        if name in self.steps:
            text += f"step {self.steps.index(name) + 1} of {len(self.steps)}, "
        text += name if passed < 1 else f"{name} for {passed:.0f} s"
        to_come = self.steps[self.steps.index(name) :] if name in self.steps else []
        if to_come and all(step in self.took for step in to_come):
            left = sum(self.took[step] for step in to_come) - passed
            text += f", about {max(left, 1):.0f} s left"
        return text
