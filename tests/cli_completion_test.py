"""Completion scripts and the manual page, which are made from the declared options."""

import json
import re
import shutil
import subprocess
import unittest

from harness import BIN, run


def options_of(command):
    """Names of options in --help."""
    text = run(command, "--help").stdout.decode()
    heads = re.findall(r"^  (-[^ ]+)", text, re.M)
    return {name for head in heads for name in head.split(",") if name.startswith("--")} - {"--help"}


def commands():
    text = run("--help").stdout.decode()
    return re.findall(r"^  ([a-z]+) ", text.split("Subcommands:")[1].split("Examples:")[0], re.M)


class Pages(unittest.TestCase):
    def test_everything_is_there(self):
        self.assertGreater(len(commands()), 10)
        texts = {shell: run("completion", shell).stdout.decode() for shell in ("bash", "zsh")}
        texts["man"] = run("man").stdout.decode().replace("\\-", "-")
        for command in commands():
            for name, text in texts.items():
                part = text[text.index({"bash": f"    {command})", "zsh": f"    {command})", "man": f"CELLM {command}\n"}[name]):]
                for option in options_of(command):
                    with self.subTest(page=name, command=command, option=option):
                        self.assertRegex(part, re.escape(option) + r"(?![\w-])")
        fish = run("completion", "fish").stdout.decode()
        for command in commands():
            lines = [line for line in fish.splitlines() if f"from {command}'" in line]
            for option in options_of(command):
                self.assertTrue(any(f" -l {option[2:]} " in line for line in lines), (command, option))

    def test_bash_completes(self):
        def complete(*words):
            script = f"""source <({BIN / "cellm"} completion bash)
                COMP_WORDS=(cellm {" ".join(f"'{w}'" for w in words)}); COMP_CWORD={len(words)}; _cellm; echo "${{COMPREPLY[@]}}" """
            return subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20).stdout.split()

        self.assertEqual(complete("insp"), ["inspect"])
        self.assertEqual(complete("infer", "--kv-encoding", ""), ["f16", "turboquant", "f32"])
        self.assertEqual(complete("infer", "--kv-e"), ["--kv-encoding"])
        self.assertEqual(complete("convert", "--format", "int4"), ["int4", "int4-g32", "int4-g128"])
        self.assertEqual(complete("pull", "-f", "q4_k"), ["q4_k", "q4_k_m", "q4_k_s"])
        self.assertEqual(complete("completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(complete("infer", "mod"), [])  # left to the names of files

    def test_every_shell_knows_the_formats(self):
        names = {f["name"] for f in json.loads(run("formats", "--json").stdout)}
        for shell, pattern in (("bash", r"-f\|--format\) words='([^']*)'"), ("zsh", r"'--format\[.*:TEXT:\(([^)]*)\)'"),
                               ("fish", r"from convert' .* -l format -r -f -a '([^']*)'")):
            words = re.search(pattern, run("completion", shell).stdout.decode())[1].split()
            with self.subTest(shell=shell):
                self.assertGreater(len(names & set(words)), 20)
                self.assertLessEqual({"int4-g32", "q4_k_m", "keep"}, set(words))

    def test_a_command_has_its_own_examples(self):
        for command in commands():
            with self.subTest(command=command):
                name = {"run": "infer"}.get(command, command)  # run has those of infer
                self.assertIn(name, run(command, "--help").stdout.decode().split("Example")[1].split())

    def test_shells_accept_them(self):
        for shell, flag in (("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")):
            if shutil.which(shell) is None:
                continue
            with self.subTest(shell=shell):
                script = run("completion", shell).stdout
                result = subprocess.run([shell, flag, "/dev/stdin"], input=script, capture_output=True, timeout=20)
                self.assertEqual((result.returncode, result.stderr), (0, b""))

    def test_the_synopsis_tells_required_arguments_from_others(self):
        lines = run("man").stdout.decode().replace("\\fI", "").replace("\\fR", "").replace("\\fB", "").splitlines()
        for line in ("cellm verify file [options]", "cellm run model [prompt] [options]", "cellm list [options]"):
            self.assertIn(line, lines)

    def test_groff_accepts_the_page(self):
        if shutil.which("groff") is None:
            self.skipTest("groff is not installed")
        result = subprocess.run(["groff", "-man", "-wall", "-Wbreak", "-Tutf8"], input=run("man").stdout, capture_output=True, timeout=20)
        self.assertEqual(result.stderr, b"")
        self.assertGreater(result.stdout.count(b"\n"), 100)


if __name__ == "__main__":
    unittest.main()
