"""Cases of specs/04-things.md. What is expected was written by hand.

`local` in place of a reason: this is no thing that a sender may publish.
"""

from specs.message_vectors.actors import AUTHOR, ids
from specs.message_vectors.identity import base58, did
from specs.message_vectors.writer import Json, ok, refused, shown

PERSON = did(AUTHOR)
MESSAGE = "hedgerow:" + base58(ids(1)[0])
LONGEST = "https://example.org/" + "a" * 2_028


def form_cases() -> list[Json]:
    """What a receiver takes as a thing, canonical or not."""
    good = {
        "a web address": "https://example.org/a?b#c",
        "a web address that is not canonical": "http:EXAMPLE",
        "an unknown scheme": "x-note+1.0:a",
        "the shortest thing": "a:b",
        "a colon in the rest": "urn:isbn:1",
        "letters of another script": "tag:机器学习",
        "a no-break space's neighbour": "tag:\xa1",
        "a wide space, which is not forbidden": "tag:a\u3000b",
        "2,048 bytes": LONGEST,
    }
    bad = {
        "no scheme": "example",
        "an empty scheme": ":a",
        "an empty rest": "doi:",
        "no characters": "",
        "a capital in the scheme": "Doi:10.1000/1",
        "a scheme that begins with a digit": "1a:b",
        "a scheme with an underscore": "a_b:c",
        "a space": "tag:a b",
        "a tab": "tag:a\tb",
        "a line feed at the end": "tag:a\n",
        "a no-break space": "tag:a\xa0b",
        "a delete": "tag:a\x7f",
        "2,049 bytes": LONGEST + "a",
        "2,049 bytes in fewer letters": "tag:" + "a" * 2_043 + "é",
    }
    web = {
        "a letter beyond ASCII in http": "http://bücher.example/",
        "a letter beyond ASCII in https": "https://example.org/é",
        "a wide space in a web address": "https://example.org/\u3000",
    }
    return [
        *(ok("TH-1", name, thing=thing) for name, thing in good.items()),
        *(refused("TH-1", "out_of_range", name, thing=thing) for name, thing in bad.items()),
        *(refused("TH-2", "out_of_range", name, thing=thing) for name, thing in web.items()),
    ]


def _canonical(rule: str, pairs: dict[str, str]) -> list[Json]:
    return [ok(rule, f"given {given}", given=given, canonical=thing) for given, thing in pairs.items()]


def _no_thing(rule: str, texts: list[str]) -> list[Json]:
    return [refused(rule, "local", f"given {given}", given=given) for given in texts]


def address_cases() -> list[Json]:
    """Web addresses as people paste them. Awkward ones, on which libraries differ, are left out on purpose."""
    kept = "https://example.org/app?a=1#!/page"
    pairs = {
        "http://example.org": "http://example.org/",
        "HTTP://EXAMPLE.ORG:80/%7Eana": "http://example.org/%7Eana",
        " https://example.org/\n": "https://example.org/",
        "https://example.org:443/a/../b/./c": "https://example.org/b/c",
        "https://example.org:8443/": "https://example.org:8443/",
        "https://www.example.org/": "https://www.example.org/",
        "https:example.org": "https://example.org/",
        "https://ana:secret@example.org/a@b?c@d": "https://example.org/a@b?c@d",
        "https://example.org/#part": "https://example.org/",
        "https://example.org/#": "https://example.org/",
        "https://example.org/#/route": "https://example.org/#/route",
        kept: kept,
        "https://example.org?x#!": "https://example.org/?x#!",
        "https://example.org/?": "https://example.org/",
        "https://example.org/?#part": "https://example.org/",
        "https://example.org/?&": "https://example.org/?&",
        "https://example.org/?b=2&a=1&&": "https://example.org/?b=2&a=1&&",
        "https://example.org/?utm_source=mail": "https://example.org/",
        "https://example.org/?x=1&UTM_Term=2&fbclid=3&y": "https://example.org/?x=1&y",
        "https://example.org/?utm%5Fsource=mail": "https://example.org/?utm%5Fsource=mail",
        "https://example.org/?utm=1&ref=2&ref_src=3": "https://example.org/?utm=1&ref=2",
        "https://example.org/C++": "https://example.org/C++",
        "https://example.org/?q=C%23": "https://example.org/?q=C%23",
        "https://bücher.example/straße": "https://xn--bcher-kva.example/stra%C3%9Fe",
        "https://例え.example/机器学习": "https://xn--r8jz45g.example/%E6%9C%BA%E5%99%A8%E5%AD%A6%E4%B9%A0",
        "https://example.org/عربي": "https://example.org/%D8%B9%D8%B1%D8%A8%D9%8A",
        "http://[2001:DB8::1]/": "http://[2001:db8::1]/",
    }
    return [
        *_canonical("TH-5", pairs),
        *_no_thing(
            "TH-5",
            ["http://", "https://example.org:99999/", "https://exa mple.org/", "http", "https://[::1/"],
        ),
    ]


