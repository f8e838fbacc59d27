"""What tasks answer with, in a real browser."""

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from fake_runway.media.making import make
from fake_runway.media.wanted import FORMATS, Format, Wanted

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


SEEN = """
async ([kind, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  const media = document.createElement(kind);
  const event = (name) => new Promise((found, failed) => {
    media.addEventListener(name, found, { once: true });
    media.addEventListener("error", () => failed(new Error(media.error?.message)), { once: true });
  });
  const ready = event(kind === "img" ? "load" : "loadeddata");
  media.src = URL.createObjectURL(new Blob([bytes], { type }));
  await ready;
  const seen = { duration: media.duration, size: [media.videoWidth, media.videoHeight] };
  if (kind === "img") return { size: [media.naturalWidth, media.naturalHeight] };
  const colours = () => {
    const canvas = new OffscreenCanvas(64, 36);
    const pen = canvas.getContext("2d");
    pen.drawImage(media, 0, 0, 64, 36);
    return new Set(new Uint32Array(pen.getImageData(0, 0, 64, 36).data.buffer)).size;
  };
  seen.places = [];
  for (const at of [50.02, 3.5, media.duration - 0.05]) {
    const there = event("seeked");
    media.currentTime = at;
    await there;
    seen.places.push([media.currentTime, kind === "video" ? colours() : 0]);
  }
  return seen;
}
"""

KINDS: dict[str, str] = {
    **dict.fromkeys(("png", "jpeg", "webp", "svg"), "img"),
    **dict.fromkeys(("mp4", "mov"), "video"),
    **dict.fromkeys(("wav", "mp3", "ogg", "flac"), "audio"),
}
"""The element for each format that browsers open."""


@pytest.fixture(scope="module")
def page(browser: "Browser") -> "Page":
    """An empty page."""
    return browser.new_page()


@pytest.mark.parametrize("format", [one for one in FORMATS if one in KINDS])
def test_chromium_opens_each_format_and_seeks(page: "Page", format: Format) -> None:
    """It finds size and length, and a picture at each place of a film of a minute."""
    made = make(Wanted(format=format, seconds=60, seed=3, prompt="A lighthouse."))
    content = b64encode(made.content).decode()
    kind = "video/mp4" if format == "mov" else made.content_type  # it asks for no other type

    seen = page.evaluate(SEEN, [KINDS[format], kind, content])

    if KINDS[format] != "audio":
        assert seen["size"] == [1280, 720]
    if KINDS[format] != "img":
        assert seen["duration"] == pytest.approx(60, abs=0.05)
        assert [at for at, _ in seen["places"]] == pytest.approx([50.02, 3.5, 59.95], abs=0.1)
    if KINDS[format] == "video":
        assert all(colours > 20 for _, colours in seen["places"])
