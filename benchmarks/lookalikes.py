"""Finds reprints and events with one method, and says how long it took.

usage: python lookalikes.py METHOD < task.json > answer.json

Run by `benchmarks.dedup` in a process of its own for each method, in the environment the method is installed in:
nothing but the standard library is imported before it. A task is `events` (`rows` to cluster, `known` stories with
labels to find the best threshold on) or `reprints` (`copies` to look up in `documents`). `plain` is a text in canonical
form. The answer has `clusters` (id → label) or `pairs` (copy, document), and the `seconds` of processor time.
"""

import collections
import json
import sys
import time

_THRESHOLDS = [n / 40 for n in range(2, 40)]
_COSINE = 0.8
_SIMHASH_BITS = 3  # the usual limit for near-duplicates


def ours(task):
    import datetime as dt

    from pipeline.model import Document
    from pipeline.steps.dedupe import Archive, group
    from pipeline.steps.dedupe.events import Model, shipped

    def documents(rows):
        return [
            Document(row["id"], row["title"], row["text"], dt.date.fromisoformat(row["date"]) if row["date"] else None)
            for row in rows
        ]

    shipped()
    start = time.process_time()
    if task["task"] == "events":
        weights = task["weights"]
        model = Model(weights["intercept"], weights["weights"], weights["means"], shipped().background, shipped().rare)
        given = documents(task["rows"])
        archive = Archive(given, model=model)
        stories = group(given, archive.relate(range(len(given))))
        clusters = {member: story.members[0] for story in stories for member in story.members}
        return {"clusters": clusters, "seconds": time.process_time() - start}
    archive = Archive(documents(task["documents"]))
    found = archive.copies(archive.add(documents(task["copies"])), among=False)
    return {"pairs": [[edge.a, edge.b] for edge in found], "seconds": time.process_time() - start}


def grams(text):
    return {text[n : n + 5] for n in range(len(text) - 4)} or {text}


def minhash(task):
    from datasketch import MinHash, MinHashLSH

    def signature(text):
        made = MinHash(num_perm=128)
        made.update_batch([gram.encode() for gram in grams(text)])
        return made

    def likeness(rows):
        made = [signature(row["plain"]) for row in rows]
        return lambda a, b: made[a].jaccard(made[b])

    def lookup(documents, copies):
        index, made = MinHashLSH(threshold=0.5, num_perm=128), {}
        for row in documents:
            made[row["id"]] = signature(row["plain"])
            index.insert(row["id"], made[row["id"]])
        for row in copies:
            own = signature(row["plain"])
            yield from ([row["id"], other] for other in index.query(own) if own.jaccard(made[other]) >= 0.5)

    return answer(task, likeness, lookup)


def simhash(task):
    from simhash import Simhash, SimhashIndex

    def likeness(rows):
        made = [Simhash(sorted(grams(row["plain"]))) for row in rows]
        return lambda a, b: 1 - made[a].distance(made[b]) / 64

    def lookup(documents, copies):
        made = [(row["id"], Simhash(sorted(grams(row["plain"])))) for row in documents]
        index = SimhashIndex(made, k=_SIMHASH_BITS)
        for row in copies:
            near = index.get_near_dups(Simhash(sorted(grams(row["plain"]))))
            yield from ([row["id"], other] for other in near)

    return answer(task, likeness, lookup)


def tf_idf(task):
    import jieba
    from sklearn.feature_extraction.text import TfidfVectorizer

    jieba.initialize()

    def vectors(texts, learned=None):
        learned = learned or TfidfVectorizer(analyzer=jieba.lcut, sublinear_tf=True).fit(texts)
        return learned, learned.transform(texts)

    def likeness(rows):
        made = vectors([row["plain"] for row in rows])[1]
        table = (made @ made.T).toarray()
        return lambda a, b: float(table[a, b])

    def lookup(documents, copies):
        learned, made = vectors([row["plain"] for row in documents])
        for row in copies:
            alike = (made @ vectors([row["plain"]], learned)[1].T).toarray()[:, 0]
            yield from ([row["id"], documents[at]["id"]] for at in (alike >= _COSINE).nonzero()[0])

    return answer(task, likeness, lookup)


METHODS = {"ours": ours, "MinHash-LSH": minhash, "SimHash": simhash, "TF-IDF": tf_idf}


def answer(task, likeness, lookup):
    """A method that knows how alike two texts are: groups are what hangs together above the best threshold."""
    if task["task"] == "reprints":
        start = time.process_time()
        pairs = list(lookup(task["documents"], task["copies"]))
        return {"pairs": pairs, "seconds": time.process_time() - start}
    learned = [(rows, table(rows, likeness)) for rows in task["known"]]
    best = max(_THRESHOLDS, key=lambda at: sum(f1(rows, clusters(rows, found, at)) for rows, found in learned))
    start = time.process_time()
    found = clusters(task["rows"], table(task["rows"], likeness), best)
    return {"clusters": found, "threshold": best, "seconds": time.process_time() - start}


def table(rows, likeness):
    alike = likeness(rows)
    return {(a, b): alike(a, b) for b in range(len(rows)) for a in range(b)}


def clusters(rows, found, threshold):
    label = list(range(len(rows)))

    def root(at):
        while label[at] != at:
            label[at] = label[label[at]]
            at = label[at]
        return at

    for (a, b), value in found.items():
        if value >= threshold:
            label[root(a)] = root(b)
    return {row["id"]: rows[root(at)]["id"] for at, row in enumerate(rows)}


def f1(rows, found):
    scored = [(row["id"], row["event"]) for row in rows if row["event"] != "X"]
    events, groups = collections.defaultdict(set), collections.defaultdict(set)
    for one, event in scored:
        events[event].add(one)
        groups[found[one]].add(one)
    both = [(len(events[event] & groups[found[one]]), one, event) for one, event in scored]
    precision = sum(n / len(groups[found[one]]) for n, one, _ in both) / len(scored)
    recall = sum(n / len(events[event]) for n, _, event in both) / len(scored)
    return 2 * precision * recall / (precision + recall)


if __name__ == "__main__":
    print(json.dumps(METHODS[sys.argv[1]](json.load(sys.stdin))))
