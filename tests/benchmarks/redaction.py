"""What redaction finds, what it leaves alone and what it costs, beside other ways to look.

Run `SESSIONFS_CORPUS=… python tests/benchmarks/redaction.py`; options choose fewer secrets, rules,
places or parts. It exits with 1 where a planted secret is left, a text that only looks like one is
taken, hits in real logs are more than 0.2 a MB, or time grows faster than what is searched.

- recall: a log with so many fake secrets of a rule is imported (a tenth of them where each comes
  with 275 KB), and the archive searched, also as a terminal would show it. A secret of which a half
  is left counts as left, and one whose log was refused. Without redaction all must be seen.
- noise: what is found in real logs. Look at each: it is a false positive, or a real secret.
- speed of one core. `re` is gitleaks' way without its keywords: each rule, each decoded string.
- linear: up to 2 MB of what is hard for a rule; twice as much may not take three times as long.
- others: few of the same secrets, and the same real lines, for `re` on lines as they stand and for
  detect-secrets on each decoded string as on a file. `flags`: it reports something, whatever.
"""

import argparse
import gc
import json
import os
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import cache, partial
from importlib.resources import files
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from importing import MEGABYTE, TESTS

from sessionfs import import_logs
from sessionfs.adapters import load_adapters
from sessionfs.api import bring
from sessionfs.disk.find import find_logs
from sessionfs.errors import SessionfsError
from sessionfs.logs import decode_lines, draft_of, identify
from sessionfs.native import Line, Settled, settle
from sessionfs.numbering import Ids
from sessionfs.placeholder import PLACEHOLDER, as_text, pair_lines, split_placeholder
from sessionfs.redact.known import Known
from sessionfs.redact.lines import Detector, redact_line
from sessionfs.redact.messages import Redactor
from sessionfs.redact.ruleset import DEFAULT, Rule, Ruleset, load_ruleset, shipped
from sessionfs.redact.texts import Remover
from sessionfs.redact.values import Values

sys.path.insert(0, TESTS)
from planted import NEAR_MISSES, RULES, Planted, plant
from planting import PLACES, draw, forms, left_in, log, write

try:
    from detect_secrets.core.scan import _process_line_based_plugins as scan
    from detect_secrets.settings import default_settings
except ImportError:
    scan, default_settings = None, nullcontext

PARTS = ("recall", "noise", "speed", "linear", "others")
OTHER_PLACES = ("prompt", "nested", "raw", "coloured", "wrapped80")
MOST_NOISE, STEEP, SECONDS, SAMPLE = 0.2, 3, 60, 2_000
HIDDEN = re.compile(rb"(?:\x1b|\\+u001b)\[[0-9;]*[A-Za-z]|(?:\\+r)?\\+n|\r?\n")
"""What a terminal does not show of a text, or of JSON with the text: colours and line ends."""

Pair = tuple[Settled, Line]
default_rules = cache(load_ruleset)


@cache
def classes() -> dict[str, str]:
    """The heading of the default rules under which each one stands."""
    text = files("sessionfs.redact").joinpath(DEFAULT).read_text("utf-8")
    pieces = re.split(r"^# ---- ([^:\n]+?)(?::.*)? ----$", text, flags=re.MULTILINE)[1:]
    bodies = [re.findall(r'^id = "(.*)"', body, re.MULTILINE) for body in pieces[1::2]]
    return {rule: name for name, body in zip(pieces[::2], bodies, strict=True) for rule in body}


