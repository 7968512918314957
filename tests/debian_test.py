#!/usr/bin/env python3
"""The Debian packages: built twice with the same bytes, without errors of lintian, and what they hold runs."""

import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

from harness import ROOT, output

BUILD = ROOT / "build" / "debian"
PACKAGES = ["cellm", "libcellm-dev", "libcellm0.2"]
EPOCH = "1795000000"  # a moment in November 2026


def pack(folder):
    """The packages by their names, in a new folder."""
    output("cpack", "-B", folder, cwd=BUILD, env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH})
    return {path.name.split("_")[0]: path for path in folder.glob("*.deb")}


class Debian(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        output("cmake", "--preset", "debian", cwd=ROOT)
        output("cmake", "--build", "--preset", "debian", cwd=ROOT)
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.packages = pack(cls.folder / "first")

    def field(self, package, name):
        return output("dpkg-deb", "--field", self.packages[package], name).strip()

    def files(self, package):
        """The files of a package and what they are: "-rwxr-xr-x root/root", ..."""
        lines = [line.split() for line in output("dpkg-deb", "--contents", self.packages[package]).splitlines()]
        return {line[5].removeprefix("."): f"{line[0]} {line[1]}" for line in lines if not line[0].startswith("d")}

    def test_lintian(self):
        told = output("lintian", "--fail-on", "error", "--allow-root", *self.packages.values())
        self.assertNotRegex(told, "(?m)^E:")

    def test_the_same_bytes(self):
        again = pack(self.folder / "second")
        self.assertEqual(sorted(again), PACKAGES)
        for name, path in again.items():
            self.assertEqual(path.read_bytes(), self.packages[name].read_bytes(), name)

    def test_contents(self):
        files = {package: self.files(package) for package in self.packages}
        self.assertEqual(sorted(files), PACKAGES)
        self.assertEqual(sum(map(len, files.values())), len({path for listed in files.values() for path in listed}))
        self.assertEqual(files["cellm"]["/usr/bin/cellm"], "-rwxr-xr-x root/root")
        for path in ("bash-completion/completions/cellm", "zsh/site-functions/_cellm", "fish/vendor_completions.d/cellm.fish", "man/man1/cellm.1.gz"):
            self.assertEqual(files["cellm"][f"/usr/share/{path}"], "-rw-r--r-- root/root")
        headers = {f"/usr/include/cellm/{path.name}" for path in (ROOT / "include" / "cellm").iterdir()}
        self.assertLessEqual(headers, set(files["libcellm-dev"]))
        for package, listed in files.items():
            self.assertLessEqual({f"/usr/share/doc/{package}/{name}" for name in ("copyright", "changelog.gz", "changelog.Debian.gz")}, set(listed))

    def test_relations(self):
        version = re.search(r"project\(cellm VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())[1] + "-1"
        self.assertEqual({self.field(package, "Version") for package in PACKAGES}, {version})
        self.assertEqual(self.field("libcellm-dev", "Depends"), f"libcellm0.2 (= {version})")
        self.assertIn("libstdc++6", self.field("libcellm0.2", "Depends"))
        self.assertIn("libcpp-httplib", self.field("cellm", "Depends"))
        self.assertIn("libcurl4", self.field("cellm", "Recommends"))

    def test_what_it_holds_runs(self):
        root = self.folder / "root"
        for path in self.packages.values():
            output("dpkg-deb", "--extract", path, root)
        said = output(root / "usr/bin/cellm", "run", ROOT / "models/cellm-tiny", "What is the capital of France?", "--chat", "-q", "--temperature", 0)
        self.assertEqual(said.strip(), "The capital of France is Paris.")
        libraries = next(root.glob("usr/lib/*/libcellm.so")).parent
        program = self.folder / "answer"
        output("cc", ROOT / "examples/answer.c", "-I", root / "usr/include", "-L", libraries, "-lcellm", "-o", program)
        said = output(program, ROOT / "models/cellm-tiny", "What is the capital of France?", env={**os.environ, "LD_LIBRARY_PATH": str(libraries)})
        self.assertIn("Paris", said)


if __name__ == "__main__":
    if any(shutil.which(tool) is None for tool in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "lintian")):
        print("dpkg-dev or lintian is missing")
        sys.exit(77)
    unittest.main()
