"""Every number of the protocol, with its unit and its reason (specs/12-limits.md)."""

KIB = 1024
MIB = 1024 * KIB

# --- Encoding -------------------------------------------------------------------------------------------
MAX_UINT = 2**53 - 1
"""The largest integer that a JavaScript number holds exactly."""
MAX_DEPTH = 8
"""Nested arrays, the outermost counted as 1: nested empty containers grow 77 times in memory."""
MAX_ARRAY = 1_024
"""Items of one array."""

# --- Messages -------------------------------------------------------------------------------------------
MAX_HEADER = 512
"""Bytes of a header: the largest that the schema allows is 294."""
MAX_BODY = 32 * KIB
"""Bytes of a message body."""
MAX_CONTROL_BODY = 4 * KIB
"""Bytes of a body of the kinds 0, 1 and 80-99, which every node keeps for good."""
MAX_MESSAGE = MAX_BODY + MAX_HEADER + 128
"""Bytes of a whole message: header, signature, body and the array around them."""
MAX_REPLACES = 4
"""Earlier versions that one message may name."""
MAX_TOPICS = 16
MAX_TOPIC = 128
"""Bytes of a topic in UTF-8."""
MAX_REFS = 64
MAX_EXTRA = 16
"""Pairs in the open end of a body."""
NONCE = 16
"""Bytes of a body's nonce: an erased body of little entropy cannot be guessed from its hash."""
MAX_TARGETS = 64
"""Messages that one retraction may name."""
MAX_STEPS = 200
"""Steps of one trail; a step may be a trail."""
MAX_LINEAGE = 16
"""Versions that a trail names as those it was forked from, one after the other."""
TRAIL_SLOT = 16
"""Bytes of chance that name a trail."""
MAX_RECEIPT = 512
"""Bytes of a receipt's body: one without extra has about 110, and seeds write many."""

# --- Texts, bytes of UTF-8 ------------------------------------------------------------------------------
MAX_THING = 2_048
MAX_TITLE = 1_024
MAX_SUMMARY = 8_192
MAX_TEXT = 16_384
"""A comment or a reason."""
MAX_NAME = 256
MAX_WORD = 64
"""A level, a language, a resource type: words from an open list."""
MAX_WORDS = 16
"""How many of them, and how many names of authors."""
MAX_MINUTES = 10_000_000

# --- Identity -------------------------------------------------------------------------------------------
MAX_DEVICES = 32
MAX_CUT_TIPS = 8
MAX_BRANCHES = 16
"""Open branches of one identity log; whoever has more leaves the sets."""
MAX_LATER_ENTRIES = 64
"""Entries of one log with operations that this revision does not know."""
MAX_ENTRIES_HELD = 2_304
"""Entries of one author that are kept: those that belong to the log, at most 1,089, and as many beside them."""
MAX_STRANGERS = 4_096
"""Entries of all authors together that keys signed which no log names: about 4 MB."""
UNDECIDED_SECONDS = 30 * 86_400
"""How long a message of a removed device is kept aside while links are missing that would decide on it."""
CERTIFICATE_DAYS = 30
"""Longest life of a certificate for a Noise key."""

# --- Invites --------------------------------------------------------------------------------------------
MAX_INVITE = 8 * KIB
MAX_INVITE_ADDRESSES = 4
MAX_INVITE_FOLLOWS = 64
MAX_ADDRESS = 2_048
"""Bytes of an address to meet at."""
INVITE_TOKEN = 16
"""Secret bytes of an invite."""
LINK_SECRET = 16
"""Secret bytes of the code that links a device."""

# --- Links ----------------------------------------------------------------------------------------------
MAX_NOISE_MESSAGE = 65_535
MAX_NOISE_PLAINTEXT = MAX_NOISE_MESSAGE - 16
MAX_FRAME = 256 * KIB
"""Bytes of one reassembled frame."""
MAX_FRAME_BEFORE_AUTHENTICATION = 4 * KIB
REKEY_AFTER = 2**16
"""Noise messages in one direction, after which it takes a new key."""
MAX_AGENT = 64
HELLO_TIMEOUT = 10.0
HANDSHAKE_TIMEOUT = 20.0
"""Seconds from the opened connection to the authenticated link."""
MAX_LOG_ENTRIES = 1_024
"""Entries of one author's identity log."""

