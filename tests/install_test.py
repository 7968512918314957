"""An installation: what each component holds, and programs outside of the tree that find and use it."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("CELLM_BUILD", ROOT / "build" / "release"))
CONSUMER = ROOT / "tests" / "consumer"
TIMEOUT = 120


def output(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=TIMEOUT, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def install(prefix, *components):
    for component in components:
        output("cmake", "--install", BUILD, "--prefix", prefix, "--component", component)


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def only(paths):
    (path,) = paths
    return path


class Installation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.prefix = cls.folder / "prefix"
        install(cls.prefix, "program", "library", "development")
        cls.library = only(cls.prefix.rglob("libcellm.so"))
        cls.environment = {
            **os.environ,
            "LD_LIBRARY_PATH": str(cls.library.parent),
            "PKG_CONFIG_PATH": str(only(cls.prefix.rglob("cellm.pc")).parent),
        }
        cls.version = output(cls.prefix / "bin" / "cellm", "--version").removeprefix("cellm ").strip()

    def test_components_hold_what_their_names_say(self):
        cases = {
            "program": r"bin/cellm|share/.*/LICENSE",
            "library": r"lib/.*libcellm\.so\.[0-9.]+|lib/libcellm\.so\.[0-9.]+|share/.*/LICENSE",
            "development": r"include/cellm/.*\.h(pp)?|lib/.*(libcellm\.(so|a)|\.cmake|cellm\.pc)|share/.*/LICENSE",
        }
        for component, pattern in cases.items():
            with self.subTest(component):
                prefix = self.folder / component
                install(prefix, component)
                installed = files(prefix)
                self.assertGreater(len(installed), 1)
                self.assertEqual([], sorted(f for f in installed if not re.fullmatch(pattern, f)))

    def test_the_shared_library_has_the_name_of_its_version(self):
        major, minor, _ = self.version.split(".")
        soname = re.search(r"SONAME.*\[(.*)\]", output("readelf", "--dynamic", self.library))[1]
        self.assertEqual(f"libcellm.so.{major}.{minor}", soname)
        self.assertTrue((self.library.parent / soname).is_file())

    def test_the_shared_library_exports_what_installed_headers_declare(self):
        headers = "".join(path.read_text() for path in (self.prefix / "include" / "cellm").glob("*.h*"))
        headers = re.sub(r"/\*.*?\*/|//[^\n]*", "", headers, flags=re.DOTALL)
        declared = set(re.findall(r"\w+", headers))
        symbols = re.findall(r"^\S* +\w (.+)$", output("nm", "-DC", "--defined-only", self.library), re.MULTILINE)
        for symbol in symbols:
            with self.subTest(symbol):
                name = re.sub(r"^(typeinfo|typeinfo name|vtable) for ", "", symbol)
                name = re.sub(r"\(.*", "", name)
                self.assertRegex(name, r"^(cellm_\w+|cellm::[\w:~]+)$")
                for part in name.replace("~", "").split("::"):
                    self.assertIn(part, declared)
        functions = set(re.findall(r"CELLM_API[^;{]*?\b(cellm_\w+)\(", headers))
        self.assertIn("cellm_version", functions)
        self.assertEqual(set(), functions - set(symbols))

    def test_a_cmake_project_finds_it(self):
        build = self.folder / "consumer"
        output("cmake", "-S", CONSUMER, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
               f"-DCELLM_VERSION={self.version}", env=self.environment)  # fmt: skip
        output("cmake", "--build", build)
        for kind in ("cellm", "static"):
            self.assertEqual(f"{self.version}\n", output(build / f"consumer_{kind}"))
        self.assertNotIn("libcellm", output("ldd", build / "consumer_static"))

    def test_a_cmake_project_that_wants_a_later_version_is_refused(self):
        later = f"{int(self.version.split('.')[0]) + 1}.0.0"
        with self.assertRaisesRegex(AssertionError, "version"):
            output("cmake", "-S", CONSUMER, "-B", self.folder / "later", "-G", "Ninja",
                   f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCELLM_VERSION={later}")  # fmt: skip

    def compile_c(self, program, *options):
        command = ["cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", CONSUMER / "consumer.c", "-o", program]
        output(*command, *options)
        return output(program, env=self.environment)

    def pkg_config(self, *arguments):
        return output("pkg-config", *arguments, "cellm", env=self.environment).split()

    def test_a_c_program_finds_the_shared_library(self):
        self.assertEqual([self.version], self.pkg_config("--modversion"))
        printed = self.compile_c(self.folder / "shared", *self.pkg_config("--cflags", "--libs"))
        self.assertEqual(f"{self.version}\n", printed)
        self.assertIn("libcellm.so", output("ldd", self.folder / "shared", env=self.environment))

    def test_a_c_program_finds_the_static_library(self):
        options = self.pkg_config("--cflags", "--libs", "--static")
        options[options.index("-lcellm")] = "-l:libcellm.a"
        self.assertEqual(f"{self.version}\n", self.compile_c(self.folder / "static", *options))
        self.assertNotIn("libcellm.so", output("ldd", self.folder / "static"))

    def test_an_installation_can_be_moved(self):
        moved = self.folder / "moved"
        shutil.copytree(self.prefix, moved, symlinks=True)
        self.environment = {**self.environment, "PKG_CONFIG_PATH": str(only(moved.rglob("cellm.pc")).parent)}
        self.assertIn(f"-I{moved}/", " ".join(str(pathlib.Path(o).resolve()) if o[0] == "/" else
                                              f"{o[:2]}{pathlib.Path(o[2:]).resolve()}/"
                                              for o in self.pkg_config("--cflags")))  # fmt: skip


if __name__ == "__main__":
    if not shutil.which("cc") or not shutil.which("pkg-config"):
        print("cc or pkg-config is missing")
        sys.exit(77)
    unittest.main()