def identifier_cases() -> list[Json]:
    """DOIs, numbers of arXiv, ISBNs, people, messages, and schemes that nobody knows."""
    return [*_dois(), *_arxiv_numbers(), *_isbns(), *_names(), *_others()]


def _dois() -> list[Json]:
    pairs = {
        "doi:10.1000/ABC": "doi:10.1000/abc",
        "DOI: 10.1000/182": "doi:10.1000/182",
        "doi:\u2003 10.1000/182": "doi:10.1000/182",
        "doi:10.1000/É": "doi:10.1000/É",
        "https://doi.org/10.1000/AbC%2Fd": "doi:10.1000/abc/d",
        "http://dx.doi.org/10.1000/182#part": "doi:10.1000/182",
        "https://doi.org/10.1000/182?utm_source=mail": "doi:10.1000/182",
        "https://doi.org/10.1000/182?locatt=mode:legacy": "doi:10.1000/182",
        "https://doi.org/10.1002/a%3C1::b%3E2#3": "doi:10.1002/a<1::b>2",
        "https://doi.org/10.1000/%FF": "https://doi.org/10.1000/%FF",
        "https://doi.org/10.1000/a%20b": "https://doi.org/10.1000/a%20b",
        "https://doi.org/10.1000/a%00": "https://doi.org/10.1000/a%00",
        "https://doi.org/help": "https://doi.org/help",
        "https://doi.org.example/10.1000/1": "https://doi.org.example/10.1000/1",
    }
    bad = ["doi:", "doi:11.1000/1", "doi:10.100/1", "doi:10.1000/", "doi:10.1000/a b", "doi:10.١٢٣٤/1"]
    bad += ["doi:10.1000/" + "a" * 2_037]
    return [*_canonical("TH-6", pairs), *_no_thing("TH-6", bad)]


def _arxiv_numbers() -> list[Json]:
    pairs = {
        "arXiv:1706.03762v5": "arxiv:1706.03762",
        "arXiv: 1706.03762v12": "arxiv:1706.03762",
        "arxiv:1706.03762v0": "arxiv:1706.03762",
        "arxiv:-/9901001": "arxiv:-/9901001",
        "arxiv:0704.0001": "arxiv:0704.0001",
        "arXiv:hep-th/9901001v2": "arxiv:hep-th/9901001",
        "arxiv:cs.LG/0001001": "arxiv:cs.LG/0001001",
        "https://arxiv.org/abs/1706.03762": "arxiv:1706.03762",
        "http://www.arxiv.org/abs/hep-th/9901001#x": "arxiv:hep-th/9901001",
        "https://arxiv.org/pdf/1706.03762v5.pdf": "arxiv:1706.03762",
        "https://arxiv.org/abs/1706.03762.pdf": "arxiv:1706.03762",
        "https://www.arxiv.org/pdf/cs.LG/0001001v12": "arxiv:cs.LG/0001001",
        "https://arxiv.org:8443/abs/1706.03762": "https://arxiv.org:8443/abs/1706.03762",
        "https://arxiv.org/abs/hep-th%2F9901001": "https://arxiv.org/abs/hep-th%2F9901001",
        "https://arxiv.org/abs/1706.03762/": "https://arxiv.org/abs/1706.03762/",
        "https://arxiv.org/abs/1706.03762?context=cs": "https://arxiv.org/abs/1706.03762?context=cs",
        "https://arxiv.org/list/cs.LG/recent": "https://arxiv.org/list/cs.LG/recent",
    }
    bad = [
        "arxiv:1706.037",
        "arxiv:1706.037621",
        "arxiv:1706.03762v",
        "arxiv:HEP/9901001",
        "arxiv:١٧٠٦.03762",
    ]
    return [*_canonical("TH-7", pairs), *_no_thing("TH-7", bad)]