# --- Handshake and channel ------------------------------------------------------------------------------
CERTIFICATE_CLOCK_SKEW = 600
"""Seconds by which two honest clocks may differ when a certificate is judged."""
SECONDS_PER_DAY = 86_400
LINK_VERSION = 1
"""The version of the frames on a link that this code speaks."""
FEATURES = 8
"""Bytes of the feature bits in a hello."""
MAX_SUBPROTOCOLS = 16
"""WebSocket subprotocols that a dialler may offer."""
MAX_SUBPROTOCOL = 64
"""Bytes of the name of one."""
MAX_CHUNK = MAX_NOISE_PLAINTEXT - 1
"""Bytes of a frame that one Noise message carries beside the byte that says more or last."""

# --- Filters --------------------------------------------------------------------------------------------
MAX_FILTER_AUTHORS = 5_000
MAX_FILTER_KINDS = 64
MAX_AUTHOR_PARTS = 64
"""Parts of a list of all authors whom a node shows to everyone: 320,000 authors, 10 MB of keys."""

# --- Reconciliation -------------------------------------------------------------------------------------
ID_SIZE = 32
"""Bytes of a message id."""
ID_MODULUS = 2 ** (8 * ID_SIZE)
"""Sums of ids are taken modulo this."""
FINGERPRINT_SIZE = 16
"""Bytes of a set's fingerprint."""
MAX_TIMESTAMP = 2**32 - 1
"""The highest `ts` of a message, in Unix seconds: 2106."""
INFINITE_TIMESTAMP = MAX_TIMESTAMP + 1
"""The bound above every item; it has an encoding of its own on the wire."""
RECONCILIATION_VERSION = 0x61
"""The first byte of a message of Negentropy V1."""
RECONCILIATION_VERSIONS = range(0x60, 0x70)
"""First bytes that stand for some version of Negentropy."""
RECONCILIATION_BUCKETS = 16
"""Parts into which a range that differs is cut."""
RECONCILIATION_SPLIT = 2 * RECONCILIATION_BUCKETS
"""Ids from which on a range is cut; a shorter one is listed."""
MAX_RECONCILIATION_MESSAGE = 192 * KIB
"""Bytes of an initiator's message, and of one part of a responder's: to fit a frame."""
MAX_RECONCILIATION_ANSWER = 1 * MIB
"""Bytes of a responder's message, which lists ids where an initiator's asks. 1,000 + 1,000 scattered among 100,000:
10 rounds at 192 KiB, 4 at this; a quarter of what may wait to be sent on a link."""
MIN_FRAME_LIMIT = 4 * KIB
"""Bytes below which a limited message could hold no whole step."""
FRAME_LIMIT_RESERVE = 200
"""Bytes kept free in a limited message: one id, two bounds and the closing fingerprint take up to 132."""
INDEX_BLOCK = 64
"""Ids for each prefix sum: one costs 76 bytes, so an item about 37 instead of 112."""
MAX_LATE_ITEMS = 1_024
"""Late items laid over a sorted index before both are packed anew: each addition costs time linear in them."""
MAX_FILTER = MAX_FILTER_AUTHORS * 32 + 512
"""Bytes of an encoded filter."""

# --- What a node no longer keeps --------------------------------------------------------------------------
MAX_SINCE_STEPS = 8
"""Times from which on one side of a subscription keeps some of its authors: each costs a bit for every author."""

# --- Frames ---------------------------------------------------------------------------------------------
MAX_FRAME_MESSAGES = 256
"""Messages, or ids of messages, in one frame."""
MAX_ERROR_TEXT = 256
"""Bytes of the words in an error frame."""
ANSWER_FRAME = 48 * KIB
"""Bytes of messages gathered into one frame of an answer: large enough to be cheap, small enough to be fair."""
MAX_ANSWER = 512 * KIB
"""Bytes of messages in a whole answer; what does not fit is asked for again."""

