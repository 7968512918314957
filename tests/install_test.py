"""An installation: what each component holds, programs outside of the tree that find and use it, and the examples."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import byte_tokenizer

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("CELLM_BUILD", ROOT / "build" / "release"))
CONSUMER = ROOT / "tests" / "consumer"
EXAMPLES = ROOT / "examples"
TIMEOUT = 120


def output(*command, **options):
    return harness.output(*command, timeout=TIMEOUT, **options)


def install(prefix, *components):
    for component in components:
        output("cmake", "--install", BUILD, "--prefix", prefix, "--component", component)


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def compile_c(source, program, *options, standard="c99"):
    output("cc", f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", source, "-o", program, *options)


def only(paths):
    (path,) = paths
    return path


class Installed(unittest.TestCase):
    """An installation of its own."""

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
        cls.program = cls.prefix / "bin" / "cellm"
        cls.version = output(cls.program, "--version").removeprefix("cellm ").strip()

        cls.shared_options = cls.pkg_config("--cflags", "--libs")
        cls.static_options = cls.find_static_options()

    @classmethod
    def pkg_config(cls, *arguments, environment=None):
        return output("pkg-config", *arguments, "cellm", env=environment or cls.environment).split()

    @classmethod
    def find_static_options(cls):
        options = cls.pkg_config("--cflags", "--libs", "--static")
        options[options.index("-lcellm")] = "-l:libcellm.a"
        return options


class Installation(Installed):
    def test_components_hold_what_their_names_say(self):
        cases = {
            "program": r"bin/cellm|share/man/man1/cellm\.1|share/(bash-completion|zsh|fish)/.*cellm.*|share/.*/LICENSE",
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
        headers = "".join(path.read_text() for path in (self.prefix / "include" / "cellm").glob("*.h"))
        headers = re.sub(r"/\*.*?\*/", "", headers, flags=re.DOTALL)
        functions = set(re.findall(r"CELLM_API[^;{]*?\b(cellm_\w+)\(", headers))
        symbols = output("nm", "-DC", "--defined-only", self.library)
        self.assertEqual(functions, set(re.findall(r"^\S* +\w (.+)$", symbols, re.MULTILINE)))
        self.assertIn("cellm_generate", functions)

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

    def test_a_program_with_the_shared_library_needs_nothing_else(self):
        here = {**self.environment, "PKG_CONFIG_LIBDIR": self.environment["PKG_CONFIG_PATH"]}
        include = self.prefix / "include"
        (option,) = self.pkg_config("--cflags", environment=here)
        self.assertEqual(include.resolve(), pathlib.Path(option.removeprefix("-I")).resolve())
        libraries = [o for o in self.pkg_config("--libs", environment=here) if not o.startswith("-L")]
        self.assertEqual(["-lcellm"], libraries)

    def version_printed_by_c(self, program, *options):
        for standard in ("c99", "c11"):
            compile_c(CONSUMER / "consumer.c", program, *options, standard=standard)
        return output(program, env=self.environment)

    def test_a_c_program_finds_the_shared_library(self):
        self.assertEqual([self.version], self.pkg_config("--modversion"))
        printed = self.version_printed_by_c(self.folder / "shared", *self.shared_options)
        self.assertEqual(f"{self.version}\n", printed)
        self.assertIn("libcellm.so", output("ldd", self.folder / "shared", env=self.environment))

    def test_a_c_program_finds_the_static_library(self):
        printed = self.version_printed_by_c(self.folder / "static", *self.static_options)
        self.assertEqual(f"{self.version}\n", printed)
        self.assertNotIn("libcellm.so", output("ldd", self.folder / "static"))

    def test_an_installation_can_be_moved(self):
        moved = self.folder / "moved"
        shutil.copytree(self.prefix, moved, symlinks=True)
        environment = {**self.environment, "PKG_CONFIG_PATH": str(only(moved.rglob("cellm.pc")).parent)}
        self.assertIn(f"-I{moved}/", " ".join(str(pathlib.Path(o).resolve()) if o[0] == "/" else
                                              f"{o[:2]}{pathlib.Path(o[2:]).resolve()}/"
                                              for o in self.pkg_config("--cflags", environment=environment)))  # fmt: skip


class Examples(Installed):
    """The programs of examples/, built against the installed library alone."""

    PROMPT = "Why is the sky blue?"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chat = cls.folder / "chat.cellm"
        output(cls.program, "convert", "-i", ROOT / "models" / "cellm-tiny", "-o", cls.chat, "-q", "--format", "int8")
        cls.plain = cls.folder / "plain"  # a model that knows no conversations
        cls.plain.mkdir()
        for name in ("config.json", "model.safetensors"):
            shutil.copy(ROOT / "testdata" / "models" / "llama" / name, cls.plain)
        (cls.plain / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        cls.examples = {"C++": cls.build_cpp(), "C": cls.folder / "answer_c", "static C": cls.folder / "answer_static"}
        source = EXAMPLES / "answer.c"
        compile_c(source, cls.examples["C"], *cls.shared_options)
        compile_c(source, cls.examples["static C"], *cls.static_options)

    @classmethod
    def build_cpp(cls):
        build = cls.folder / "examples"
        output("cmake", "-S", EXAMPLES, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={cls.prefix}")
        output("cmake", "--build", build)
        return build / "answer"

    def each(self):
        for name, program in self.examples.items():
            with self.subTest(name):
                yield program

    def start(self, *command, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": self.environment, **options}
        return subprocess.Popen([*map(str, command)], **options)

    def expect_error(self, process, code, part):
        _, errors = process.communicate(timeout=TIMEOUT)
        self.assertEqual((process.returncode, errors.count(b"\n")), (code, 1), errors)
        self.assertIn(part, errors)

    def test_each_is_short(self):
        for name, lines in {"answer.cpp": 30, "answer.c": 40}.items():
            self.assertLessEqual(len((EXAMPLES / name).read_text().splitlines()), lines)

    def test_the_answer_is_that_of_infer(self):
        for model, flags in ((self.chat, ["--chat"]), (self.plain, [])):
            expected = output(self.program, "infer", "-m", model, "--prompt", self.PROMPT, "--gen", 256,
                              "--temperature", 0, "-q", *flags)  # fmt: skip
            self.assertGreater(len(expected), 20)
            for program in self.each():
                self.assertEqual(expected, output(program, model, self.PROMPT, env=self.environment))

    def test_text_comes_as_it_is_made(self):
        for program in self.each():
            process = self.start(program, self.chat, self.PROMPT)
            first = os.read(process.stdout.fileno(), 1 << 16)
            rest, errors = process.communicate(timeout=TIMEOUT)
            self.assertEqual((process.returncode, errors), (0, b""))
            self.assertTrue(first and len(rest) > len(first), (first, rest))

    def test_errors_are_a_line_and_a_code(self):
        for program in self.each():
            self.expect_error(self.start(program, self.folder / "missing", "a"), 1, b"missing")
            self.expect_error(self.start(program, self.chat, b"\xff".decode("utf-8", "surrogateescape")), 1, b"UTF-8")
            self.expect_error(self.start(program, self.chat), 2, b"usage: ")
            with open("/dev/full", "wb") as full:
                process = self.start(program, self.chat, self.PROMPT, stdout=full)
                self.expect_error(process, 1, b"cannot write to standard output")
            reader, writer = os.pipe()
            os.close(reader)
            process = self.start(program, self.chat, self.PROMPT, stdout=writer)
            os.close(writer)
            self.expect_error(process, 1, b"cannot write to standard output")


if __name__ == "__main__":
    if not shutil.which("cc") or not shutil.which("pkg-config"):
        print("cc or pkg-config is missing")
        sys.exit(77)
    unittest.main()
