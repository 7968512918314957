#!/usr/bin/env python3
"""Models by name over https: a hub on the loopback whose certificate is signed by an authority made for the test."""

import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest

import cli_hub_test
from hub_server import Fault, Hub, Repository

if shutil.which("openssl") is None:
    print("openssl is not installed", file=sys.stderr)
    sys.exit(77)


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def make_authority(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name} of a test")  # fmt: skip


def make_certificate(folder, authority, name, alternatives):
    """`name`.both, key and certificate, for these names and addresses."""
    (folder / "extensions").write_text(f"subjectAltName={alternatives}\n")
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.csr", "-subj", "/CN=a hub")  # fmt: skip
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
            "-CAcreateserial", "-days", "1", "-extfile", "extensions", "-out", f"{name}.crt")  # fmt: skip
    (folder / f"{name}.both").write_bytes((folder / f"{name}.key").read_bytes() + (folder / f"{name}.crt").read_bytes())


class TlsTest(cli_hub_test.HubTest):
    names = "IP:127.0.0.1"  # of the hub's certificate

    @classmethod
    def setUpClass(cls):
        cls.keys = pathlib.Path(tempfile.mkdtemp(prefix="cellm_tls_"))
        cls.addClassCleanup(shutil.rmtree, cls.keys, ignore_errors=True)
        for authority in ("authority", "other"):
            make_authority(cls.keys, authority)
        make_certificate(cls.keys, "authority", "hub", cls.names)
        cls.authority, cls.other = cls.keys / "authority.pem", cls.keys / "other.pem"

    def make_hub(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.keys / "hub.both")
        return Hub(tls=context)

    def again(self):
        """An empty cache."""
        shutil.rmtree(self.home, ignore_errors=True)


class Trust(TlsTest):
    def test_authorities_that_the_environment_names(self):
        hashed = self.folder / "hashed"
        hashed.mkdir()
        shutil.copy(self.authority, hashed)
        openssl(self.folder, "rehash", str(hashed))
        both = self.folder / "both.pem"
        both.write_bytes(self.other.read_bytes() + self.authority.read_bytes())
        for variables in (
            {"SSL_CERT_FILE": self.authority}, {"CURL_CA_BUNDLE": self.authority}, {"REQUESTS_CA_BUNDLE": self.authority},
            {"REQUESTS_CA_BUNDLE": hashed}, {"SSL_CERT_DIR": hashed}, {"SSL_CERT_FILE": both},
            {"SSL_CERT_DIR": hashed, "SSL_CERT_FILE": self.other},
            {"REQUESTS_CA_BUNDLE": self.authority, "CURL_CA_BUNDLE": self.other, "SSL_CERT_FILE": "/nowhere"},
            {"CURL_CA_BUNDLE": self.authority, "SSL_CERT_FILE": self.other},
        ):  # fmt: skip
            with self.subTest(variables=variables):
                self.again()
                self.pull("org/llama", "--no-convert", **{name: str(path) for name, path in variables.items()})
                self.check_cache()
        self.succeed("infer", "-m", "org/llama", *cli_hub_test.INFER, env=self.environment(SSL_CERT_FILE=str(both)))

    def test_an_unknown_authority_is_refused(self):
        for variables, part in (
            ({}, "SSL_CERT_FILE names a file of the authorities to trust"),
            ({"CURL_CA_BUNDLE": ""}, "SSL_CERT_FILE names a file of the authorities to trust"),
            ({"SSL_CERT_FILE": str(self.other)}, "trusted are the authorities of SSL_CERT_FILE"),
            ({"REQUESTS_CA_BUNDLE": str(self.other), "SSL_CERT_FILE": str(self.authority)},
             "trusted are the authorities of REQUESTS_CA_BUNDLE"),
        ):  # fmt: skip
            with self.subTest(variables=variables):
                message = self.refused(1, part, "pull", "org/llama", HF_TOKEN="hf_secret", **variables)
                self.assertIn(self.hub.endpoint, message)
                self.assertIn("certificate", message)
        self.assertEqual(self.hub.log, [])  # no request, so no token

    def test_authorities_that_are_not_there(self):
        for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
            self.refused(2, f"{name}: /nowhere.pem: no such file", "pull", "org/llama", **{name: "/nowhere.pem"})
        empty = self.folder / "empty.pem"
        empty.write_text("no certificate")
        self.refused(1, "certificate", "pull", "org/llama", SSL_CERT_FILE=str(empty))