# --- Synchronisation ------------------------------------------------------------------------------------
MAX_SESSIONS = 2
"""Sessions open on a link at one time, as responder."""
MAX_ROUNDS = 64
"""Messages that the initiator may send in one session."""
MAX_SESSION_ITEMS = 200_000
"""Items of a set that a responder lets one session compare; a larger set is walked in windows of time."""
SPLIT_ITEMS = 187_500
"""Items of ours in the newer part of a set of ours that is too big for a session: the responder may hold some that we
lack, and need not cut it again."""
MAX_WINDOWS = 64
"""Answers *too big* that one comparison takes: a responder that always says so would never end."""
MAX_COMPARED_ITEMS = 2_000_000
"""Items that a responder lets all sessions together compare: 74 MB."""
SESSION_IDLE = 90.0
"""Seconds that a responder keeps a session in which nothing happens. Longer than PROGRESS_TIMEOUT, because the
initiator's next message may stand behind what it uploads."""
MAX_QUESTIONS = 8
"""Questions of the other side that may be under way on a link: twice its own window."""
MAX_SUBSCRIPTIONS = 8
"""Subscriptions of one side of a link."""
BULK_SHARE = 10
"""A set smaller than one part in this many of the other side's is streamed, not reconciled."""
RESUME_GAP = 1_000
"""Messages that the other side has more than we, from which on the end of the set is streamed first: a first copy that
broke off goes on where it was, at the cost of one short answer where it was something else."""
RESUME_BACK = MAX_FRAME_MESSAGES
"""The last messages that we have, before which that stream begins: a few are new, our own among them, and were not the
end of a copy."""
RANGE_MESSAGES = 2_000
"""Messages asked for by one RANGE."""
REQUEST_WINDOW = 4
"""Questions for messages under way on a link."""
CREDIT = REQUEST_WINDOW * MAX_ANSWER
"""Bytes from one link that may wait to be stored, above which nothing more is asked of it. All answers to open
questions together are half a send queue of 4 MiB, so that pushes and rounds have room beside them."""
MAX_WAITING = 32 * MIB
"""The same for all links of a node together."""
MAX_OFFERED = 65_536
"""Ids that a link keeps to fetch or to announce; beyond it the next reconciliation finds them."""
MAX_LIVE = 1_000
"""New messages waiting to be announced on a link, above which it is told to reconcile instead."""
MAX_PUSHED = 64
"""New messages pushed whole in one go; more are announced by id."""
SYNC_INTERVAL = 600.0
"""Seconds between reconciliations of a link, give or take SYNC_JITTER of it."""
SYNC_JITTER = 0.2
BUSY_RETRY = 5.0
"""Seconds after which a session that met a busy responder is tried again."""
CONFIRM_AFTER = 1.0
"""Seconds that the other side gets to store what it was given before the sets are compared again."""
MAX_CONFIRMATIONS = 3
"""Comparisons in a row after which a link that still differs waits for the next interval."""
PING_AFTER = 30.0
"""Seconds of silence after which a link is asked for a sign of life."""
DEAD_AFTER = 90.0
"""Seconds of silence after which a link is closed."""
MIN_WAKE = 0.05
"""Seconds between two wakes, so that a deadline that has passed cannot turn into a busy loop."""
MAX_LINK_AGE = 86_400.0
"""Seconds after which a link is closed and dialled again, with fresh keys."""
PROGRESS_TIMEOUT = 30.0
"""Seconds that a question may stay open without a frame of its answer."""
FUTURE_SECONDS = 600
"""How far ahead of our clock a message's time may be; beyond it the message waits until it is due."""
MAX_REFUSED = 16_384
"""Refused ids that are remembered, so that they are not fetched again at each reconciliation."""

