"""Loaded by every Python in a run with --intercept: for clients that read no variable for a proxy.

Runway's hosts have the address of this machine, the run's authority is trusted beside what a client
trusts by itself, and aiohttp reads the variables. Another `sitecustomize` is loaded afterwards.
Standard library only, and any version of Python.
"""

import importlib.machinery
import importlib.util
import json
import os
import socket
import ssl
import sys


def _intercept(told):
    hosts, port, certificate = set(told["hosts"]), told["port"], told["certificate"]
    look_up, load = socket.getaddrinfo, ssl.SSLContext.load_verify_locations
    load_usual = ssl.SSLContext.load_default_certs

    def name_of(host):
        text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
        return text.lower().rstrip(".")

    def getaddrinfo(host, service, *args, **kwargs):
        name = name_of(host)
        if name in hosts:
            return look_up("127.0.0.1", port, *args, **kwargs)
        if told["offline"] and not local(name):
            sys.stderr.write("fake-runway: " + name + " is refused: --offline\n")
            raise socket.gaierror(socket.EAI_NONAME, "refused by fake-runway run --offline")
        return look_up(host, service, *args, **kwargs)

    def local(name):
        return name in ("", "localhost", "::1") or name.startswith("127.")

    def load_verify_locations(self, *args, **kwargs):
        load(self, *args, **kwargs)
        load(self, certificate)

    def load_default_certs(self, *args, **kwargs):
        load_usual(self, *args, **kwargs)
        load(self, certificate)

    socket.getaddrinfo = getaddrinfo
    ssl.SSLContext.load_verify_locations = load_verify_locations
    ssl.SSLContext.load_default_certs = load_default_certs
    sys.meta_path.insert(0, _AiohttpReadsVariables())


class _AiohttpReadsVariables:
    """aiohttp looks for a proxy in the environment only where it is told to."""

    def find_spec(self, name, path=None, target=None):
        if name != "aiohttp.client":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            begin = module.ClientSession.__init__

            def __init__(self, *args, **kwargs):
                kwargs["trust_env"] = True
                begin(self, *args, **kwargs)

            module.ClientSession.__init__ = __init__

        spec.loader.exec_module = exec_module
        return spec


def _load_the_next_one():
    here = os.path.dirname(os.path.abspath(__file__))
    others = [each for each in sys.path if os.path.abspath(each or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


if "FAKE_RUNWAY_INTERCEPT" in os.environ:
    _intercept(json.loads(os.environ["FAKE_RUNWAY_INTERCEPT"]))
_load_the_next_one()
