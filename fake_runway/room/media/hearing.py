"""When a user speaks, by the loudness of what comes from the microphone. Pure."""

from dataclasses import dataclass, replace

LOUD = 0.02
"""The loudness of speech, from 0 to 1: a quiet voice is above it, a room's noise below."""
SILENCE_S = 0.6
"""Silence that ends an utterance; shorter ones are pauses between words."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard so far of one utterance, in seconds."""

    speech_s: float = 0.0
    silence_s: float = 0.0

    def hear(self, level: float, seconds: float) -> tuple["Hearing", float | None]:
        """Return what it becomes with more sound, and how long an utterance was that ends there.

        Args:
            level: the loudest of it, from 0 to 1.
            seconds: how long it lasts.
        """
        if level >= LOUD:
            pauses = self.silence_s if self.speech_s else 0.0
            return Hearing(self.speech_s + pauses + seconds), None
        if not self.speech_s:
            return self, None
        after = replace(self, silence_s=self.silence_s + seconds)
        return (Hearing(), self.speech_s) if after.silence_s >= SILENCE_S else (after, None)