def in_parallel(work: Callable, tasks: list[tuple]) -> Iterator:
    """Yield what becomes of each task, done on all cores."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for number, done in enumerate(pool.map(work, *zip(*tasks, strict=True)), 1):
            print(f"{work.__name__} {number}/{len(tasks)}", end="\r", file=sys.stderr, flush=True)
            yield done


def recall_of(rule: str, place: str, number: int, way: str) -> tuple[str, str, int, list]:
    """Plant secrets of one rule in one place of a log, import it, and look for them."""
    planted = draw(rule, place, number)
    content, beside = log(planted, place)
    left, refused = imported(planted, content, beside, way) if planted else ([], "")
    if refused:  # find out for which of them
        head, *lines = content.splitlines(keepends=True)
        for each, line in zip(planted, lines, strict=True):
            more, why = imported([each], head + line, beside, way)
            left += [(each, f"refused, {why}")] if why else more
        left = left or [(planted[0], f"refused together, {refused}")]
    return rule, place, len(planted), left


def imported(
    planted: list[Planted], content: bytes, beside: dict[str, bytes], way: str
) -> tuple[list[tuple[Planted, str]], str]:
    """Import a log; return which secrets are left, whole or half, or why there is no archive."""
    rules = patch.object(bring, "rules_for", lambda *_, **__: default_rules())
    with TemporaryDirectory() as name, rules:
        path, archive = write(Path(name, "logs"), content, beside), Path(name, "archive")
        try:
            report = import_logs([str(path)], archive=str(archive), redact=way == "redacted")
        except Exception as error:  # noqa: BLE001  whatever it is, it is a result
            return [], repr(error)
        if report.totals()["new"] != 1:
            return [], "; ".join(str(row.reason) for row in report.sessions)
        whole = set(left_in(archive, planted))
        content = b"\n".join(each.read_bytes() for each in archive.rglob("*") if each.is_file())
    content += b"\n\n" + HIDDEN.sub(b"", content)
    left = []
    for each in planted:
        secret, half = each.secret, max(12, (len(each.secret) + 1) // 2)
        halves = (secret[:half], secret[-half:]) if len(secret) > half else ()
        if each in whole or any(form in content for form in spellings(secret)):
            left.append((each, "left"))
        elif any(form in content for part in halves for form in islice(spellings(part), 5)):
            left.append((each, "a half left"))
    return left, ""


def spellings(secret: str) -> Iterator[bytes]:
    """Yield a secret as it is shown, in JSON that keeps what is not ASCII, and in its forms."""
    once = json.dumps(secret, ensure_ascii=False)[1:-1]
    twice = json.dumps(once, ensure_ascii=False)[1:-1]
    yield from (HIDDEN.sub(b"", secret.encode()), once.encode(), twice.encode(), *forms(secret))


def recall(options: argparse.Namespace) -> bool:
    """Print what was removed by class and place, and each rule and place with less than all."""
    pairs = [(rule, place) for place in options.places for rule in options.rules]
    for rule, place, number, left in in_parallel(recall_of, [(*p, 1, "whole") for p in pairs]):
        if len(left) < number:
            print(f"not seen where nothing is removed: {rule} in {place}")
    draws = defaultdict(lambda: options.draw, large=max(1, options.draw // 10))
    tasks = [(*pair, draws[pair[1]], "redacted") for pair in pairs]
    sums: dict[tuple[str, str], Counter] = defaultdict(Counter)
    short = []
    for rule, place, number, left in in_parallel(recall_of, tasks):
        for key in ((classes()[rule], place), ("all", place), ("all", "all")):
            sums[key] += Counter(removed=number - len(left), planted=number)
        short += [(rule, place, number, left)] if left else []
    for (name, place), count in sorted(sums.items(), key=lambda item: item[0][0] == "all"):
        share = f"{count['removed'] / count['planted']:8.2%}" if count else ""
        print(f"{name:42} {place:10} {count['removed']:7}/{count['planted']:<7} {share}")
    for rule, place, number, left in short:
        print(f"\n{rule} in {place}, {len(left)} of {number}:", Counter(how for _, how in left))
        for each, _ in left[:3]:
            at = max(0, each.text.find(each.secret) - 60)
            print(f"  {each.text[at : at + 160]!r}")
    texts = [Planted(text, text) for those in NEAR_MISSES.values() for text in those]
    left, refused = imported(texts, *log(texts, "prompt"), "redacted")
    dead = [each.text for each in texts if (each, "left") not in left]
    print(f"\nnear misses: {len(texts) - len(dead)} of {len(texts)} survive {refused}")
    print(*(f"  {text[:160]!r}\n" for text in dead), sep="", end="")
    return not (short or dead)


def noise(options: argparse.Namespace) -> bool:
    """Print what the rules find in real logs."""
    paths = sorted(options.corpus.rglob("*.jsonl"))
    hits: Counter[tuple[str, str]] = Counter()
    for line in (line for path in paths for line in path.read_bytes().split(b"\n")):
        clean, pairs = redact_line(default_rules(), line), []
        pair_lines(clean, line, pairs)
        removed, text = dict(pairs), as_text(clean)
        for match in PLACEHOLDER.finditer(text):
            if (secret := removed.get(match[0], match[0])) != match[0]:
                before, after = text[: match.start()][-20:], text[match.end() :][:20]
                hits[match[0], f"{before}«{secret[:2]}… {len(secret)}»{after}"] += 1
    for (name, shown), count in sorted(hits.items()):
        print(f"{count:5} x {split_placeholder(name)[0]:28} {shown!r}")
    size = sum(path.stat().st_size for path in paths) / MEGABYTE
    rate = hits.total() / size
    print(f"{hits.total()} hits, {len(hits)} different, in {size:.1f} MB: {rate:.2f} a MB")
    return rate <= MOST_NOISE


def settled(corpus: Path) -> list[Pair]:
    """Return the messages of real logs as they would be written, without the files beside them."""
    pairs = []
    for each in find_logs([str(corpus)], load_adapters()).logs:
        if (identity := identify(each)) is None:
            continue
        mapper = each.adapter.mapper(each.path, identity.name, lambda _: None)
        ids = Ids(identity.uid, identity.millis or 0)
        for seq, line in enumerate(each.lines(), 1):
            draft = draft_of(mapper, line)
            own, parent, ts = ids.next(draft, seq)
            pairs.append((settle(draft, line, seq=seq, id=own, parent=parent, ts=ts), line))
    return pairs


def redact_all(ruleset: Ruleset, pairs: list[Pair]) -> Counter[str]:
    """Take the secrets out of settled messages; return how many of each rule."""
    removed: Counter[str] = Counter()
    redactor = Redactor(ruleset, Known())
    for each, line in pairs:
        if each.message.seq == 1:  # another log
            redactor = Redactor(ruleset, Known())
        for mark in redactor.settled(each, line.content + line.eol).marks:
            removed[mark.rule] += mark.number
    return removed


def timed(label: str, pairs: list[Pair], work: Callable[[], object]) -> float:
    """Print and return the megabytes of native log that one core does in a second."""
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    size = sum(len(line.content) + len(line.eol) for _, line in pairs) / MEGABYTE
    print(f"{label:42} {size:6.1f} MB {size / seconds:9.2f} MB/s", flush=True)
    return size / seconds


def strings(value: object) -> Iterator[str]:
    """Yield the strings in a JSON value."""
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, dict) else value
    for each in inner if isinstance(value, (dict, list)) else ():
        yield from strings(each)


@cache
def plain_patterns() -> list[tuple[Rule, re.Pattern[bytes]]]:
    """The default rules for `re`; those that it cannot compile are named."""
    patterns = []
    for rule, table in zip(default_rules().rules, shipped(DEFAULT)["rules"], strict=True):
        source = re.sub(r"\\x\{(\w\w)\}", r"\\x\1", table["regex"]).replace(r"\z", r"\Z")
        try:
            patterns.append((rule, re.compile(source.encode())))
        except re.error as error:
            print(f"re does not compile {rule.id}: {error}")
    return patterns


def find_plainly(text: bytes) -> Iterator[tuple[str, str]]:
    """Yield rule and value of what `re` finds, entropy and allowlists as ours."""
    for rule, pattern in plain_patterns():
        for match in pattern.finditer(text):
            start, end = rule.secret_in(match)
            if start < end and not default_rules()._is_allowed(rule, text, match, text[start:end]):
                yield rule.id, as_text(text[start:end])


def speed(options: argparse.Namespace) -> bool:
    """Print how fast secrets are taken out, and how fast `re` finds them."""
    start = time.process_time()
    ruleset = load_ruleset()
    print(f"loading {len(ruleset.rules)} rules: {time.process_time() - start:.2f} s")
    pairs = settled(options.corpus)
    gc.freeze()  # what is settled is not part of the work
    for label in ("redacting, first pass", "redacting, second pass"):
        timed(label, pairs, lambda: redact_all(ruleset, pairs))
    look = Detector(ruleset).is_in_line
    timed("looking, as before an import", pairs, lambda: [look(line.content) for _, line in pairs])
    some, end = [], time.process_time() + SECONDS

    def search() -> None:
        for pair in random.Random(0).sample(pairs, len(pairs)):
            for text in strings(pair[1].value):
                Counter(find_plainly(text.encode("utf-8", "surrogatepass")))
            some.append(pair)
            if time.process_time() > end:
                return

    theirs = timed("finding with re, some of the lines", some, search)
    ours = timed("redacting the same lines", some, lambda: redact_all(ruleset, some))
    print(f"redacting: {ours / theirs:.1f} x as fast as finding with re")
    return True


def linear_of(rule: str) -> list[tuple[float, float, str, str]]:
    """Return seconds a MB of hard texts, the ratio to half as much, what it was, what it raised."""
    chance, each = random.Random(rule), plant(rule, random.Random(rule))
    units = {
        "its alphabet": "".join(chance.choices(each.secret, k=2 * MEGABYTE)),
        "secrets": each.secret,
        "its beginning": each.text[: each.text.rindex(each.secret) + 6],
        "its prefix": each.secret[:6],
    }
    rows = []
    for name, unit in units.items():
        whole, times, said = unit * (2 * MEGABYTE // len(unit) + 1), [1.0], ""
        for size in (2 * MEGABYTE >> shift for shift in range(7, -1, -1)):
            start = time.process_time()
            try:
                Values(Remover(default_rules(), Known())).text(whole[:size], "")
            except Exception as error:  # noqa: BLE001  too many secrets is fair; else it is printed
                said = "" if isinstance(error, SessionfsError) else repr(error)[:100]
            times.append(time.process_time() - start)
            if times[-1] > max(1, STEEP * times[-2]) or times[-1] > 10:
                break  # more would take for ever
        label = f"{size / MEGABYTE:.2f} MB of {name} of {rule}"
        rows.append((times[-1] / size * MEGABYTE, times[-1] / times[-2], label, said))
    return rows


def linear(options: argparse.Namespace) -> bool:
    """Print the slowest texts, and those for which twice as much takes far more than twice."""
    found = in_parallel(linear_of, [(rule,) for rule in options.rules])
    rows = sorted((row for rows in found for row in rows), reverse=True)
    bad = [row for row in rows if (row[0] > 0.1 and row[1] > STEEP) or row[3]]
    for rate, ratio, name, said in dict.fromkeys((*rows[:5], *bad)):
        print(f"{rate:9.2f} s a MB, {ratio:5.2f} x the time of half as much: {name} {said}")
    return not bad


def find_with_detect_secrets(line: bytes) -> Iterator[tuple[str, str]]:
    """Yield type and value of what detect-secrets reports, each decoded string as a file."""
    for decoded in decode_lines(iter((line,))):
        for text in strings(decoded.value):
            for found in scan([*enumerate(text.splitlines(), 1)], "a.txt"):
                yield found.type, found.secret_value or ""


WAYS = {"re": find_plainly} | ({"detect-secrets": find_with_detect_secrets} if scan else {})


def told_of(rule: str, place: str, number: int) -> tuple[str, Counter]:
    """Return how many secrets of a rule in a place each way finds."""
    told: Counter = Counter()
    planted = draw(rule, place, number)
    head, *lines = log(planted, place)[0].splitlines(keepends=True)
    for each, line in zip(planted, lines, strict=True):
        told.update(planted=1, ours=not any(imported([each], head + line, {}, "redacted")))
        secrets = list(spellings(each.secret))
        for name, way in WAYS.items():
            values = [value.encode("utf-8", "surrogateescape") for _, value in way(line)]
            named = any(v in form or form in v for v in values if len(v) > 5 for form in secrets)
            told.update({name: named, f"{name} flags": bool(values)})
    return rule, told


def others(options: argparse.Namespace) -> bool:
    """Print recall, hits in real logs and speed of ours and of other ways, class by class."""
    tasks = [(rule, place) for rule in options.rules for place in OTHER_PLACES]
    pairs = settled(options.corpus)
    some = random.Random(0).sample(pairs, min(SAMPLE, len(pairs)))
    size = sum(len(line.content) for _, line in some) / MEGABYTE
    told: dict[str, Counter] = defaultdict(Counter)
    hits: Counter[tuple[str, str]] = Counter()
    if not scan:
        print("detect-secrets: not installed")

    def search(way: str) -> None:
        found = (kind for _, line in some for kind, _ in WAYS[way](line.content))
        kinds = redact_all(default_rules(), some) if way == "ours" else Counter(found)
        for kind, number in kinds.items():
            hits.update({(classes().get(kind), way): number, ("all", way): number})

    with default_settings():
        for rule, more in in_parallel(told_of, [(*task, min(5, options.draw)) for task in tasks]):
            told[classes()[rule]].update(more)
            told["all"].update(more)
        for way in ("ours", *WAYS):
            timed(way, some, partial(search, way))
    columns = ["ours", *(column for way in WAYS for column in (way, f"{way} flags"))]
    print(f"\n{'found':42}", *(f"{column:>20}" for column in columns))
    for name, each in sorted(told.items(), key=lambda item: item[0] == "all"):
        print(f"{name:42}", *(f"{each[column] / each['planted']:20.1%}" for column in columns))
    print(f"\n{'hits a MB':42}", *(f"{way:>20}" for way in ("ours", *WAYS)))
    for name in sorted(told, key="all".__eq__):
        print(f"{name:42}", *(f"{hits[name, way] / size:20.2f}" for way in ("ours", *WAYS)))
    return True


def main() -> int:
    """Run what was asked for; 1 where something is not as it should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draw", type=int, default=200)
    parser.add_argument("--rules", type=lambda text: text.split(","), default=RULES)
    parser.add_argument("--places", type=lambda text: text.split(","), default=PLACES)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("SESSIONFS_CORPUS"))
    options = parser.parse_args()
    fine = True
    for part in [options.only] if options.only else PARTS:
        if part in {"recall", "linear"} or options.corpus:
            print(f"\n{part}", flush=True)
            fine &= globals()[part](options)
        else:
            print(f"\n{part}: there are no real logs; set SESSIONFS_CORPUS")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
