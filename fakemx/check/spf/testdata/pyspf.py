"""Judges SPF queries with pyspf, in worlds held in memory.

Standard input is one JSON object:
  {"worlds": [{NAME: {"records": [[TYPE, DATA], ...], "fail": [TYPE, ...]}}],
   "cases": [{"world": 0, "client": "...", "helo": "...", "from": "..."}]}
where TXT data is one string, MX data [PREF, HOST], and a lookup of a type in fail
times out ("" is each type without a record). Standard output is a list with the
result of each case.
"""

import json
import sys

try:
    import spf
except ImportError:
    sys.exit("python3-spf is missing")

world = {}


def lookup(name, qtype, strict=True, timeout=None):
    node = world.get(name.rstrip(".").lower())
    if node is None:
        return
    found = any(typ == qtype for typ, _ in node["records"])
    if qtype in node["fail"] or ("" in node["fail"] and not found):
        raise spf.TempError("DNS timeout")
    for typ, data in node["records"]:
        if typ == qtype or typ == "CNAME":
            if typ == "TXT":
                data = (data.encode("utf-8"),)
            elif typ == "MX":
                data = tuple(data)
            yield (name, typ), data


def judge(case):
    global world
    world = job["worlds"][case["world"]]
    q = spf.query(i=case["client"], s=case["from"], h=case["helo"], strict=True)
    try:
        return q.check()[0]
    except Exception as e:  # what escapes from pyspf is its result here
        return "crash " + type(e).__name__


spf.DNSLookup = lookup
job = json.load(sys.stdin)
json.dump([judge(c) for c in job["cases"]], sys.stdout)