# --- What a peer may send unasked ------------------------------------------------------------------------
PUSH_RATE = 50.0
"""Messages a second."""
PUSH_BURST = 2_000.0
PUSH_BYTES_RATE = 1.0 * MIB
"""Bytes a second."""
PUSH_BYTES_BURST = 4.0 * MIB
FRAME_RATE = 50.0
"""Frames a second that are no answers."""
FRAME_BURST = 500.0
MAX_HEADERS = 1_000
"""Links of a chain in one answer: 330 KB."""
MAX_ENDS = 16
"""Chains of removed devices that a link is asked about after a comparison."""
HEADS_AUTHORS = 256
"""Authors whose chains one question compares."""
HEADS_QUESTIONS = 2
"""Such questions on a link after a comparison; with more authors each gets his turn."""
MAX_HEADS = 1_000
"""Heads of chains in one frame."""
MAX_HEADS_ANSWER = 16_384
"""Heads in a whole answer: every device that the logs of so many authors may name, and as many that they removed."""
ANNOUNCE_AFTER = 0.5
"""Seconds that new messages wait for others before they are announced to who wants them by id: at 50 messages a second,
one announcement takes the place of 25."""
ANNOUNCE_BATCH = 64
"""New messages above which an announcement does not wait."""
MISS_AFTER = 1.0
"""Seconds after an announcement in which the message must have come from a link that brings messages whole."""
RELAY_AFTER = 2.0
"""Seconds before we announce on one link what another brought: by then its other side has announced it to us, if it has
it. Above ANNOUNCE_AFTER and MISS_AFTER together."""
LATE_PUSHES = 3
"""Pushes in a row that others had brought before, after which a link only announces."""
PUSH_SHARE = 0.5
"""Of the two quotas, what a node itself pushes before it announces: delays on the way may squeeze messages together."""
MAX_INVALID = 20
"""Bad messages from one device within INVALID_WINDOW, after which it is cut off."""
INVALID_WINDOW = 600.0
MAX_BREACHES = 20
"""Links of one device that ended with a breach of the protocol, in the same time, after which it is kept away."""
MAX_UNKEPT = 8 * MAX_FRAME_MESSAGES
"""Ids announced, wanted and then not brought: who ceases to carry somebody owes at most REQUEST_WINDOW such frames."""
MAX_MISSES = 2 * MAX_OFFERED
"""Ids asked for that are not here: who was told of a set that then went has at most MAX_OFFERED of them to ask for."""
MAX_REPEATS = MAX_FRAME_MESSAGES
"""Messages pushed again, byte for byte, over the link over which they were pushed before."""
REPEATS_REMEMBERED = 2 * MAX_FRAME_MESSAGES
"""The last pushes of a link by which that is seen; honest ones push nothing twice."""
TALLY_SLICE = 10.0
"""Seconds that are counted together, so that a tally of INVALID_WINDOW has 60 numbers."""
BAN_SECONDS = 3_600.0
"""How long a device that was cut off stays away; doubled each time up to MAX_BAN_SECONDS."""
MAX_BAN_SECONDS = 86_400.0
MAX_RECORDS = 4_096
"""Devices that sent bad messages and are remembered; who makes device keys for free must not fill the memory."""

# --- Discovery -------------------------------------------------------------------------------------------
MAX_ADDRESS_RECORD = 1 * KIB
"""Bytes of a signed address record: every core node keeps thousands."""
MAX_RECORD_ADDRESSES = 8
"""Addresses of one node: names, IPv4 and IPv6, more than one network."""
MAX_ADDRESS_LIFE = 14 * 86_400
"""Seconds for which a record may hold: a node that is gone is forgotten after that."""
MAX_ADDRESS_LABEL = 128
"""Bytes of the name of a node."""
MAX_FRAME_RECORDS = 200
"""Records in one frame: the largest fit it."""
ADDRESS_RATE = 0.1
"""Records a second that a link may bring or be given."""
ADDRESS_BURST = 1_000.0
"""Records at once, before ADDRESS_RATE holds: a node that begins knows nobody."""
ADDRESS_LINKS = 2
"""Links to which a new record goes on: more would flood, one would be lost with that link."""
ADDRESS_NEWS = 3_600
"""Seconds by which a record of a known device must be later to be news: nobody makes a node speak of him for ever."""
FEELER_INTERVAL = 120.0
"""Seconds between two looks of a core node whether somebody it was told of is there."""
MAX_NODE_LIST = 80 * KIB
"""Bytes of a signed list of nodes, which fits a mail."""
MAX_LISTED_NODES = 64
"""Records of one list: more than anyone needs to begin with."""

# --- What an author may say live, whoever brings it -------------------------------------------------------
AUTHOR_HOUR = 120.0
"""Messages of one author in scope that are let in live in an hour: a person who reads on the way, with room."""
AUTHOR_DAY = 600.0
"""In a day."""
LIVE_SHARE = 0.5
"""Of an hour's rate, what a node passes on live at once: the rest is for what is said by hand after much was shared."""
OUTSIDER_HOUR = 60.0
"""Of one author outside of it, in an hour."""
OUTSIDER_DAY = 200.0
OUTSIDE_RATE = 1.0
"""Messages a second of authors outside the scope, all of them together, that one link may bring."""
OUTSIDE_BURST = 60.0
LATE_INTERVAL = 10.0
"""Seconds between comparisons that a link begins, or asks for, because somebody says more than is let in live."""
MAX_PACED = 8_192
"""Authors whose rate is remembered: 4 MB; the one not heard of for longest is forgotten first."""
MAX_DELAYED = 16_384
"""Ids above a rate that are remembered, to be fetched when it allows; the others are found by reconciliations."""
