#!/usr/bin/env python3
"""The wheel of the Python package: what it holds, that it runs from where it is installed, and that it builds no tests.

Runs in the environment of python/tests/requirements.txt, whose build tools it uses.
"""

import os
import pathlib
import sys
import tempfile
import unittest
import zipfile

from harness import ROOT, output

SCRIPT = """
import sys, cellm
with cellm.Model.from_pretrained(sys.argv[1]) as model:
    print(model.generate("What is the capital of France?", temperature=0))
print(cellm.__file__)
"""


class Wheel(unittest.TestCase):
    def test_wheel(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            # The compiler's name as in other builds, so that its cache serves both.
            environment = {**os.environ, "CXX": "c++"}
            output(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT, env=environment)
            (wheel,) = folder.glob("cellm_engine-*.whl")
            names = set(zipfile.ZipFile(wheel).namelist())
            package = {name.removeprefix("cellm/") for name in names if name.startswith("cellm/")}
            folder_of_sources = ROOT / "python" / "cellm"
            sources = {str(path.relative_to(folder_of_sources)) for path in folder_of_sources.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
            self.assertLessEqual(sources, package)
            (extension,) = package - sources
            self.assertRegex(extension, r"^_cellm\..*so$")
            others = {name for name in names if not name.startswith("cellm/")}
            self.assertEqual({name.split("/", 1)[1] for name in others if ".data/" in name}, {"scripts/cellm"})
            self.assertTrue(all(".data/" in name or ".dist-info/" in name for name in others), others)

            output(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder / "installed", wheel)
            program = folder / "installed" / "bin" / "cellm"
            version = output(program, "--version").removeprefix("cellm ").strip()
            self.assertIn(f"cellm_engine-{version}-", wheel.name)
            said = output(sys.executable, "-c", SCRIPT, ROOT / "models" / "cellm-tiny", cwd=folder, env={**os.environ, "PYTHONPATH": str(folder / "installed")})
            self.assertEqual(said.splitlines(), ["The capital of France is Paris.", str(folder / "installed" / "cellm" / "__init__.py")])


if __name__ == "__main__":
    unittest.main()