class WrongName(TlsTest):
    names = "DNS:hub.example"

    def test_a_certificate_for_another_host_is_refused(self):
        self.refused(1, "127.0.0.1", "pull", "org/llama", SSL_CERT_FILE=str(self.authority))
        self.assertEqual(self.hub.log, [])


class Redirects(TlsTest):
    def environment(self, **more):
        return super().environment(**{"SSL_CERT_FILE": str(self.authority), **more})

    def setUp(self):
        super().setUp()
        self.plain = Hub()  # the same model by http
        self.plain.__enter__()
        self.addCleanup(self.plain.__exit__)
        self.plain.repositories["org/llama"] = Repository(self.files)

    def test_from_https_to_http_is_refused(self):
        for path, method, code, part in (
            ("/api/", "", 1, "a redirect to http://127.0.0.1"),
            ("config.json", "HEAD", 3, "redirects to an address that is not allowed"),
            ("config.json", "GET", 1, "a redirect to http://127.0.0.1"),
            ("model.safetensors", "HEAD", 3, "redirects to an address that is not allowed"),
        ):
            with self.subTest(path=path, method=method):
                self.again()
                self.hub.faults[:] = [Fault(path, method=method, times=-1, status=302,
                                            headers={"Location": f"{self.plain.endpoint}/org/llama/resolve/main/config.json"})]  # fmt: skip
                self.refused(code, part, "pull", "org/llama", HF_TOKEN="hf_secret")
        self.hub.faults[:] = [Fault(host="files", times=-1, status=307, headers={"Location": self.plain.files_address})]
        self.again()
        self.refused(1, "a redirect to http://127.0.0.1", "pull", "org/llama", HF_TOKEN="hf_secret")
        self.assertEqual(self.plain.log, [])

    def test_the_token_stays_at_the_hub(self):
        self.pull("org/llama", "--no-convert", HF_TOKEN="hf_secret")
        self.assertTrue(self.hub.requests("files"))
        for host, _, _, headers in self.hub.log:
            self.assertEqual(headers.get("Authorization"), "Bearer hf_secret" if host == "hub" else None)
        self.again()
        self.hub.log.clear()
        # A redirect of the API to another host is refused, one of a file is followed without the token.
        self.hub.faults[:] = [Fault("/api/", times=-1, status=307, headers={"Location": f"{self.hub.files_address}/x"})]
        self.refused(1, "a redirect to https://127.0.0.1", "pull", "org/llama", HF_TOKEN="hf_secret")
        self.assertEqual(self.hub.requests("files"), [])
        self.hub.faults[:] = [Fault("config.json", method="GET", times=-1, status=302,
                                    headers={"Location": f"{self.hub.files_address}/x?signature=1"})]  # fmt: skip
        self.refused(3, "config.json: ", "pull", "org/llama", HF_TOKEN="hf_secret")
        sent = self.hub.requests("files")
        self.assertTrue(sent)
        self.assertFalse(any("Authorization" in headers for _, _, _, headers in sent))

    def test_a_broken_off_download_goes_on(self):
        content = self.add_file(40 << 20)
        self.hub.faults[:] = [Fault(host="files", cut=1 << 20), Fault(host="files", status=503)]
        self.assertEqual(pathlib.Path(self.pull("org/file:m.gguf")).read_bytes(), content)


if __name__ == "__main__":
    unittest.main()
