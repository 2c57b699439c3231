"""A page of the app as its user has it: the frame on screen, buttons and waiting."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

STAGE = "[...(globalThis.ebmStages ?? [])].find((s) => s.scene.ready)"
NOW = f"() => {STAGE}?.scene.header ?? null"
POSITIONS = f"() => Array.from({STAGE}.scene.positions)"


@dataclass
class Explorer:
    """A page with a stage on it."""

    page: Page

    def now(self) -> dict:
        """The numbers of the frame on screen."""
        return self.page.evaluate(NOW)

    def until(self, condition: str, timeout: float = 60_000) -> dict:
        """Wait until the frame on screen (as `now`) fulfils a JavaScript condition."""
        test = f"() => {{ const now = ({NOW})(); return now && ({condition}); }}"
        self.page.wait_for_function(test, timeout=timeout)
        return self.now()

    def press(self, label: str) -> None:
        """Click a button of the stage by its label."""
        self.page.get_by_role("button", name=label).first.click()

    def pause(self) -> int:
        """Pause and return the update at which the run stands."""
        self.press("Pause")
        self.until("!now.playing")
        self.page.wait_for_timeout(300)
        return self.now()["step"]

    def positions(self) -> list[float]:
        """Coordinates of the walkers as the frame holds them."""
        return self.page.evaluate(POSITIONS)
