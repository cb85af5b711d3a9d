"""What `/metrics` answers: a reading of the node in the text form of Prometheus."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from hedgerow_node.seed.readings import Reading

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
MESSAGES = "Messages held, by what is held of them: a header can be here without its body."
TURNED_AWAY = "What others did and was refused since the start, by the constant words of the log."

LIMITS_MET = "How often a limit was met since the start; `hedgerow limits` says what each is."


class _Collector:
    """Gives the families of one reading; the library asks it once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def collect(self) -> Iterable[Metric]:
        return _families(self._reading)


def exposed(reading: Reading) -> bytes:
    """The reading, and this process, as text."""
    registry = CollectorRegistry()
    registry.register(_Collector(reading))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


def _families(reading: Reading) -> Iterator[Metric]:
    links = GaugeMetricFamily("hedgerow_links", "Links that are open.", labels=("role", "direction", "state"))
    for labels, number in sorted(reading.links.items()):
        links.add_metric(labels, number)
    yield links
    yield _messages(reading)
    turned_away = CounterMetricFamily("hedgerow_turned_away", TURNED_AWAY, labels=("event", "why"))
    for event, why, times in reading.turned_away:
        turned_away.add_metric((event, why), times)
    yield turned_away
    limits_met = CounterMetricFamily("hedgerow_limits_met", LIMITS_MET, labels=("limit",))
    for limit, times in sorted(reading.limits_met.items()):
        limits_met.add_metric((limit,), times)
    yield limits_met
    for name, words, value in _counters(reading):
        yield CounterMetricFamily(f"hedgerow_{name}", words, value=value)
    for name, words, gauge in _gauges(reading):
        if gauge is not None:
            yield GaugeMetricFamily(f"hedgerow_{name}", words, value=gauge)


def _messages(reading: Reading) -> Metric:
    family = GaugeMetricFamily("hedgerow_messages", MESSAGES, labels=("held",))
    counts = reading.counts
    whole = counts.messages - counts.erased - counts.bodiless
    for held, number in (("whole", whole), ("withdrawn", counts.erased), ("header", counts.bodiless)):
        family.add_metric((held,), number)
    return family


def _counters(reading: Reading) -> tuple[tuple[str, str, float], ...]:
    return (
        ("delivered", "Messages of others stored since the start.", reading.delivered),
        ("published", "Messages of the seed itself stored since the start.", reading.published),
        ("received_bytes", "Bytes that came over links since these are up.", reading.bytes_in),
        ("sent_bytes", "Bytes that were put on links since these are up.", reading.bytes_out),
    )


def _gauges(reading: Reading) -> tuple[tuple[str, str, float | None], ...]:
    counts = reading.counts
    return (
        ("authors", "People of whom something is held.", counts.authors),
        ("members", "Members.", reading.members),
        ("unsearchable_messages", "Messages that wait to be searchable.", counts.unindexed),
        ("waiting_acceptances", "Acceptances kept for inviters who are away.", reading.waiting_acceptances),
        ("store_bytes", "Bytes of database and journal.", reading.store_bytes),
        ("disk_free_bytes", "Bytes free where the store lies.", reading.free_bytes),
        ("last_delivery_age_seconds", "Since something of others was last stored.", reading.since_delivery),
        (
            "oldest_contact_age_seconds",
            "Since the peer longest out of reach was reached.",
            reading.oldest_contact,
        ),
    )
