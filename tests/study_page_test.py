#!/usr/bin/env python3
"""The page of a study in a browser: headless Chromium runs its script, light, dark and on a phone.

Exit code 77 if Chromium is not installed. With CELLM_SCREENSHOTS=FOLDER the pictures are kept there;
with CELLM_PAGE=FILE that page is tested instead of one of a small model.
"""

import html
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

import harness

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
TIMEOUT = 300
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--hide-scrollbars", "--virtual-time-budget=20000"]  # fmt: skip


def png_pixels(path):
    """Width, height and rows of an 8-bit RGB or RGBA picture, as (bytes per pixel, list of rows)."""
    data = pathlib.Path(path).read_bytes()
    at, packed, header = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        content = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", content)
        elif kind == b"IDAT":
            packed += content
        at += 12 + length
    width, height, depth, color = header[:4]
    assert depth == 8 and color in (2, 6), header
    size = 3 if color == 2 else 4
    raw, rows, previous = zlib.decompress(packed), [], bytearray(width * size)
    for y in range(height):
        start = y * (width * size + 1)
        filter_type, line = raw[start], bytearray(raw[start + 1 : start + 1 + width * size])
        for i in range(len(line)):
            left = line[i - size] if i >= size else 0
            up = previous[i]
            corner = previous[i - size] if i >= size else 0
            if filter_type == 1:
                line[i] = (line[i] + left) & 255
            elif filter_type == 2:
                line[i] = (line[i] + up) & 255
            elif filter_type == 3:
                line[i] = (line[i] + (left + up) // 2) & 255
            elif filter_type == 4:
                guess = left + up - corner
                a, b, c = abs(guess - left), abs(guess - up), abs(guess - corner)
                line[i] = (line[i] + (left if a <= b and a <= c else up if b <= c else corner)) & 255
        rows.append(bytes(line))
        previous = line
    return width, height, size, rows


class PageTest(harness.CommandTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="cellm_page_"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        if os.environ.get("CELLM_PAGE"):
            cls.page = pathlib.Path(os.environ["CELLM_PAGE"]).resolve()
            return
        model = cls.shared / "model"
        shutil.copytree(harness.MODELS / "qwen3_5_text", model,
                        ignore=shutil.ignore_patterns("golden", "expected*"))  # fmt: skip
        (model / "tokenizer.json").write_text(json.dumps(harness.byte_tokenizer(["<|end|>"])))
        text = cls.shared / "text.txt"
        text.write_text("A river is longer than a lake; a lake is wider than a river. " * 8)
        result = subprocess.run(
            [harness.BIN / "cellm", "study", "--source", model, "--output", cls.shared / "study",
             "--text", text, "--tokens", "128", "--window", "32", "--generate", "6",
             "--sensitivity-tokens", "32", "--speed-runs", "0", "--formats", "int4,int2,int1"],
            capture_output=True, timeout=TIMEOUT)  # fmt: skip
        assert result.returncode == 0, result.stderr
        cls.page = cls.shared / "study" / "report.html"

    def browse(self, *flags):
        profile = tempfile.mkdtemp(prefix="profile_", dir=self.folder)
        result = subprocess.run([BROWSER, *FLAGS, f"--user-data-dir={profile}", *flags,
                                 self.page.as_uri()], capture_output=True, timeout=TIMEOUT)  # fmt: skip
        self.assertEqual(result.returncode, 0, result.stderr[-2000:])
        return result

    def test_draws_all_plots(self):
        result = self.browse("--dump-dom", "--enable-logging=stderr", "--window-size=1200,900")
        dom = result.stdout.decode()
        canvases = len(re.findall(r"<canvas ", dom))
        self.assertGreaterEqual(canvases, 5)
        drawn = re.search(r'data-charts="(\d+)"', dom)
        self.assertIsNotNone(drawn, "the script of the page did not come to its end")
        self.assertEqual(int(drawn.group(1)), canvases)
        # Chart.js sets the size of a canvas it draws on.
        self.assertEqual(len(re.findall(r"<canvas [^>]*height=\"[1-9]", dom)), canvases)
        for line in result.stderr.decode(errors="replace").splitlines():
            self.assertNotIn("CONSOLE", line)  # an exception, or a violation of the content security policy

    def test_names_of_points_do_not_overlap(self):
        study = json.loads(re.search(r'id="study">(.*?)</script>', self.page.read_text(), re.DOTALL).group(1))
        expected = sorted(f["name"] for f in study["formats"]
                          if "same_as" not in f and f["evaluation"]["kld_mean"] is not None)  # fmt: skip
        for size in ("1200,900", "500,900"):
            dom = self.browse("--dump-dom", f"--window-size={size}").stdout.decode()
            labels = json.loads(html.unescape(re.search(r'data-labels="([^"]*)"', dom).group(1)))
            self.assertEqual(sorted(label["name"] for label in labels), expected)
            boxes = [label["box"] for label in labels if label["box"]]
            self.assertEqual(len(boxes), len(labels), size)
            points = [{"left": x - 6, "right": x + 6, "top": y - 6, "bottom": y + 6}
                      for x, y in (label["point"] for label in labels)]  # fmt: skip
            for i, box in enumerate(boxes):
                for other in boxes[:i] + points:
                    self.assertFalse(box["left"] < other["right"] and other["left"] < box["right"]
                                     and box["top"] < other["bottom"] and other["top"] < box["bottom"], (size, box, other))  # fmt: skip

    def picture(self, name, size, *flags):
        folder = os.environ.get("CELLM_SCREENSHOTS")
        target = (pathlib.Path(folder).resolve() if folder else self.folder) / f"{name}.png"
        self.browse(f"--screenshot={target}", f"--window-size={size}", *flags)
        return png_pixels(target)

    def test_is_light_dark_and_fits_a_phone(self):
        background = {}
        for name, size, flags in [("light", "1200,1000", []),
                                  ("dark", "1200,1000", ["--force-dark-mode",
                                                         "--blink-settings=preferredColorScheme=0"]),
                                  ("phone", "390,1400", [])]:  # fmt: skip
            width, height, pixel, rows = self.picture(name, size, *flags)
            background[name] = rows[2][2 * pixel : 2 * pixel + 3]
            ink = {rows[y][x * pixel : x * pixel + 3]
                   for y in range(0, height, 5) for x in range(0, width, 5)}  # fmt: skip
            self.assertGreater(len(ink), 8, f"{name}: an empty picture")
        self.assertGreater(min(background["light"]), 200)
        self.assertLess(max(background["dark"]), 60)

    def test_nothing_is_wider_than_a_phone(self):
        # Wide tables scroll in their own box; the page itself must not scroll.
        probe = self.folder / "probe.html"
        text = self.page.read_text()
        script = ("<script>document.documentElement.dataset.width = "
                  "document.documentElement.scrollWidth + ' ' + innerWidth;</script></body>")  # fmt: skip
        probe.write_text(text.replace("</body>", script))
        page, self.page = self.page, probe
        try:
            dom = self.browse("--dump-dom", "--window-size=500,900").stdout.decode()
        finally:
            self.page = page
        found = re.search(r'data-width="(\d+) (\d+)"', dom)
        self.assertIsNotNone(found)
        self.assertLessEqual(int(found.group(1)), int(found.group(2)))


if __name__ == "__main__":
    if BROWSER is None:
        print("Chromium is not installed: the page was not looked at")
        sys.exit(77)
    unittest.main()
