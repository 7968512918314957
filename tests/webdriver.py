"""A browser driven by WebDriver (W3C Recommendation), with nothing but the standard library."""

import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's reference
KEYS = {"enter": "\ue007", "escape": "\ue00c", "shift": "\ue008", "tab": "\ue004", "up": "\ue013"}
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"]  # fmt: skip
PATIENCE = 60


class WebDriverError(Exception):
    pass


class Element:
    def __init__(self, browser, reference):
        self.browser, self.reference = browser, reference

    def _ask(self, method, path, body=None):
        return self.browser.ask(method, f"/element/{self.reference}/{path}", body)

    def click(self):
        self._ask("POST", "click", {})

    def type(self, text):
        self._ask("POST", "value", {"text": text})

    def clear(self):
        self._ask("POST", "clear", {})

    @property
    def text(self):
        return self._ask("GET", "text")

    @property
    def shown(self):
        return self._ask("GET", "displayed")

    def attribute(self, name):
        return self._ask("GET", f"attribute/{name}")

    @property
    def role(self):
        return self._ask("GET", "computedrole")

    @property
    def label(self):
        return self._ask("GET", "computedlabel")


class Browser:
    """One window of a headless Chromium. Close it."""

    def __init__(self, *flags, width=1200, height=900):
        self.session = None
        self.profile = tempfile.mkdtemp(prefix="cellm_browser_")
        self.driver = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
        try:
            self.base = f"http://127.0.0.1:{self._port()}"
            arguments = [*FLAGS, f"--user-data-dir={self.profile}", f"--window-size={width},{height}", *flags]
            capabilities = {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
                            "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments}}  # fmt: skip
            answer = self._request("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self.session = answer["sessionId"]
        except BaseException:
            self.close()
            raise

    def _port(self):
        for line in self.driver.stdout:
            found = re.search(r"successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
        raise WebDriverError("chromedriver ended")

    def close(self):
        if self.session:
            try:
                self._request("DELETE", f"/session/{self.session}")
            except (WebDriverError, OSError):
                pass
        self.driver.terminate()
        self.driver.wait(timeout=PATIENCE)
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def _request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=2 * PATIENCE) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise WebDriverError(f"{value['error']}: {value['message']}") from None

    def ask(self, method, path, body=None):
        return self._request(method, f"/session/{self.session}{path}", body)

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    def reload(self):
        self.ask("POST", "/refresh", {})

    def all(self, selector):
        found = self.ask("POST", "/elements", {"using": "css selector", "value": selector})
        return [Element(self, item[ELEMENT]) for item in found]

    def one(self, selector):
        found = self.ask("POST", "/element", {"using": "css selector", "value": selector})
        return Element(self, found[ELEMENT])

    def active(self):
        return Element(self, self.ask("GET", "/element/active")[ELEMENT])

    def run(self, script, *arguments):
        """The value that JavaScript returns."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def press(self, *keys):
        """Keys by name or character, all held at once."""
        characters = [KEYS.get(key, key) for key in keys]
        actions = [{"type": "keyDown", "value": c} for c in characters]
        actions += [{"type": "keyUp", "value": c} for c in reversed(characters)]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def accept_alert(self):
        self.ask("POST", "/alert/accept", {})

    def command(self, name, **parameters):
        """A command of the Chrome DevTools Protocol."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def screenshot(self):
        return base64.b64decode(self.ask("GET", "/screenshot"))

    def log(self):
        """Messages of the console since the last call: errors, and violations of the policy."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]

    def wait(self, condition, what, patience=PATIENCE):
        """Until condition() is true; its value."""
        end = time.monotonic() + patience
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise WebDriverError(f"waited {patience} s for {what}")
            time.sleep(0.05)
