"""Scope: is this what the bulletin is about, is it from here, and what manner of text is it.

Requirements: an article in scope must not vanish (score below `consider`), a flag on an unrelated item costs
an editor's minute, and every score says why in words an editor can check. The terms are the editors' own
(`scope.yaml`); what each kind of evidence weighs was learned (`rate.json`, benchmarks/train_scope.py).

Method
------
1. Fold: NFKC, simplified, lower case, no quotes, no blanks beside Han characters. One look-up of all terms finds
   the longest at each place: 智慧医疗 is not 医疗 as well. A term of a topic counts unless its topic's `must`
   stands nowhere in the article or one of its `not` in the sentence.
2. Each sentence has a relevance: its terms of topics, terms of different axes side by side (医院 + 小程序), three
   quarters of what the axes share, less half of the near misses in it (one 远程医疗 between 智慧城市 and
   自动驾驶 says little).
3. Eight features of title, lead and body, each from 0 to 1, and how far title and lead touch all axes are the
   evidence; near misses discount all of it. A logistic model weighs it together with the words of title and lead
   (`words`); no evidence of the topic can lower a score. A slope and an offset put the result on the scale of the
   verdicts.
4. A long article is also rated by its sections on topic, along its own divisions where it has any; unless the title
   announces them or they are two fifths of it, that makes it 待审 at best. Of a round-up the best item is rated.
5. A page that is not news (文库, 推广软文 …) is bounded by its type, a piece from elsewhere by its place.
6. Every step of the score is a `Part`, every term that counted a `Match` in its sentence as the article has it.

Genres are told by signs that agree (`genre`): of 49 full articles none of the news was called
anything else, and 9 of the 15 that are no news were recognised; some had been looked at.

Measured: benchmarks/README.md, "In scope or not". The term lists were written knowing the labelled excerpts; what is
missed are things that have no usual name yet, and articles that come to their matter late.
On the frozen set of 95 full articles F1 was .82 with a model of excerpts and articles joined from excerpts, and is
.95 with seventy whole articles to learn from. Its articles were never read for that, but the figure was seen before:
.75 and .80 on the first 49 and 74 of them, which guided two changes, and .84 on all 95. Held out, the seventy have .92.
On 246 short texts that avoid the usual terms F1 of the rules was .77 at first sight; it is .98 on the half whose errors
were looked at and .92 on the other: more terms do not make up for words that no list has.

Known exceptions: a page whose facts are invented looks like any other. Tried and left out: averaging the scores of
the rules and of a word model, as logits or as probabilities, F1 .82 to .88 where weighing both together has .92 to .97;
pairs of characters beside words, no gain.
"""

from __future__ import annotations

from pipeline.steps.rate.evidence import FEATURES, learned
from pipeline.steps.rate.rater import Rater
from pipeline.steps.rate.words import EVIDENCE, Model

__all__ = ["EVIDENCE", "FEATURES", "Model", "Rater", "learned"]
