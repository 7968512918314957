#!/usr/bin/env python3
"""cellm chat: in a terminal (a pty), and with lines from a pipe."""

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import stat
import struct
import subprocess
import termios
import time
import unittest

from harness import BIN, ROOT, TIMEOUT, CommandTest, run

MODEL = ROOT / "models" / "cellm-tiny"
PROMPT = ">>> "
STORY = "Tell me a story about a fox."
CAPITAL = "What is the capital of France?"
PARIS = "The capital of France is Paris."


class Terminal:
    """A program with a terminal of its own; what it shows is text, without the sequences that move the cursor."""

    def __init__(self, arguments, environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen(
            [BIN / "cellm", *map(str, arguments)], stdin=slave, stdout=slave, stderr=slave,
            env=environment, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)
        self.shown = ""
        self.seen = 0

    def read(self, seconds):
        """Whether something came within so many seconds."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the program has ended
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)

    def expect(self, text):
        """Waits until the text appears behind what was expected before; what is shown up to its end."""
        end = time.monotonic() + TIMEOUT
        while (at := self.shown.find(text, self.seen)) < 0:
            left = end - time.monotonic()
            if left < 0 or not self.read(left):
                raise AssertionError(f"{text!r} did not come after {self.shown[self.seen:]!r}")
        before, self.seen = self.shown[self.seen : at], at + len(text)
        return before + text

    def prompt(self):
        """Waits until a line can be typed; what is shown until then."""
        shown = self.expect(PROMPT)
        end = time.monotonic() + TIMEOUT
        while termios.tcgetattr(self.master)[3] & termios.ECHO:  # the editor echoes by itself
            if time.monotonic() > end:
                raise AssertionError("the editor did not begin")
            time.sleep(0.001)
        return shown

    def type(self, text):
        os.write(self.master, text.encode())

    def ask(self, text):
        """Types a line at the prompt; what is shown until the next prompt."""
        self.type(text + "\n")
        return self.prompt()

    def interrupt(self):
        self.type("\x03")

    def end(self):
        """The exit code; all that the program has shown is read."""
        while self.read(TIMEOUT):
            pass
        return self.process.wait(timeout=TIMEOUT)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


class TerminalTest(CommandTest):
    def start(self, *arguments, model=MODEL, **environment):
        self.state = self.folder / "state"
        variables = {**os.environ, "TERM": "xterm", "LANG": "C", "XDG_STATE_HOME": str(self.state), **environment}
        variables.pop("LC_ALL", None)
        terminal = Terminal(["chat", model, "--temperature", 0, *arguments], variables)
        self.addCleanup(terminal.close)
        terminal.prompt()
        return terminal

    def leave(self, terminal):
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)

    def test_answers_and_leaves_with_ctrl_d(self):
        terminal = self.start()
        shown = terminal.ask(CAPITAL)
        self.assertIn(PARIS, shown)
        self.assertRegex(shown, r"\x1b\[2m\d+ tokens, [\d.]+ tokens/s, context \d+ of 2048\x1b\[22m")
        self.leave(terminal)

    def test_bye(self):
        terminal = self.start()
        terminal.type("/bye\n")
        self.assertEqual(terminal.end(), 0)

    def test_edits_a_line(self):
        terminal = self.start()
        # Backspace, the left arrow, and to the start of the line.
        terminal.type("What is the capital of Franceee?")
        terminal.type("\x1b[D\x7f\x7f")
        terminal.type("\n")
        terminal.expect(PARIS)
        terminal.prompt()
        terminal.type("is the capital of Italy?\x01What \n")
        terminal.expect("Rome")
        terminal.expect("tokens/s")
        terminal.prompt()
        self.leave(terminal)

    def test_letters_of_all_languages(self):
        terminal = self.start()
        terminal.ask("é日本🙂ü\x7f")
        self.ask_saved(terminal, "é日本🙂")
        self.leave(terminal)

    def ask_saved(self, terminal, question):
        path = self.folder / "talk.json"
        terminal.ask(f"/save {path}")
        self.assertEqual([m["content"] for m in self.messages(path) if m["role"] == "user"][-1], question)

    def messages(self, path):
        return json.loads(path.read_text())["messages"]

    def test_history_is_kept_for_the_owner(self):
        terminal = self.start()
        terminal.ask(CAPITAL)
        self.leave(terminal)
        history = self.state / "cellm" / "chat_history"
        self.assertEqual(stat.S_IMODE(history.stat().st_mode), 0o600)
        again = self.start()
        again.type("\x1b[A\n")  # the arrow up
        again.expect(PARIS)
        again.expect("tokens/s")
        again.prompt()
        self.leave(again)

    def test_a_history_that_cannot_be_written_is_only_noted(self):
        self.folder.joinpath("state").write_text("a file")
        terminal = self.start()
        self.assertIn("note: ", terminal.shown)
        self.assertIn(PARIS, terminal.ask(CAPITAL))
        self.leave(terminal)

    def test_interrupts_an_answer(self):
        # Without an end of the answer it lasts to the end of the context.
        terminal = self.start("--on-loop", "ignore", "--repeat-penalty", "1.3", "--logit-bias", "4065=-inf",
                              "--logit-bias", "4063=-inf")  # fmt: skip
        terminal.type(STORY + "\n")
        terminal.expect(STORY)
        terminal.expect("the")
        terminal.interrupt()
        shown = terminal.prompt()
        self.assertIn("interrupted", shown)
        path = self.folder / "talk.json"
        terminal.ask(f"/save {path}")
        messages = self.messages(path)
        self.assertEqual([m["role"] for m in messages], ["user", "assistant"])
        self.assertTrue(messages[1]["content"])
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.leave(terminal)

    def test_ctrl_c_at_the_prompt_drops_the_line(self):
        terminal = self.start()
        terminal.type("half a line")
        terminal.expect("half a line")
        terminal.interrupt()
        terminal.prompt()
        self.assertIn(PARIS, terminal.ask(CAPITAL))
        terminal.interrupt()
        self.assertNotIn("leaves", terminal.prompt())
        terminal.interrupt()
        self.assertIn("Ctrl-D or /bye leaves", terminal.prompt())
        self.leave(terminal)

    def test_several_lines(self):
        terminal = self.start()
        terminal.type('"""one\n')
        terminal.expect("... ")
        terminal.type("two\n")
        terminal.expect("... ")
        terminal.ask('three"""')
        self.ask_saved(terminal, "one\ntwo\nthree")
        terminal.type("four\\\n")
        terminal.expect("... ")
        terminal.ask("five")
        self.ask_saved(terminal, "four\nfive")
        self.leave(terminal)

    def answered(self, terminal, text):
        """Types a message whose editing shows the prompt again; what is shown until the prompt after the answer."""
        terminal.type(text + "\n")
        return terminal.expect("tokens/s") + terminal.prompt()

    def test_pasted_lines_are_one_message(self):
        terminal = self.start()
        self.answered(terminal, "\x1b[200~one\r\ttwo\nthree é\x1b[201~ four")
        self.ask_saved(terminal, "one\n\ttwo\nthree é four")
        self.answered(terminal, "five\x1b\rsix")  # Alt-Enter
        self.ask_saved(terminal, "five\nsix")
        self.answered(terminal, "\x1b[A\x1b[Ateen")  # past /save to the message as a whole
        self.ask_saved(terminal, "five\nsixteen")
        text = "\n".join(f"line {i} " + "word " * 10 for i in range(60))  # more than the screen has
        self.answered(terminal, f"\x1b[200~{text}\n\x1b[201~")
        self.ask_saved(terminal, text)
        terminal.type("\x1b[200~half a paste")
        terminal.interrupt()
        terminal.prompt()
        terminal.ask("/clear")
        self.assertIn(PARIS, self.answered(terminal, f"\x1b[200~{CAPITAL}\x1b[201~"))
        self.leave(terminal)
        self.assertEqual(terminal.shown.count("\x1b[?2004h"), terminal.shown.count("\x1b[?2004l"))
        again = self.start()
        again.type("\x1b[A" * 4)
        again.expect("line 59")
        again.interrupt()
        again.prompt()
        self.leave(again)

    def test_too_much_pasted(self):
        terminal = self.start()
        terminal.type("\x1b[200~")
        for _ in range(20):
            terminal.type("word " * 12000)
            terminal.read(0)
        terminal.type("\x1b[201~")
        terminal.expect("cannot be pasted")
        terminal.type("\x15")  # drop the line
        self.assertIn(PARIS, self.answered(terminal, CAPITAL))
        self.leave(terminal)

    def test_a_dumb_terminal(self):
        terminal = self.start(TERM="dumb")
        self.assertIn(PARIS, terminal.ask(CAPITAL))
        self.assertNotIn("\x1b[?2004", terminal.shown)
        self.leave(terminal)

    def test_notes_of_the_model(self):
        model = self.copy_model(ROOT / "models" / "cellm-tiny")
        (model / "additional_chat_templates").mkdir()
        (model / "additional_chat_templates" / "tool_use.jinja").write_text("{% nothing %}")
        result = run("chat", model, "--temperature", 0, input=f"{CAPITAL}\n".encode())
        self.assertEqual((result.returncode, result.stdout.decode()), (0, PARIS + "\n"), result.stderr)
        self.assertRegex(result.stderr.decode(), "^note: .*chat template tool_use: line 1: .*\n$")
        self.assertEqual(run("chat", model, "--quiet", input=b"").stderr, b"")

    def test_undo_regen_load(self):
        terminal = self.start()
        first = self.folder / "first.json"
        both = self.folder / "both.json"
        terminal.ask(CAPITAL)
        terminal.ask(f"/save {first}")
        terminal.ask("And of Italy?")
        terminal.ask(f"/save {both}")
        terminal.ask("/undo")
        self.ask_saved(terminal, CAPITAL)
        self.assertIn(PARIS, terminal.ask("/regen"))
        terminal.ask("/clear")
        self.assertIn("no question", terminal.ask("/regen"))
        self.assertIn("messages loaded: 4", terminal.ask(f"/load {both}"))
        terminal.ask("/undo")
        again = self.folder / "again.json"
        terminal.ask(f"/save {again}")
        self.assertEqual(first.read_text(), again.read_text())
        self.leave(terminal)

    def test_errors_leave_the_conversation(self):
        terminal = self.start()
        for line, message in (("/what", "unknown command"), ("/load", "needs an argument"), ("/undo", "no question"),
                              ("/load /nowhere", "/nowhere"), ("/set temperature hot", "takes a number"),
                              ("/set heat 1", "unknown setting"), ("/bye now", "no argument")):  # fmt: skip
            self.assertRegex(terminal.ask(line), f"error: .*{message}")
        self.assertIn(PARIS, terminal.ask(CAPITAL))
        self.leave(terminal)

    def test_a_long_prompt_shows_its_progress(self):
        model = self.copy_model(MODEL)
        self.edit_config(model, max_position_embeddings=1 << 16)
        # Read for more than a second on any processor: exact activations, one thread.
        history = self.folder / "history.json"
        messages = [{"role": "user", "content": "one two three four " * 4096}, {"role": "assistant", "content": "Yes."}]
        history.write_text(json.dumps({"messages": messages}))
        terminal = self.start("--activations", "f32", "--threads", 1, model=model)
        self.assertNotIn("reading", terminal.ask(CAPITAL))
        terminal.ask(f"/load {history}")
        terminal.type(CAPITAL + "\n")
        self.assertRegex(terminal.expect("left"), r"reading \[#*\.*\] +\d+%  \d+ s left")
        terminal.interrupt()
        terminal.expect("\r\x1b[K")  # the bar goes
        terminal.prompt()
        self.leave(terminal)

    def test_a_full_context_says_what_to_do(self):
        terminal = self.start("--context", "64")
        for _ in range(4):
            shown = terminal.ask("Why is the sky blue?")
        self.assertRegex(shown, "/undo .*/clear")
        terminal.ask("/clear")
        self.assertIn(PARIS, terminal.ask(CAPITAL))
        self.leave(terminal)

    def test_styles(self):
        quiet = ["--quiet", "--fold-thinking", "--chat-template", self.thinking_template()]
        terminal = self.start(*quiet)
        self.assertRegex(terminal.ask(CAPITAL), "\x1b\\[2mthought for \\d+ tokens\x1b\\[22m")
        self.leave(terminal)
        plain = self.start(*quiet, NO_COLOR="1")
        shown = plain.ask(CAPITAL)
        self.assertRegex(shown, r"thought for \d+ tokens")
        self.assertNotIn("\x1b[2m", shown)
        self.assertNotIn("\x1b[2m", plain.ask("/think on"))
        self.assertIn("<think>", plain.ask("/regen"))
        self.leave(plain)

    def thinking_template(self):
        """One that lets the model think forever: its own with the block left open."""
        text = (MODEL / "chat_template.jinja").read_text()
        path = self.folder / "thinking.jinja"
        path.write_text(text.replace("enable_thinking is defined and enable_thinking is true", "true"))
        return path


class PipeTest(CommandTest):
    def talk(self, text, *arguments, code=0):
        greedy = [] if "--temperature" in arguments else ["--temperature", 0]
        result = run("chat", MODEL, *greedy, *arguments, input=text.encode(), env=self.environment())
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout.decode(), result.stderr.decode()

    def environment(self):
        return {**os.environ, "XDG_STATE_HOME": str(self.folder), "TERM": "xterm"}

    def test_each_line_is_a_turn(self):
        out, err = self.talk(f"{CAPITAL}\n\n  \r\nAnd of Italy?\n")
        lines = out.splitlines()
        self.assertEqual(lines[0], PARIS)
        self.assertEqual(len(lines), 2)
        self.assertEqual(err, "")
        self.assertNotIn("\x1b", out)
        self.assertEqual(list(self.folder.iterdir()), [])  # no history

    def test_the_last_line_needs_no_newline(self):
        self.assertEqual(self.talk(CAPITAL)[0], PARIS + "\n")
        self.assertEqual(self.talk("")[0], "")

    def test_commands(self):
        path = self.folder / "talk.json"
        self.talk(f"/system Be brief.\n{CAPITAL}\n//clear is no command\n/save {path}\n/bye\nnot read\n")
        messages = json.loads(path.read_text())["messages"]
        self.assertEqual([m["role"] for m in messages], ["system", "user", "assistant", "user", "assistant"])
        self.assertEqual(messages[3]["content"], "/clear is no command")
        rendered = self.succeed("template", MODEL, "--messages", path).stdout.decode()
        self.assertIn("Be brief.", rendered)
        out, _ = self.talk("/stats\n/help\n", "--load", path)
        self.assertIn("messages  5", out)
        self.assertRegex(out, r"lookup +\d+ of \d+ tokens")
        self.assertIn("/undo", out)

    def test_agrees_with_infer(self):
        out, _ = self.talk("What is a lighthouse?\n", "--system", "Be brief.")
        want = self.succeed("infer", MODEL, "What is a lighthouse?", "--chat", "--system", "Be brief.",
                            "--temperature", 0, "--quiet").stdout.decode()  # fmt: skip
        self.assertEqual(out.strip(), want.strip())

    def test_a_seed_repeats_a_conversation(self):
        talks = [self.talk(f"{STORY}\n/regen\n", "--temperature", 1, "--seed", 3)[0] for _ in range(2)]
        self.assertEqual(talks[0], talks[1])
        half = len(talks[0]) // 2
        self.assertNotEqual(talks[0][:half].strip(), talks[0][half:].strip())  # a seed for each answer

    def test_the_first_error_ends_it(self):
        for text, message in (("/what\nHello\n", "unknown command /what"), ("/load /nowhere\n", "/nowhere")):
            code = 2 if "what" in text else 3
            out, err = self.talk(text, code=code)
            self.assertEqual(out, "")
            self.assertRegex(err, f"^error: .*{message}")
            self.assertEqual(len(err.splitlines()), 1)
        _, err = self.talk("word " * 3000 + "\n", code=2)
        self.assertIn("/clear", err)
        result = run("chat", MODEL, input=b"\xff\n")
        self.assertEqual(result.returncode, 2)

    def test_a_line_without_end(self):
        process = subprocess.Popen([BIN / "cellm", "chat", MODEL], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        written = 0
        with contextlib.suppress(BrokenPipeError):
            while written < 256 << 20:
                written += process.stdin.write(b"y" * (1 << 20))
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        self.assertEqual(process.wait(timeout=TIMEOUT), 2)
        self.assertEqual(process.stderr.read(), b"error: a line is larger than 64 MiB\n")
        self.assertLess(written, 72 << 20)  # it is not read to its end first

    def test_models_without_a_chat(self):
        result = run("chat", self.copy_model("llama"), input=b"")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn(b"no tokenizer", result.stderr)
        self.assertEqual(run("chat", input=b"").returncode, 2)

    def test_ctrl_c(self):
        process = subprocess.Popen(
            [BIN / "cellm", "chat", MODEL, "--temperature", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(f"{CAPITAL}\n".encode())
        process.stdin.flush()
        self.assertEqual(process.stdout.readline().decode(), PARIS + "\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=TIMEOUT), 130)
        process.stdin.close()
        process.stdout.close()


if __name__ == "__main__":
    unittest.main()