def _isbns() -> list[Json]:
    pairs = {
        "isbn:0-306-40615-2": "isbn:9780306406157",
        "ISBN 0-8044-2957-X": "",
        "isbn:0-8044-2957-x": "isbn:9780804429573",
        "isbn:978 0 306 40615 7": "isbn:9780306406157",
        "ISBN: 0-306-40615-2": "isbn:9780306406157",
        "isbn:9791034300006": "isbn:9791034300006",
    }
    bad = [given for given, thing in pairs.items() if not thing]
    bad += ["isbn:0-306-40615-3", "isbn:9780306406158", "isbn:978030640615", "isbn:030640615", "isbn:"]
    bad += ["isbn:0\u2011306\u201140615\u20112", "isbn:978\u00a00306406157"]
    bad += ["isbn:4006381333931", "isbn:X306406152", "isbn:٠306406152"]
    return [
        *_canonical("TH-8", {given: thing for given, thing in pairs.items() if thing}),
        *_no_thing("TH-8", bad),
    ]


def _names() -> list[Json]:
    short = "hedgerow:" + base58(ids(1)[0][:31])
    good = {PERSON: PERSON, PERSON.replace("did", "DID"): PERSON, MESSAGE: MESSAGE, f" {MESSAGE}\t": MESSAGE}
    good |= {one.replace(":", ": ", 1): one for one in (PERSON, MESSAGE)}
    bad = [PERSON + "a", "did:web:example.org", "did:KEY:" + PERSON.removeprefix("did:key:"), "did:key:z6Mk"]
    return [
        *_canonical("TH-4", good),
        *_no_thing("TH-4", [*bad, short, MESSAGE + "1", "hedgerow:", "hedgerow:0"]),
    ]


def _others() -> list[Json]:
    pairs = {"urn:nbn:de:101:1-2019": "urn:nbn:de:101:1-2019", " tag:机器学习 ": "tag:机器学习", "a:B": "a:B"}
    bad = ["", " ", "example.org", "URN:nbn:de", "urn:a b", "urn:", "两:a", "a" * 2_046 + ":bc"]
    return [*_canonical("TH-4", pairs), *_no_thing("TH-4", bad)]


def topic_cases() -> list[Json]:
    """Topics in several scripts, with the folded words."""
    rows = [
        ("topic:C++", "c++", "topic:c%2B%2B"),
        ("topic:c%2b%2b", "c++", "topic:c%2B%2B"),
        ("topic:C#", "c#", "topic:c%23"),
        ("TOPIC:  Türkçe   Dersleri ", "türkçe dersleri", "topic:t%C3%BCrk%C3%A7e%20dersleri"),
        ("topic:Tu\u0308rkc\u0327e", "türkçe", "topic:t%C3%BCrk%C3%A7e"),
        ("topic:İstanbul", "i̇stanbul", "topic:i%CC%87stanbul"),
        ("topic:Straße", "strasse", "topic:strasse"),
        ("topic:عربي", "عربي", "topic:%D8%B9%D8%B1%D8%A8%D9%8A"),
        ("topic:机器学习", "机器学习", "topic:%E6%9C%BA%E5%99%A8%E5%AD%A6%E4%B9%A0"),
        ("topic:ＡＩ\u3000ﬁrst", "ai first", "topic:ai%20first"),
        ("topic:ΟΔΟΣ", "οδοσ", "topic:%CE%BF%CE%B4%CE%BF%CF%83"),
        ("topic:50%", "50%", "topic:50%25"),
        ("topic:a%2Fb", "a/b", "topic:a%2Fb"),
        ("topic:a-b_c.d~e", "a-b_c.d~e", "topic:a-b_c.d~e"),
        ("topic:a\tb%0Ac", "a b c", "topic:a%20b%20c"),
        ("topic:%FF", "\ufffd", "topic:%EF%BF%BD"),
    ]
    bad = ["topic:", "topic:  ", "topic:%20", "topic:a%00", "topic:a%1B[m", "topic:" + "é" * 400]
    return [
        *(
            ok("TH-9", f"given {given}", given=given, words=shown(words), canonical=thing)
            for given, words, thing in rows
        ),
        *_no_thing("TH-9", bad),
    ]
