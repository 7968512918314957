#!/usr/bin/env python3
"""The page of `cellm serve` in headless Chromium, with real clicks and keys.

The page comes from the server under test, and so do the answers of ServedTest. ScriptedTest stands between the
browser and the server and writes the answers itself, so that they can be slow, hostile or missing.

Exit code 77 if Chromium or its driver (chromium-driver) is not installed. With CELLM_SCREENSHOTS=FOLDER pictures
are kept there.
"""

import http.server
import json
import os
import pathlib
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

import serve_client
import webdriver

HOSTILE = """<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">
<svg onload="window.hacked = 3"><animate onbegin="window.hacked = 4"></svg><iframe srcdoc="<script>parent.hacked = 5</script>"></iframe>
<style>body { display: none }</style><form action="https://example.org"><button id="send" class="primary">Send</button></form>
<a href="javascript:window.hacked = 6">a link</a> <a href="https://example.org" onclick="window.hacked = 7">another</a>
[a third](javascript:window.hacked=9) ![an image](https://example.org/x.png)

```html
<script>window.hacked = 10</script>
```

The end.

<math><mtext><table><mglyph><style><!--</style><img title="--><img src onerror=window.hacked=8>">"""
RICH = """Some **bold** text with `code`.

| a | b |
|---|---|
| 1 | 2 |

```python
def f(x):
    return "text"  # a comment
```

The end."""


class Script(http.server.ThreadingHTTPServer):
    """Passes requests for the page on to the server and answers those of the API itself."""

    daemon_threads = True

    def __init__(self, upstream):
        super().__init__(("127.0.0.1", 0), ScriptHandler)
        self.upstream = upstream
        self.requests = []  # bodies of chat requests
        self.disconnected = threading.Event()
        self.key = ""
        self.answer, self.reasoning, self.pause = "Hello.", "", 0.0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request, client_address):
        pass  # the browser closes connections as it likes


class ScriptHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def reply(self, status, body, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def allowed(self):
        script = self.server
        if not script.key or self.headers.get("Authorization") == f"Bearer {script.key}":
            return True
        self.reply(401, b'{"error": {"message": "wrong key"}}', [("Content-Type", "application/json")])
        return False

    def do_GET(self):
        if self.path.startswith("/v1/models"):
            if self.allowed():
                models = {"data": [{"id": "scripted", "max_model_len": 4096}]}
                self.reply(200, json.dumps(models).encode(), [("Content-Type", "application/json")])
            return
        try:
            with urllib.request.urlopen(self.server.upstream + self.path) as response:
                body, headers = response.read(), response.headers
        except urllib.error.HTTPError as error:
            self.reply(error.code, error.read(), [])
            return
        kept = ("content-type", "content-security-policy", "referrer-policy", "x-content-type-options")
        self.reply(200, body, [(n, v) for n, v in headers.items() if n.lower() in kept])

    def do_POST(self):
        script = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.allowed():
            return
        script.requests.append(body)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            self.stream(script)
        except OSError:
            script.disconnected.set()

    def stream(self, script):
        def send(chunk):
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            self.wfile.flush()

        def delta(finish=None, **fields):
            send({"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]})

        delta(role="assistant", content="")
        for field, text in [("reasoning_content", script.reasoning), ("content", script.answer)]:
            for i in range(0, len(text), 7):
                delta(**{field: text[i : i + 7]})
                time.sleep(script.pause)
        delta(finish="stop")
        send({"choices": [], "timings": {"predicted_per_second": 31.52},
              "usage": {"prompt_tokens": 210, "completion_tokens": 42,
                        "prompt_tokens_details": {"cached_tokens": 180}}})  # fmt: skip
        self.wfile.write(b"data: [DONE]\n\n")


class BrowserTest(unittest.TestCase):
    url = ""

    def begin(self, browser):
        self.browser = browser
        browser.open(self.url)
        browser.run("localStorage.clear(); sessionStorage.clear();"
                    "return new Promise(done => { const r = indexedDB.deleteDatabase('cellm');"
                    "r.onsuccess = r.onblocked = r.onerror = () => done(); })")  # fmt: skip
        browser.open(self.url)
        browser.log()

    def ask(self, text, finished=True):
        count = len(self.browser.all(".message.assistant"))
        self.browser.one("#question").type(text)
        self.browser.press("enter")
        self.browser.wait(lambda: len(self.browser.all(".message.assistant")) == count + 1, "a message")
        if finished:
            self.wait_for_answer()

    def wait_for_answer(self):
        self.browser.wait(lambda: not self.browser.all(".message.running"), "the end of the answer")

    def texts(self, selector):
        return [element.text for element in self.browser.all(selector)]

    def picture(self, name):
        folder = os.environ.get("CELLM_SCREENSHOTS")
        if folder:
            (pathlib.Path(folder) / f"{name}.png").write_bytes(self.browser.screenshot())

    def assert_quiet(self):
        """No exception, no violation of the policy."""
        self.assertEqual([line for line in self.browser.log() if "favicon" not in line], [])


class ServedTest(BrowserTest):
    @classmethod
    def setUpClass(cls):
        server = serve_client.Server()
        cls.addClassCleanup(server.stop)
        cls.url = f"http://127.0.0.1:{server.port}/"
        browser = webdriver.Browser()
        cls.addClassCleanup(browser.close)
        cls.shared = browser

    def setUp(self):
        self.begin(self.shared)

    def test_answers_and_keeps_the_conversation(self):
        self.ask("How long is a river?")
        note = self.browser.one(".message.assistant .note").text
        self.assertRegex(note, r"\d+ tokens, [\d.]+ per second · prompt \d+ tokens, \d+ cached")
        self.assertRegex(self.browser.one("#context").text, r"Context: [1-9]\d* of [1-9]\d* tokens")
        before = self.texts(".message .content")
        self.assertEqual(before[0], "How long is a river?")
        self.assert_quiet()
        self.browser.reload()
        self.browser.wait(lambda: len(self.browser.all(".message")) == 2, "the conversation after a reload")
        self.assertEqual(self.texts(".message .content"), before)
        self.assertEqual(self.texts(".sidebar .open"), ["How long is a river?"])

    def test_a_second_question_reuses_the_first(self):
        self.ask("A question that is long enough to have more than one unit of tokens in its prompt. " * 3)
        self.ask("And now?")
        notes = self.texts(".message.assistant .note")
        cached = int(notes[1].split(" cached")[0].split()[-1])
        self.assertGreater(cached, 0, notes)

    def test_files_have_the_policy(self):
        for path in ["", "page.js", "page.css", "marked.js", "purify.js", "prism.js"]:
            with urllib.request.urlopen(self.url + path) as response:
                policy = response.headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy, path)
            self.assertNotIn("unsafe", policy, path)


class ScriptedTest(BrowserTest):
    @classmethod
    def setUpClass(cls):
        server = serve_client.Server()
        cls.addClassCleanup(server.stop)
        cls.upstream = f"http://127.0.0.1:{server.port}"
        browser = webdriver.Browser()
        cls.addClassCleanup(browser.close)
        cls.shared = browser

    def setUp(self):
        self.script = Script(self.upstream)
        threading.Thread(target=self.script.serve_forever, daemon=True).start()
        self.addCleanup(self.script.server_close)
        self.addCleanup(self.script.shutdown)
        self.url = self.script.url
        self.begin(self.shared)
        self.browser.wait(lambda: self.browser.one("#model").text == "scripted", "the name of the model")

    def test_stop(self):
        for how in ["click", "escape"]:
            with self.subTest(how):
                self.script.answer, self.script.pause = "word " * 2000, 0.05
                self.script.disconnected.clear()
                self.browser.one("#new-chat").click()
                self.ask("Write a lot", finished=False)
                self.browser.wait(lambda: "word word" in self.texts(".message .content")[1], "some words")
                self.assertFalse(self.browser.one("#send").shown)
                if how == "click":
                    self.browser.one("#stop").click()
                else:
                    self.browser.press("escape")
                self.wait_for_answer()
                self.assertTrue(self.script.disconnected.wait(10), "the server still writes")
                self.assertEqual(self.texts(".message .note")[1], "Stopped.")
                self.assertTrue(self.browser.one("#send").shown)
                self.assertIn("word word", self.texts(".message .content")[1])
        self.assert_quiet()

    def test_edit_and_regenerate(self):
        self.ask("First question")
        self.ask("Second question")
        self.assertEqual(len(self.browser.all(".message")), 4)
        self.script.answer = "Another answer."
        self.browser.all(".message.assistant .actions button")[-1].click()  # Regenerate
        self.browser.wait(lambda: self.texts(".message .content")[-1] == "Another answer.", "another answer")
        sent = [m["content"] for m in self.script.requests[-1]["messages"]]
        self.assertEqual(sent, ["First question", "Hello.", "Second question"])
        self.browser.run("document.querySelector('.message.user .actions button').click()")  # Edit
        field = self.browser.one(".message.user textarea")
        field.clear()
        field.type("Edited question")
        self.browser.one(".message.user .row .primary").click()
        self.browser.wait(lambda: len(self.browser.all(".message")) == 2, "the rest to go")
        self.wait_for_answer()
        self.assertEqual(self.texts(".message .content"), ["Edited question", "Another answer."])
        self.assertEqual(self.script.requests[-1]["messages"], [{"role": "user", "content": "Edited question"}])
        self.assert_quiet()

    def test_hostile_answer(self):
        self.script.answer = self.script.reasoning = HOSTILE
        self.ask("Attack")
        self.browser.wait(lambda: "The end." in self.texts(".message .content")[1], "the whole answer")
        time.sleep(0.5)
        self.assertIsNone(self.browser.run("return window.hacked ?? null"))
        message = ".message.assistant"
        for bad in ["script", "img", "svg", "style", "iframe", "form", "math", "[style]", "[id]", ".content .primary"]:
            self.assertEqual(self.browser.all(f"{message} {bad}"), [], bad)
        handlers = self.browser.run("return [...document.querySelectorAll('.message *')].flatMap(e => "
                                    "e.getAttributeNames().filter(n => n.startsWith('on')))")  # fmt: skip
        self.assertEqual(handlers, [])
        links = [link.attribute("href") for link in self.browser.all(f"{message} .content a[href]")]
        self.assertTrue(all(link.startswith("https://example.org") for link in links), links)
        self.assertTrue(self.browser.one("#send").shown)
        self.assertIn("window.hacked = 10", self.texts(f"{message} pre")[0])
        # What would run if it were let in by another way is stopped by the policy.
        self.browser.run("const s = document.createElement('script'); s.textContent = 'window.hacked = 11';"
                         "document.body.append(s)")  # fmt: skip
        self.assertIsNone(self.browser.run("return window.hacked ?? null"))
        outside = self.browser.run("return fetch('https://example.org').then(() => 'sent', () => 'refused')")
        self.assertEqual(outside, "refused")

    def test_markdown_and_thinking(self):
        self.script.answer, self.script.reasoning = RICH, "Let me think about it."
        self.ask("Show it")
        self.assertEqual(self.texts(".message.assistant strong"), ["bold"])
        self.assertEqual(self.texts(".message.assistant td"), ["1", "2"])
        self.browser.wait(lambda: self.browser.all("pre .token.keyword"), "colored code")
        self.assertEqual(self.browser.one("pre code").text.splitlines()[0], "def f(x):")
        thinking = self.browser.one(".thinking")
        self.assertIsNone(thinking.attribute("open"))
        self.assertEqual(self.texts(".thinking summary"), ["Thoughts"])
        self.browser.run("document.querySelector('.thinking summary').focus()")
        self.browser.press("enter")
        self.assertIsNotNone(thinking.attribute("open"))
        self.assertEqual(self.texts(".thinking div"), ["Let me think about it."])
        self.assertEqual(self.texts(".message.assistant .note"),
                         ["42 tokens, 31.5 per second · prompt 210 tokens, 180 cached"])  # fmt: skip
        self.assertEqual(self.browser.one("#context").text, "Context: 252 of 4096 tokens")
        self.picture("rich")
        self.assert_quiet()

    def test_keyboard(self):
        self.assertEqual(self.browser.active().attribute("id"), "question")
        self.browser.one("#question").type("one")
        self.browser.press("shift", "enter")
        self.browser.one("#question").type("two")
        self.assertEqual(self.script.requests, [])
        self.browser.press("enter")
        self.browser.wait(lambda: self.script.requests, "the request")
        self.wait_for_answer()
        self.assertEqual(self.script.requests[-1]["messages"][0]["content"], "one\ntwo")
        self.assertEqual(self.browser.active().attribute("id"), "question")
        self.browser.press("up")
        self.assertEqual(self.browser.active().attribute("aria-label"), "Edit the question")
        self.browser.press("escape")
        self.assertEqual(self.browser.all(".message textarea"), [])
        # Everything that can be clicked can be reached by Tab.
        self.browser.run("document.body.focus(); document.activeElement.blur()")
        reached = set()
        for _ in range(30):
            self.browser.press("tab")
            reached.add(self.browser.run("const e = document.activeElement; return e.id || e.textContent"))
        for name in ["settings-open", "new-chat", "export-markdown", "question", "send", "Edit", "Regenerate"]:
            self.assertIn(name, reached)

    def test_screen_reader(self):
        self.ask("Hi")
        self.assertEqual(self.browser.one("#messages").role, "log")
        self.assertEqual(self.browser.one("#status").role, "status")
        self.assertEqual(self.browser.run("return document.querySelector('#status').textContent"),
                         "The answer is complete.")  # fmt: skip
        for element in self.browser.all("button, textarea, input, select"):
            if element.shown:
                self.assertNotEqual(element.label, "", element.attribute("outerHTML"))
        self.assertEqual([e.label for e in self.browser.all("article")], ["You", "Answer"])

    def test_settings_and_export(self):
        self.browser.one("#settings-open").click()
        self.browser.one("#system").type("Be brief.")
        self.browser.one("[name=temperature]").type("0.25")
        self.browser.one("[name=top_k]").type("7")
        self.browser.run("document.querySelector('[name=thinking]').value = 'off'")
        self.picture("settings")
        self.browser.one("#settings button[type=submit]").click()
        self.ask("Hi")
        request = self.script.requests[-1]
        self.assertEqual(request["messages"][0], {"role": "system", "content": "Be brief."})
        self.assertEqual((request["temperature"], request["top_k"]), (0.25, 7))
        self.assertEqual(request["chat_template_kwargs"], {"enable_thinking": False})
        self.assertNotIn("top_p", request)
        self.browser.run("window.saved = []; const make = URL.createObjectURL;"
                         "URL.createObjectURL = blob => { window.saved.push(blob); return make(blob); }")  # fmt: skip
        self.browser.one("#export-json").click()
        self.browser.one("#export-markdown").click()
        saved = self.browser.run("return Promise.all(window.saved.map(blob => blob.text()))")
        self.assertEqual(json.loads(saved[0])["messages"],
                         [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
                          {"role": "assistant", "content": "Hello."}])  # fmt: skip
        self.assertEqual(saved[1], "# Hi\n\n## System\n\nBe brief.\n\n## You\n\nHi\n\n## Answer\n\nHello.\n")

    def test_key(self):
        self.script.key = "secret"
        self.browser.reload()
        self.browser.wait(lambda: self.browser.one("#key-dialog").shown, "the question for the key")
        self.browser.one("#key-entry").type("secret")
        self.browser.press("enter")
        self.browser.wait(lambda: self.browser.one("#model").text == "scripted", "the model")
        self.ask("Hi")
        self.assertEqual(self.texts(".message .content")[1], "Hello.")
        self.assertEqual(self.browser.run("return sessionStorage.getItem('cellm.key')"), "secret")
        self.assertNotIn("secret", self.browser.run("return JSON.stringify(localStorage)"))

    def test_errors_are_shown(self):
        self.ask("Hi")
        self.script.shutdown()
        self.script.server_close()
        self.ask("Again")
        self.assertEqual(self.texts(".message .note")[-1], "The server does not answer.")
        self.assertEqual(self.browser.one(".message:last-child .note").attribute("class"), "note error")

    def background(self):
        color = self.browser.run("return getComputedStyle(document.body).backgroundColor")
        return [int(part) for part in color[4:-1].split(",")]

    def test_light_and_dark(self):
        self.script.answer = RICH
        self.ask("Show it")
        for scheme, fits in [("light", lambda c: min(c) > 200), ("dark", lambda c: max(c) < 60)]:
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            self.browser.command("Emulation.setEmulatedMedia", features=features)
            self.assertTrue(fits(self.background()), (scheme, self.background()))
            self.picture(scheme)
        self.browser.command("Emulation.setEmulatedMedia", features=[])
        self.browser.one("#settings-open").click()
        self.browser.run("document.querySelector('#theme').value = 'dark'")
        self.browser.one("#settings button[type=submit]").click()
        self.browser.wait(lambda: max(self.background()) < 60, "the dark colors")
        self.browser.reload()
        self.assertLess(max(self.background()), 60)

    def test_phone(self):
        self.browser.command("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=2, mobile=True)
        try:
            self.script.answer = RICH + "\n\n```\n" + "long " * 100 + "\n```\n"
            self.script.answer += "\n| " + " | ".join(["column"] * 12) + " |\n" + "|---" * 12 + "|\n"
            self.ask("A" * 200)
            width = self.browser.run("return [document.documentElement.scrollWidth, innerWidth]")
            self.assertEqual(width, [390, 390])
            self.assertFalse(self.browser.one("#new-chat").shown)
            self.picture("phone")
            self.browser.one("#menu").click()
            self.browser.wait(lambda: self.browser.one("#new-chat").shown, "the menu")
            self.assertEqual(self.browser.one("#menu").attribute("aria-expanded"), "true")
            self.picture("phone-menu")
            self.browser.press("escape")
            self.browser.wait(lambda: not self.browser.one("#new-chat").shown, "the menu to close")
        finally:
            self.browser.command("Emulation.clearDeviceMetricsOverride")


if __name__ == "__main__":
    if webdriver.CHROMIUM is None or webdriver.DRIVER is None:
        print("Chromium and its driver are not installed: the page was not looked at")
        sys.exit(77)
    unittest.main()
