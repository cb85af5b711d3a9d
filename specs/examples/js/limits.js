// The numbers of the protocol that this implementation uses, by their names in 12-limits.md.

export const MAX_UINT = Number.MAX_SAFE_INTEGER;
export const MAX_DEPTH = 8;
export const MAX_ARRAY = 1024;

export const MAX_HEADER = 512;
export const MAX_BODY = 32_768;
export const MAX_CONTROL_BODY = 4096;
export const MAX_MESSAGE = 33_408;
export const MAX_REPLACES = 4;
export const MAX_TOPICS = 16;
export const MAX_TOPIC = 128;
export const MAX_REFS = 64;
export const MAX_EXTRA = 16;
export const NONCE = 16;
export const MAX_TARGETS = 64;
export const MAX_STEPS = 200;
export const MAX_LINEAGE = 16;
export const TRAIL_SLOT = 16;
export const MAX_RECEIPT = 512;

export const MAX_THING = 2048;
export const MAX_TITLE = 1024;
export const MAX_SUMMARY = 8192;
export const MAX_TEXT = 16_384;
export const MAX_NAME = 256;
export const MAX_WORD = 64;
export const MAX_WORDS = 16;
export const MAX_MINUTES = 10_000_000;

export const MAX_DEVICES = 32;
export const MAX_CUT_TIPS = 8;
export const MAX_LOG_ENTRIES = 1024;
export const MAX_BRANCHES = 16;
export const MAX_LATER_ENTRIES = 64;

export const MAX_INVITE = 8192;
export const MAX_ADDRESS = 2048;
export const MAX_INVITE_ADDRESSES = 4;
export const MAX_INVITE_FOLLOWS = 64;
export const INVITE_TOKEN = 16;

export const MAX_NOISE_MESSAGE = 65_535;
export const MAX_CHUNK = 65_518;
export const MAX_FRAME = 262_144;
export const MAX_FRAME_BEFORE_AUTHENTICATION = 4096;
export const REKEY_AFTER = 65_536;
export const MAX_AGENT = 64;
export const CERTIFICATE_DAYS = 30;
export const CERTIFICATE_CLOCK_SKEW = 600;
export const SECONDS_PER_DAY = 86_400;
export const LINK_VERSION = 1;
export const FEATURES = 8;
export const LINK_SECRET = 16;
export const MAX_SUBPROTOCOLS = 16;
export const MAX_SUBPROTOCOL = 64;

export const MAX_FILTER = 160_512;
export const MAX_FILTER_AUTHORS = 5000;
export const HEADS_AUTHORS = 256;
export const MAX_HEADS = 1000;
export const MAX_HEADERS = 1000;
export const MAX_FILTER_KINDS = 64;

export const FINGERPRINT_SIZE = 16;
export const INFINITE_TIMESTAMP = 2 ** 32;
export const RECONCILIATION_VERSION = 0x61;
export const RECONCILIATION_VERSIONS = [0x60, 0x6f];
export const RECONCILIATION_BUCKETS = 16;
export const RECONCILIATION_SPLIT = 32;
export const MAX_RECONCILIATION_MESSAGE = 196_608;
export const MAX_RECONCILIATION_ANSWER = 1_048_576;
export const FRAME_LIMIT_RESERVE = 200;

export const MAX_ADDRESS_RECORD = 1024;
export const MAX_RECORD_ADDRESSES = 8;
export const MAX_ADDRESS_LIFE = 1_209_600;
export const MAX_ADDRESS_LABEL = 128;
export const MAX_FRAME_RECORDS = 200;
export const MAX_NODE_LIST = 81_920;
export const MAX_LISTED_NODES = 64;

export const MAX_FRAME_MESSAGES = 256;
export const MAX_ERROR_TEXT = 256;
export const ANSWER_FRAME = 49_152;
export const MAX_ANSWER = 524_288;
export const MAX_SESSIONS = 2;
export const MAX_ROUNDS = 64;
export const MAX_SUBSCRIPTIONS = 8;
export const MAX_SINCE_STEPS = 8;
export const RANGE_MESSAGES = 2000;
export const BULK_SHARE = 10;
export const BUSY_RETRY = 5;
export const CONFIRM_AFTER = 1;
export const MAX_CONFIRMATIONS = 3;
export const PROGRESS_TIMEOUT = 30;
