"""The tables of the books; instants are texts of one fixed width (see `books.stamp`) and sort as time does."""

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS customers (
    customer_id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL UNIQUE,
    company TEXT NOT NULL,
    domain TEXT NOT NULL,
    country TEXT NOT NULL,
    segment TEXT NOT NULL,
    relationship TEXT NOT NULL,
    is_consented INTEGER NOT NULL,
    has_agreement INTEGER NOT NULL,
    details TEXT NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS customers_by_company ON customers (company);

CREATE TABLE IF NOT EXISTS products (
    product_id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    product_type TEXT NOT NULL,
    publisher TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS skus (
    product_id TEXT NOT NULL,
    sku_id TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    provisioning_id TEXT NOT NULL,
    part_number TEXT NOT NULL,
    applies_to TEXT NOT NULL,
    minimum INTEGER NOT NULL,
    maximum INTEGER NOT NULL,
    is_trial INTEGER NOT NULL,
    is_addon INTEGER NOT NULL,
    is_on_sale INTEGER NOT NULL,
    prerequisites TEXT NOT NULL,
    upgrades TEXT NOT NULL,
    plans TEXT NOT NULL,
    service_plans TEXT NOT NULL,
    traits TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (product_id, sku_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS skus_by_provisioning_id ON skus (provisioning_id);

CREATE TABLE IF NOT EXISTS availabilities (
    product_id TEXT NOT NULL,
    sku_id TEXT NOT NULL,
    segment TEXT NOT NULL,
    availability_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (product_id, sku_id, segment)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS promotions (promotion_id TEXT PRIMARY KEY, country TEXT NOT NULL, segment TEXT NOT NULL,
    document TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS subscriptions (
    subscription_id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    owner_tenant_id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    sku_id TEXT NOT NULL,
    availability_id TEXT NOT NULL,
    offer_name TEXT NOT NULL,
    friendly_name TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    term TEXT NOT NULL,
    billing_cycle TEXT NOT NULL,
    status TEXT NOT NULL,
    suspension_reasons TEXT NOT NULL,
    is_auto_renew INTEGER NOT NULL,
    is_trial INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    term_started_at TEXT NOT NULL,
    term_ends_at TEXT NOT NULL,
    anchored_on TEXT NOT NULL,
    state_since TEXT NOT NULL,
    cancellable_until TEXT,
    scheduled TEXT,
    next_charge TEXT,
    promotion_id TEXT NOT NULL,
    partner_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    updates INTEGER NOT NULL,
    visible_from TEXT NOT NULL,
    shadow_until TEXT,
    shadow_kind TEXT NOT NULL,
    shadow TEXT,
    shadow_reads INTEGER NOT NULL,
    next_due_at TEXT,
    coterm_on TEXT,
    extended_from TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS subscriptions_by_tenant ON subscriptions (tenant_id, created_at);
CREATE INDEX IF NOT EXISTS subscriptions_by_due ON subscriptions (next_due_at);

CREATE TABLE IF NOT EXISTS transitions (
    operation_id TEXT PRIMARY KEY,
    subscription_id TEXT NOT NULL,
    asked TEXT NOT NULL,
    events TEXT NOT NULL,
    stage TEXT NOT NULL,
    failure TEXT NOT NULL,
    next_at TEXT,
    request_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS transitions_by_subscription ON transitions (subscription_id);
CREATE INDEX IF NOT EXISTS transitions_running ON transitions (stage) WHERE stage = 'conversion';
CREATE INDEX IF NOT EXISTS transitions_by_due ON transitions (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS promotion_uses (
    use_id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id TEXT NOT NULL,
    promotion_key TEXT NOT NULL,
    seats INTEGER NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS promotion_uses_by_tenant ON promotion_uses (tenant_id, promotion_key);

CREATE TABLE IF NOT EXISTS seat_batches (
    batch_id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription_id TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    added_at TEXT NOT NULL,
    until TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS seat_batches_by_subscription ON seat_batches (subscription_id, added_at);

CREATE TABLE IF NOT EXISTS pool_history (
    entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription_id TEXT NOT NULL,
    effective_at TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    status TEXT NOT NULL,
    product_id TEXT NOT NULL,
    sku_id TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS pool_history_by_subscription ON pool_history (subscription_id, effective_at, entry_id);

CREATE TABLE IF NOT EXISTS carts (
    cart_id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL,
    status TEXT NOT NULL,
    lines TEXT NOT NULL,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    result TEXT
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL,
    billing_cycle TEXT NOT NULL,
    currency TEXT NOT NULL,
    transaction_type TEXT NOT NULL,
    lines TEXT NOT NULL,
    created_at TEXT NOT NULL,
    listed_at TEXT NOT NULL,
    provisioned_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (customer_id, created_at);

CREATE TABLE IF NOT EXISTS replays (
    request_id TEXT PRIMARY KEY,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS effects (
    effect_id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    face TEXT NOT NULL,
    kind TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    request_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    before TEXT,
    after TEXT
);

CREATE TABLE IF NOT EXISTS calls (
    call_id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    face TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    status INTEGER,
    request_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    fault TEXT NOT NULL,
    is_replay INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS fault_rules (
    rule_id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL,
    matched INTEGER NOT NULL,
    fired INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS fault_counts (kind TEXT PRIMARY KEY, fired INTEGER NOT NULL) WITHOUT ROWID;
"""

# Columns that books of an earlier version lack.
ADDED_COLUMNS = (
    ("skus", "traits", "TEXT NOT NULL DEFAULT '{}'"),
    ("subscriptions", "coterm_on", "TEXT"),
    ("subscriptions", "extended_from", "TEXT NOT NULL DEFAULT ''"),
)
