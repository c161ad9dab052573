"""Pictures for the documents: with a palette, as large as their few colours need."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from pathlib import Path
from struct import pack

from playwright.sync_api import Browser

# The most frequent colours stay as they are, and of every other part of the colour space its most frequent one, so that a small mark
# keeps its hue; each of the others (the edges of letters) becomes the one of these that is nearest.
_INDEXED = """async (source) => {
  const image = await createImageBitmap(await (await fetch(source)).blob());
  const pen = new OffscreenCanvas(image.width, image.height).getContext('2d');
  pen.drawImage(image, 0, 0);
  const colours = new Uint32Array(pen.getImageData(0, 0, image.width, image.height).data.buffer);
  const times = new Map();
  for (const colour of colours) times.set(colour, (times.get(colour) ?? 0) + 1);
  const sorted = [...times].sort((one, other) => other[1] - one[1]).map(([colour]) => colour);
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const part = (colour) => parts(colour).map((value) => value >> 4).join();
  const palette = sorted.slice(0, 128);
  const covered = new Set(palette.map(part));
  for (const colour of sorted.slice(128)) {
    if (palette.length < 256 && !covered.has(part(colour))) palette.push(colour);
    covered.add(part(colour));
  }
  const far = (one, other) => parts(one).reduce((sum, part, at) => sum + (part - parts(other)[at]) ** 2, 0);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const nearest = (colour) => palette.reduce((best, one, place) => (far(one, colour) < far(palette[best], colour) ? place : best), 0);
  for (const colour of times.keys()) if (!places.has(colour)) places.set(colour, nearest(colour));
  let pixels = '';
  for (const colour of colours) pixels += String.fromCharCode(places.get(colour));
  return [image.width, image.height, palette.flatMap(parts), btoa(pixels)];
}"""


def write_small(picture: Path, into: Path, browser: Browser) -> None:
    """Write a PNG again as one with at most 256 colours."""
    page = browser.new_page()
    width, height, palette, encoded = page.evaluate(_INDEXED, f"data:image/png;base64,{b64encode(picture.read_bytes()).decode()}")
    page.close()
    pixels = b64decode(encoded)
    lines = b"".join(b"\0" + pixels[at : at + width] for at in range(0, len(pixels), width))
    header = pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", bytes(palette)), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    into.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_part(name, data) for name, data in parts))


def _part(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))
